//! Every fault of the sandbox, one at a time, on a run of fifty invoices.
//!
//! What comes of each is written to `docs/faults.md`; the test fails if the file says otherwise.
//! `UPDATE_DOCS=1 cargo xtask test -- faults` writes it anew.

mod answers;

use std::fmt::Write as _;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::documents;
use crate::harness::{Place, Sandbox, wait_for};
use crate::side_by_side::side_by_side;
use crate::trail::{cell, notes_of};

const INVOICES: u64 = 50;

/// The one that meets the fault.
const STRUCK: &str = "FAULT-7";

/// What a fault on one POST (or search) leads to.
struct Expected {
    action: &'static str,
    /// How the claim that met it ends.
    claim: &'static str,
    /// Where its invoice stands when the run is over.
    state: &'static str,
    exit: i32,
    /// Whether the ledger has the invoice in the end.
    booked: bool,
}

const fn row(
    action: &'static str,
    claim: &'static str,
    state: &'static str,
    exit: i32,
    booked: bool,
) -> Expected {
    Expected { action, claim, state, exit, booked }
}

const FAULTS: [Expected; 32] = [
    row("delay", "posted", "posted", 0, true),
    row("drop", "in_doubt", "in_doubt", 10, false),
    row("commit_then_drop", "in_doubt", "in_doubt", 10, true),
    row("late_commit", "in_doubt", "in_doubt", 10, true),
    row("reset", "in_doubt", "in_doubt", 10, false),
    row("reset_committed", "in_doubt", "in_doubt", 10, true),
    row("error_500", "in_doubt", "in_doubt", 10, false),
    row("error_500_committed", "in_doubt", "in_doubt", 10, true),
    row("error_502", "in_doubt", "in_doubt", 10, false),
    row("error_502_committed", "in_doubt", "in_doubt", 10, true),
    row("gateway_timeout", "in_doubt", "in_doubt", 10, false),
    row("gateway_timeout_committed", "in_doubt", "in_doubt", 10, true),
    row("unavailable_503", "in_doubt", "in_doubt", 10, false),
    row("rate_limit", "not_sent", "posted", 0, true),
    row("too_many_429", "not_sent", "posted", 0, true),
    row("unauthorised", "not_sent", "posted", 0, true),
    row("access_denied", "not_sent", "blocked", 65, false),
    row("not_found", "not_sent", "blocked", 65, false),
    row("conflict_409", "rejected", "rejected", 65, false),
    row("reject", "rejected", "rejected", 65, false),
    row("redirect_307", "in_doubt", "in_doubt", 10, false),
    row("trickle", "in_doubt", "in_doubt", 10, true),
    row("truncate_body", "in_doubt", "in_doubt", 10, true),
    row("empty_201", "posted", "posted", 0, true),
    row("no_location_201", "in_doubt", "in_doubt", 10, true),
    row("html_error", "in_doubt", "in_doubt", 10, false),
    row("invalid_json_201", "in_doubt", "in_doubt", 10, true),
    row("wrong_uid", "posted", "needs_human", 10, true),
    row("ok_200_without_uid", "in_doubt", "in_doubt", 10, true),
    row("accepted_202", "in_doubt", "in_doubt", 10, true),
    row("hide_from_search", "posted", "posted", 0, true),
    row("search_error", "posted", "posted", 0, true),
];

#[test]
fn every_action_of_the_sandbox_is_tried() {
    let actions = postonce_myob_sandbox::fault_actions();
    let [mut known, mut tried] = [
        actions.iter().map(|it| it.name).collect::<Vec<_>>(),
        FAULTS.iter().map(|it| it.action).collect(),
    ];
    known.sort_unstable();
    tried.sort_unstable();
    assert_eq!(known, tried);
}

