//! After the chaos: later runs, until all is settled, and a look at the books.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use postonce_domain::{InvoiceState, Life, StateName};
use serde_json::json;

use super::chaos::Chaos;

/// Longer than any time between two inquiries.
const DAY: Duration = Duration::from_secs(90_000);

/// Runs that must be enough.
const RUNS: u32 = 3;

/// The exit code of a run that another keeps out.
const BUSY: i32 = 75;

/// What it came to.
pub(super) struct Settled {
    pub(super) violations: Vec<String>,
    /// Each invoice's state, by its number.
    pub(super) ends: Vec<(String, StateName)>,
    pub(super) processes: u32,
}

/// Lets days pass and runs go through until nothing is left to do, and says what is wrong then.
pub(super) fn settle(mut chaos: Chaos<'_>) -> Result<Settled> {
    chaos.clear()?;
    let setting = &chaos.script.plan.setting;
    let (mut violations, mut processes) = (Vec::new(), 0);
    for run in 1..=RUNS {
        chaos.pass(DAY)?;
        let sync = chaos.arena.run(setting, &["sync"], chaos.now)?;
        chaos.arena.run(setting, &["in-doubt", "check"], chaos.now)?;
        processes += 2;
        if run == 1 && sync.code == Some(BUSY) {
            violations.push("the first calm run finds the lock taken".to_owned());
        }
        if lives(&chaos)?.iter().all(|(_, _, life)| is_at_rest(life)) {
            break;
        }
    }
    let books = chaos.arena.sandbox.books()?;
    if !books.duplicates.is_empty() {
        violations.push(format!("posted twice: {:?}", books.duplicates));
    }
    let pairs = chaos.arena.run(setting, &["audit", "pairs", "--json"], chaos.now)?.json()?;
    processes += 1;
    if pairs["unpaired"] != json!([]) {
        violations.push(format!("claims without an outcome: {pairs}"));
    }
    let mut booked: BTreeMap<(String, String), usize> = BTreeMap::new();
    for it in &books.invoices {
        let text = |key: &str| it[key].as_str().unwrap_or_default().to_owned();
        *booked.entry((text("company_file"), text("number"))).or_default() += 1;
    }
    let mut ends = Vec::new();
    for (file, number, life) in lives(&chaos)? {
        let is_booked = booked.contains_key(&(file, number.clone()));
        violations.extend(wrong(&number, &life, is_booked));
        ends.push((number, life.state.name()));
    }
    Ok(Settled { violations, ends, processes })
}

/// Each invoice's company file and number, and where it stands.
fn lives(chaos: &Chaos<'_>) -> Result<Vec<(String, String, Life)>> {
    let ports = chaos.world.ports("monitor");
    let mut lives = Vec::new();
    for known in &chaos.known {
        let life = chaos.arena.mysql.wait(ports.store.life(known.id))?;
        let life = life.ok_or_else(|| anyhow::anyhow!("{} is gone", known.number))?;
        lives.push((known.company_file.to_string(), known.number.to_string(), life));
    }
    Ok(lives)
}

/// Whether no later run changes it.
fn is_at_rest(life: &Life) -> bool {
    let is_confirmed_absent =
        matches!(life.state, InvoiceState::InDoubt { absent_confirmed_at: Some(_), .. });
    let may_move = [StateName::Ready, StateName::Claimed, StateName::InDoubt];
    is_confirmed_absent || !may_move.contains(&life.state.name())
}

/// What must not be, of an invoice that everybody has had the time to settle.
fn wrong(number: &str, life: &Life, is_booked: bool) -> Option<String> {
    let state = life.state.name();
    let is_wrong = match state {
        StateName::Ready | StateName::Draft => !life.held,
        StateName::Claimed => true,
        StateName::Posted => !is_booked,
        StateName::Rejected | StateName::InDoubt | StateName::Blocked => is_booked,
        StateName::NeedsHuman | StateName::Forgotten => false,
    };
    let there = if is_booked { "in the books" } else { "not in the books" };
    is_wrong.then(|| format!("{number} is {state}, and {there}"))
}
