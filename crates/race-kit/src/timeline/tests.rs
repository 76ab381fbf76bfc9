//! Pictures of plans: each form from lines made by hand.

use std::time::Duration;

use super::Timeline;
use crate::invariant::{Invariant, Violation};
use crate::no_return::NoReturn;
use crate::plan::Plan;
use crate::record::{Lane, Line, Marks, Weight, Wire};

fn plan(text: &str) -> Plan {
    text.parse().unwrap()
}

fn line(step: u32, lane: Lane, text: &str) -> Line {
    Line {
        step,
        at: Duration::from_secs(u64::from(step) * 10),
        lane,
        text: text.to_owned(),
        weight: Weight::Telling,
        wire: None,
        rows: Vec::new(),
        lock: None,
        marks: Marks::default(),
    }
}

fn timeline(plan: &str, lines: Vec<Line>, violation: Option<Violation>) -> Timeline {
    Timeline { plan: self::plan(plan), lines, violation, no_return: None, unexpected: None }
}

const TWO: &str = "race/1 posting lock=run invoices=1 actors=cron,sync-now faults=1\n\
                   cron@3 crash\nexpect S1";

const SIX: &str = "race/1 doors lock=run invoices=2 \
                   actors=cron,person-forgets,person-forgets,reprocess,handler,later-cron faults=3";

fn posted_twice() -> Timeline {
    let mut lines = vec![
        line(1, Lane::Actor(0), "acquire: ok"),
        Line { weight: Weight::Aside, ..line(1, Lane::Actor(0), "installation") },
        Line { weight: Weight::Read, ..line(2, Lane::Actor(0), "page") },
        line(3, Lane::Actor(0), "claim INV-1: attempt 1"),
        line(4, Lane::Actor(0), "POST INV-1: http#0"),
        line(5, Lane::Actor(0), "crashes"),
        line(6, Lane::World, "time passes: 310 s"),
        line(7, Lane::Actor(1), "POST INV-1: http#1"),
        line(8, Lane::Ledger, "http#0 creates the invoice, late"),
        line(9, Lane::Ledger, "http#1 creates the invoice"),
    ];
    lines[0].lock = Some("cron".to_owned());
    lines[3].rows = vec!["INV-1 ready → claimed".to_owned()];
    lines[4].wire = Some(Wire::Leaves(0));
    lines[5].marks.fault = true;
    lines[5].lock = Some(String::new());
    lines[7].wire = Some(Wire::Leaves(1));
    lines[7].marks.no_return = true;
    lines[8].wire = Some(Wire::Lands(0));
    lines[9].wire = Some(Wire::Lands(1));
    lines[9].marks.violation = true;
    let words = "INV-1 is in the ledger 2 times".to_owned();
    let mut it = timeline(TWO, lines, Some(Violation { invariant: Invariant::S1, words }));
    it.no_return = Some(NoReturn::After(7));
    it
}

/// A long schedule in which everything matters.
fn six_actors() -> Timeline {
    let of = |step: u32| {
        let actor = usize::try_from(step % 6).unwrap();
        let mut it = line(step, Lane::Actor(actor), "POST INV-1: http#0");
        match step % 4 {
            0 => it.wire = Some(Wire::Leaves(0)),
            1 => {
                it.lane = Lane::Ledger;
                it.text = "http#0 creates the invoice; the answer is lost".to_owned();
                it.wire = Some(Wire::Lands(0));
            }
            2 => {
                it.text = "claim INV-1: refused, the invoice has moved to `claimed`".to_owned();
                it.rows = vec![
                    "INV-1 needs_human → confirmed_absent, and more than has room".to_owned(),
                    "INV-2 ready → claimed".to_owned(),
                ];
            }
            _ => it.lock = Some("person-forgets-2".to_owned()),
        }
        it
    };
    timeline(SIX, (1..=60).map(of).collect(), None)
}

/// The lines between the plan and what came of it, without the head.
fn steps(text: &str) -> Vec<&str> {
    let picture = text.split("\n\n").nth(1).unwrap();
    picture.lines().skip(1).collect()
}