#[test]
fn every_fault_ends_as_the_table_says() -> Result<()> {
    const AT_ONCE: usize = 4;
    let mut table = String::from(
        "# What comes of each fault\n\n\
         One fault of the sandbox on one request of a run of fifty invoices. In every row the other\n\
         forty-nine are posted, no number is in the ledger twice, and every claim has its pair in the\n\
         audit trail. The last column is what two inquiries make of an invoice that is in doubt. Below are\n\
         [the trail of each](#what-the-trail-says) and [answers that no fault gives](#other-answers).\n\
         This page is written by the test `every_fault_ends_as_the_table_says`.\n\n\
         | fault | the claim ends | the invoice then is | exit code | in the ledger | after the inquiries |\n\
         |---|---|---|---|---|---|\n",
    );
    let mut trail = String::from(
        "\n## What the trail says\n\n\
         Of the invoice that met the fault, with `ID` for whatever is another in each run.\n\n",
    );
    for (expected, played) in FAULTS.iter().zip(side_by_side(&FAULTS, AT_ONCE, play)) {
        let (after, notes) = played.with_context(|| format!("fault {}", expected.action))?;
        let Expected { action, claim, state, exit, booked } = expected;
        let booked = if *booked { "once" } else { "no" };
        writeln!(table, "| `{action}` | {claim} | {state} | {exit} | {booked} | {after} |")?;
        writeln!(trail, "- `{action}`: {}", cell(&notes.join("; ")))?;
    }
    documents::says("faults.md", &format!("{table}{trail}{}", answers::section()?))
}

fn play(expected: &Expected) -> Result<(String, Vec<String>)> {
    let sandbox = Sandbox::start()?;
    let mut place = Place::new(&sandbox)?;
    place.short_quiet(20);
    place.import("FAULT", 50)?;
    let method = if expected.action == "search_error" { "GET" } else { "POST" };
    let matches = json!({"method": method, "number": STRUCK});
    let fault = json!({"action": expected.action, "delay_ms": 300, "match": matches});
    sandbox.fault(fault)?;
    let ended = place.run(&["sync", "--json"])?.expect(expected.exit)?;
    let result = ended.json()?;

    let count = |key: &str| result[key].as_u64().unwrap_or(u64::MAX);
    let sum = count("posted") + count("rejected") + count("not_sent") + count("in_doubt");
    ensure!(count("claimed") == sum, "claims do not add up: {result}");
    // Invoices in flight beside the one that met the fault may be not sent as well, and go again.
    let again = if expected.state == "posted" { count("not_sent") } else { 0 };
    ensure!(count("claimed") == INVOICES + again, "claims: {result}");
    match expected.claim {
        "posted" => ensure!(count("posted") == INVOICES, "claims: {result}"),
        "not_sent" => ensure!(count("not_sent") >= 1, "claims: {result}"),
        claim => ensure!(count(claim) == 1, "claims: {result}"),
    }
    let states = place.json(&["status", "--json"])?["invoices"].clone();
    let posted = if expected.state == "posted" { INVOICES } else { INVOICES - 1 };
    ensure!(states["posted"] == posted, "states: {states}");
    if expected.state != "posted" {
        ensure!(states[expected.state] == 1, "states: {states}");
    }

    sandbox.clear_faults()?;
    let booked = if expected.booked { 50 } else { 49 };
    wait_for(
        "the late document",
        || Ok((sandbox.books()?.invoices.len() >= booked).then_some(())),
    )?;
    for _ in 0..2 {
        place.run(&["in-doubt", "check"])?;
    }
    let books = sandbox.books()?;
    ensure!(books.duplicates.is_empty(), "duplicates: {:?}", books.duplicates);
    ensure!(books.invoices.len() == booked, "{} documents", books.invoices.len());
    let pairs = place.json(&["audit", "pairs", "--json"])?;
    ensure!(pairs["unpaired"] == json!([]), "pairs: {pairs}");
    Ok((after(&place, expected)?, notes_of(&place, &format!("books:{STRUCK}"))?))
}

/// What became of the invoice that met the fault.
fn after(place: &Place, expected: &Expected) -> Result<String> {
    if expected.state != "in_doubt" {
        return Ok("–".to_owned());
    }
    let doubtful = place.json(&["in-doubt", "list", "--json"])?;
    match doubtful.as_array().map(Vec::as_slice) {
        Some([]) if expected.booked => Ok("adopted, posted".to_owned()),
        Some([one]) if !expected.booked && one["absent_confirmed_at"] != Value::Null => {
            Ok("confirmed absent, kept".to_owned())
        }
        _ => anyhow::bail!("in doubt: {doubtful}"),
    }
}
