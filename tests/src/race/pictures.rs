//! What a record says of a real schedule, and where its point of no return is.

use anyhow::{Context as _, Result};
use async_trait::async_trait;
use postonce_domain::{ClaimToken, Outcome};
use postonce_engine::Ports;
use postonce_ports::ledger::Receipt;
use postonce_race_kit::{
    Invariant, Lane, Line, NoReturn, Plan, Timeline, Weight, Wire, no_return, replay,
};

use super::memory::{Changed, Memory};
use super::mutants::bug::{Bug, bugged};

/// The sender looks at the clock and stalls; it is all over when it goes on.
const STALL: &str = "race/1 stall-before-the-wire lock=useless invoices=2 \
                     actors=cron,later-cron,later-cron,later-cron faults=1 repost-absent=yes \
                     two-steps=yes\ncron@18 stall\nexpect S1";

fn lines(plan: &str) -> Result<Vec<Line>> {
    let replayed = replay(&Memory, &plan.parse()?).map_err(anyhow::Error::msg)?;
    Ok(replayed.played.record.lines)
}

#[test]
fn a_move_stands_beside_the_call_that_made_it() -> Result<()> {
    let lines = lines(STALL)?;
    let moved: Vec<&Line> = lines.iter().filter(|line| !line.rows.is_empty()).collect();
    assert!(moved.len() > 6, "{moved:?}");
    for line in moved {
        let calls = ["claim ", "settle ", "sweep", "apply "];
        assert!(calls.iter().any(|call| line.text.starts_with(call)), "{line:?}");
    }
    Ok(())
}

#[test]
fn the_lock_has_its_holder_s_name_where_it_is_taken_and_freed() -> Result<()> {
    let plan = "race/1 posting lock=run invoices=1 actors=cron,cron faults=2\n\
                cron@1 switch cron-2@1\ncron-2@4 lock-lost";
    let told = lines(plan)?;
    let changes: Vec<(&str, &str)> = told
        .iter()
        .filter_map(|line| line.lock.as_deref().map(|lock| (line.text.as_str(), lock)))
        .take(4)
        .collect();
    assert_eq!(
        changes,
        [
            ("acquire: ok", "cron-2"),
            ("the server drops its run lock, untold", ""),
            ("acquire: ok", "cron"),
            ("release", ""),
        ],
        "{told:#?}"
    );
    Ok(())
}

#[test]
fn steps_rise_in_the_calm_as_well() -> Result<()> {
    let told = lines("race/1 posting lock=run invoices=1 actors=cron faults=0")?;
    assert!(told.windows(2).all(|pair| pair[0].step <= pair[1].step));
    let calm = told.iter().position(|line| line.text.starts_with("all is calm"));
    let (calm, last) = (calm.context("a calm")?, told.last().context("lines")?);
    assert!(last.step > told[calm].step + 10, "{last:?}");
    Ok(())
}

#[test]
fn one_line_of_a_step_is_the_fault() -> Result<()> {
    let mut with_others = 0;
    for nth in 1..=8 {
        let plan = "race/1 posting lock=run invoices=1 actors=cron faults=1";
        let told = lines(&format!("{plan}\ncron@{nth} unsent"))?;
        let faults: Vec<&Line> = told.iter().filter(|line| line.marks.fault).collect();
        let [fault] = faults.as_slice() else { panic!("{nth}: {faults:?}") };
        assert_eq!(fault.lane, Lane::Actor(0));
        let of_step = told.iter().filter(|line| line.step == fault.step);
        with_others += usize::from(of_step.count() > 1);
    }
    assert!(with_others > 0);
    Ok(())
}

#[test]
fn a_fault_of_a_call_that_says_nothing_is_written_down_too() -> Result<()> {
    let plan = "race/1 posting lock=run invoices=1 actors=cron faults=1 all-points=yes\n";
    // Preparing a request touches nothing that others could change, and has no line of its own.
    let place = (1..60).find_map(|nth| {
        let told = lines(&format!("{plan}cron@{nth} unsent")).ok()?;
        told.into_iter().find(|line| line.marks.fault && line.text == "unsent")
    });
    assert_eq!(place.context("no such call")?.lane, Lane::Actor(0));
    Ok(())
}

#[test]
fn the_last_line_breaks_the_invariant_and_is_the_request_s_landing() -> Result<()> {
    let told = lines(STALL)?;
    let last = told.last().context("lines")?;
    assert!(last.marks.violation);
    assert_eq!((last.lane, last.wire), (Lane::Ledger, Some(Wire::Lands(2))));
    assert_eq!(told.iter().filter(|line| line.marks.violation).count(), 1);
    let aside = told.iter().filter(|line| line.weight == Weight::Aside);
    assert!(aside.clone().count() > 3 && aside.clone().all(|line| line.rows.is_empty()));
    Ok(())
}

#[test]
fn the_point_of_no_return_is_where_the_invoice_is_freed_for_another_attempt() -> Result<()> {
    let plan: Plan = STALL.parse()?;
    let replayed = replay(&Memory, &plan).map_err(anyhow::Error::msg)?;
    let steps = replayed.played.steps;
    let point = no_return(&Memory, &plan, steps, Invariant::S1).map_err(anyhow::Error::msg)?;
    let Some(NoReturn::After(step)) = point else { panic!("{point:?}") };
    assert!(step < steps, "{step} of {steps}");
    let timeline = Timeline::new(&plan, replayed, point);
    let json = timeline.json();
    let lines = json["lines"].as_array().context("lines")?;
    let marked: Vec<_> =
        lines.iter().filter(|line| line["marks"].to_string().contains("no_return")).collect();
    assert_eq!(marked.len(), 1);
    assert_eq!(marked[0]["text"], "apply repost: moved", "{}", timeline.text());
    Ok(())
}

#[test]
fn a_plan_that_breaks_nothing_has_no_point_of_no_return() -> Result<()> {
    let plan: Plan = "race/1 posting lock=run invoices=1 actors=cron faults=0".parse()?;
    let point = no_return(&Memory, &plan, 10, Invariant::S1).map_err(anyhow::Error::msg)?;
    assert_eq!(point, None);
    Ok(())
}

#[test]
fn a_bug_that_shows_in_every_order_is_there_from_the_beginning() -> Result<()> {
    let plan: Plan =
        "race/1 posting lock=run invoices=1 actors=cron faults=0\nexpect S6".parse()?;
    let timeline = Timeline::of(&Changed(bugged::<Lies>), &plan).map_err(anyhow::Error::msg)?;
    assert_eq!(timeline.unexpected(), None);
    assert_eq!(timeline.json()["no_return"]["after_step"], 0);
    assert!(timeline.text().contains("from the beginning"), "{}", timeline.text());
    Ok(())
}

/// Whatever was sent is called rejected.
#[derive(Default)]
struct Lies;

#[async_trait]
impl Bug for Lies {
    async fn post(&self, real: &Ports, token: ClaimToken) -> Receipt {
        match real.ledger.post(token).await.outcome {
            not_sent @ Outcome::NotSent { .. } => not_sent.into(),
            Outcome::Posted { .. } | Outcome::Rejected { .. } | Outcome::InDoubt { .. } => {
                Outcome::Rejected { code: None, reason: "a lie".to_owned() }.into()
            }
        }
    }
}