#[test]
fn the_text_shows_who_did_what_and_where_it_went_wrong() {
    let expected = "    \
    race/1 posting lock=run invoices=1 actors=cron,sync-now faults=1
    cron@3 crash
    expect S1

step       s  cron                    sync-now               MYOB                              invoices               run lock
   1      10  acquire: ok             │                      │                                                        cron
   3      30  claim INV-1: attempt 1  │                      │                                 INV-1 ready → claimed
   4      40  POST INV-1: http#0 ───────────────────────────▶│
   5      50  x crashes               │                      │                                                        -
   6      60  ── time passes: 310 s ─────────────────────────────────────────────────────────
   7      70  │                       * POST INV-1: http#1 ─▶│
   8      80  │                       │                      http#0 creates the invoice, late
   9      90  │                       │                      ! http#1 creates the invoice

! S1, posted twice: INV-1 is in the ledger 2 times
It takes cron@3 crash.
* After step 7 it comes, in whatever order the actors go on.
2 of 10 calls and events are left out.
";
    assert_eq!(posted_twice().text(), expected);
}

#[test]
fn a_schedule_that_breaks_nothing_says_so() {
    let calm = timeline(
        "race/1 posting lock=run invoices=1 actors=cron faults=0",
        vec![line(1, Lane::Actor(0), "acquire: ok")],
        None,
    );
    let text = calm.text();
    assert!(text.ends_with("\n\nNothing is broken.\nIt takes nothing unusual.\n"), "{text}");
    assert!(!text.contains('!') && !text.contains('*'), "{text}");
    let svg = calm.svg();
    assert!(!svg.contains("class=\"broken\"") && !svg.contains("class=\"point\""), "{svg}");
    assert_eq!(calm.json()["violation"], serde_json::Value::Null);
}

#[test]
fn what_the_plan_does_not_do_is_told() {
    let mut it = posted_twice();
    it.unexpected = Some("`cron@9 crash` never comes up".to_owned());
    assert!(it.text().contains("\nNot as the plan says: `cron@9 crash` never comes up.\n"));
}

#[test]
fn an_invariant_that_is_broken_from_the_beginning_has_no_step() {
    let mut it = posted_twice();
    it.no_return = Some(NoReturn::FromTheBeginning);
    assert!(
        it.text().contains("\nIt comes in whatever order the actors go on, from the beginning.")
    );
    assert_eq!(it.json()["no_return"]["after_step"], 0);
}

#[test]
fn six_actors_keep_to_a_terminal_and_to_25_lines() {
    let text = six_actors().text();
    let steps = steps(&text);
    assert!(steps.len() <= 25 && steps.len() > 20, "{}\n{text}", steps.len());
    let widest = text.lines().skip(1).map(|line| line.chars().count()).max();
    assert!(widest <= Some(140), "{widest:?}\n{text}");
    for name in ["cron", "person-for…ts ", "person-for…-2 ", "reprocess", "handler", "MYOB"] {
        assert!(text.contains(name), "{name}\n{text}");
    }
    // A request leaves by an arrow, even from the lane beside the ledger's.
    let arrows = steps.iter().filter(|line| line.contains("http#0") && line.contains('▶')).count();
    let sent = steps.iter().filter(|line| line.trim_end().ends_with('▶') || line.contains("▶│"));
    assert!(arrows > 3 && sent.count() == arrows, "{text}");
    // The last step is always there.
    assert!(steps.iter().any(|line| line.trim_start().starts_with("60 ")), "{text}");
}

#[test]
fn every_number_of_actors_fits() {
    for count in 2..=6 {
        let actors = vec!["cron"; count].join(",");
        let plan = format!("race/1 posting lock=run invoices=1 actors={actors} faults=0");
        let lines = (0..count).map(|actor| line(1, Lane::Actor(actor), "claim INV-1: attempt 1"));
        let text = timeline(&plan, lines.collect(), None).text();
        for (actor, step) in steps(&text).iter().enumerate() {
            let lifelines = step.matches('│').count();
            assert!(step.contains("claim INV-1: attempt 1"), "{text}");
            // Those whose lanes the text does not cover, and MYOB's.
            assert!(lifelines >= 1 && lifelines <= count, "{actor}: {text}");
        }
    }
}

#[test]
fn what_a_plan_or_a_line_says_cannot_leave_its_place_in_the_svg() {
    let mut it = posted_twice();
    it.plan.setting.scenario = "</text><script>\"'&".to_owned();
    it.lines[0].text = "a < b && c > \u{1}d".to_owned();
    it.lines[3].rows = vec!["<b>\"INV\"".to_owned()];
    it.lines[5].lock = Some("<cron>".to_owned());
    let svg = it.svg();
    assert!(!svg.contains("<script>") && !svg.contains("<b>") && !svg.contains("<cron>"), "{svg}");
    assert!(svg.contains("&lt;/text&gt;&lt;script&gt;&quot;&#39;&amp;"), "{svg}");
    assert!(svg.contains(">a &lt; b &amp;&amp; c &gt; ?d</text>"), "{svg}");
    assert!(svg.contains(">&lt;b&gt;&quot;INV&quot;</text>"), "{svg}");
}

#[test]
fn the_svg_has_a_title_marks_of_their_own_shape_and_arrows() {
    let svg = posted_twice().svg();
    assert!(svg.contains("<title id=\"title\">Race: posting</title>"), "{svg}");
    assert!(svg.contains("<desc id=\"about\">! S1, posted twice: INV-1 is in the ledger"), "{svg}");
    assert!(svg.contains("prefers-color-scheme: dark"), "{svg}");
    let shape = |class: &str| {
        let start =
            svg.find(&format!("<path class=\"{class}\"")).unwrap_or_else(|| panic!("{svg}"));
        svg[start..].split('>').next().unwrap().split("d=").nth(1).unwrap().to_owned()
    };
    let mut shapes = vec![shape("fault"), shape("point"), shape("broken")];
    shapes.dedup();
    assert_eq!(shapes.len(), 3);
    assert_eq!(svg.matches("marker-end").count(), 2, "{svg}");
    // Tags that are opened are closed.
    for tag in ["svg", "title", "desc", "style", "defs", "marker", "text", "g"] {
        let opened =
            svg.matches(&format!("<{tag}>")).count() + svg.matches(&format!("<{tag} ")).count();
        assert_eq!(opened, svg.matches(&format!("</{tag}>")).count(), "{tag}\n{svg}");
    }
}

#[test]
fn a_request_that_never_lands_has_no_tip() {
    let mut it = posted_twice();
    it.lines[8].wire = Some(Wire::Ends(0));
    it.lines[9].wire = None;
    let svg = it.svg();
    assert_eq!(svg.matches("marker-end").count(), 0, "{svg}");
    assert_eq!(svg.matches("class=\"wire lost\"").count(), 2, "{svg}");
}

#[test]
fn the_json_has_every_line_the_plan_and_the_marks() {
    let it = posted_twice();
    let json = it.json();
    assert_eq!(json["format"], "race-timeline/1");
    assert_eq!(plan(json["plan"].as_str().unwrap()), it.plan);
    assert_eq!(json["actors"], serde_json::json!(["cron", "sync-now"]));
    assert_eq!(json["violation"]["invariant"], "S1");
    assert_eq!(json["no_return"]["after_step"], 7);
    let lines = json["lines"].as_array().unwrap();
    assert_eq!(lines.len(), it.lines.len());
    assert_eq!(
        lines[4],
        serde_json::json!({
            "step": 4, "seconds": 40, "lane": "cron", "text": "POST INV-1: http#0",
            "weight": "telling", "request": {"number": 0, "event": "leaves"},
            "rows": [], "lock": null, "marks": [],
        })
    );
    assert_eq!(lines[5]["marks"], serde_json::json!(["fault"]));
    assert_eq!(lines[5]["lock"], "");
    assert_eq!(lines[7]["marks"], serde_json::json!(["no_return"]));
    assert_eq!(lines[9]["marks"], serde_json::json!(["violation"]));
    assert_eq!(lines[9]["lane"], "MYOB");
}

#[test]
fn a_read_that_others_come_after_is_kept_before_one_that_nobody_disturbs() {
    let read =
        |step, actor| Line { weight: Weight::Read, ..line(step, Lane::Actor(actor), "page") };
    let mut lines = vec![read(1, 0), read(2, 0), read(3, 1)];
    lines.push(line(4, Lane::Actor(0), "claim INV-1: attempt 1"));
    lines.push(line(5, Lane::Actor(1), "claim INV-1: refused"));
    let it = timeline(TWO, lines, None);
    let shown: Vec<u32> = it.select(25).lines.iter().map(|line| line.step).collect();
    assert_eq!(shown, [2, 3, 4, 5]);
    assert_eq!(it.select(25).left_out, 1);
}

#[test]
fn faults_and_the_last_step_are_shown_before_anything_else() {
    let mut lines: Vec<Line> = (1..=40).map(|n| line(n, Lane::Actor(0), "claim")).collect();
    lines[20].marks.fault = true;
    let it = timeline(TWO, lines, None);
    let shown: Vec<u32> = it.select(3).lines.iter().map(|line| line.step).collect();
    assert_eq!(shown, [1, 21, 40]);
}
