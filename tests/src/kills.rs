//! Forty syncs killed on one database, each at a place that is known.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::harness::{Guarded, Place, Sandbox, binary, wait_for};

/// Where a sync dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Point {
    BeforeClaim,
    BetweenClaimAndPost,
    /// The request has arrived, and is booked when its sender is dead already.
    InFlightUnbooked,
    /// The request is booked, and the answer under way.
    InFlightBooked,
    BetweenAnswerAndOutcome,
}

const POINTS: [Point; 5] = [
    Point::BeforeClaim,
    Point::BetweenClaimAndPost,
    Point::InFlightUnbooked,
    Point::InFlightBooked,
    Point::BetweenAnswerAndOutcome,
];

const KILLS: usize = 40;

#[test]
fn forty_kills_post_nothing_twice_and_lose_nothing() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let mut place = Place::new(&sandbox)?;
    place.short_quiet(120);
    let mut killed: BTreeMap<Point, u32> = BTreeMap::new();
    for round in 0..KILLS {
        place.import(&format!("K{round}"), 6)?;
        let point = POINTS[round % POINTS.len()];
        // The first, second or third invoice of the run to get there.
        kill_at(&sandbox, &place, point, 1 + round % 3)
            .with_context(|| format!("round {round}, {point:?}"))?;
        *killed.entry(point).or_default() += 1;
        let books = sandbox.books()?;
        ensure!(books.duplicates.is_empty(), "round {round}: {:?}", books.duplicates);
    }
    println!("killed: {killed:?}");
    ensure!(POINTS.iter().all(|point| killed.get(point) >= Some(&5)), "{killed:?}");

    // With nobody left to kill it, a last run posts what was never claimed.
    place.run(&["sync", "--json"])?.expect(0)?;
    wait_for("the requests that nobody waits for any more", || {
        let requests = sandbox.get("/sandbox/requests")?;
        let flying = requests.as_array().into_iter().flatten().any(|request| {
            request["method"] == "POST"
                && request["status"].is_null()
                && request["committed"] == false
        });
        Ok((!flying).then_some(()))
    })?;
    let before: BTreeSet<String> = sandbox.books()?.numbers().into_iter().collect();
    for _ in 0..2 {
        place.run(&["in-doubt", "check"])?;
    }
    let books = sandbox.books()?;
    let after: BTreeSet<String> = books.numbers().into_iter().collect();
    ensure!(books.duplicates.is_empty(), "{:?}", books.duplicates);
    ensure!(before == after, "asking about doubtful invoices has posted some");
    check_invoices(&place, &after)?;
    let pairs = place.json(&["audit", "pairs", "--json"])?;
    ensure!(pairs["unpaired"] == json!([]), "{pairs}");
    ensure!(pairs["claims"] == pairs["outcomes"], "{pairs}");
    Ok(())
}

/// Every invoice is posted and booked, or in doubt and not booked.
fn check_invoices(place: &Place, booked: &BTreeSet<String>) -> Result<()> {
    let invoices = place.json(&["invoices", "--limit", "1000", "--json"])?;
    let invoices = invoices.as_array().context("a list")?;
    ensure!(invoices.len() == KILLS * 6, "{} invoices", invoices.len());
    let mut in_doubt = 0;
    for invoice in invoices {
        let number = invoice["number"].as_str().context("a number")?;
        match invoice["state"].as_str() {
            Some("posted") => ensure!(booked.contains(number), "{number} is not booked"),
            Some("in_doubt") => {
                ensure!(!booked.contains(number), "{number} was booked and not adopted");
                in_doubt += 1;
            }
            other => anyhow::bail!("{number} is {other:?}: {invoice}"),
        }
    }
    println!("{} posted, {in_doubt} in doubt", invoices.len() - in_doubt);
    ensure!(in_doubt > 0, "no kill left a doubt, so nothing was shown");
    Ok(())
}

fn kill_at(sandbox: &Sandbox, place: &Place, point: Point, nth: usize) -> Result<()> {
    let hold = match point {
        Point::BeforeClaim => "before_claim",
        Point::BetweenClaimAndPost => "after_claim",
        Point::BetweenAnswerAndOutcome => "before_settle",
        Point::InFlightUnbooked => return kill_in_flight(sandbox, place, "delay", 2_000),
        Point::InFlightBooked => return kill_in_flight(sandbox, place, "commit_then_drop", 60_000),
    };
    let marker = place.path().join("held");
    drop(std::fs::remove_file(&marker));
    let mut command = place.command(&binary("POSTONCE_HELD_BIN")?, &["sync"]);
    command.env("HOLD_AT", format!("{hold}:{nth}")).env("HOLD_FILE", &marker);
    let mut sync = Guarded::start(&mut command)?;
    wait_for(hold, || {
        ensure!(sync.child().try_wait()?.is_none(), "the sync ended before it was held");
        Ok(marker.exists().then_some(()))
    })?;
    sync.kill().map(drop)
}

/// The sandbox keeps one answer back; the sync dies while it waits for it.
fn kill_in_flight(sandbox: &Sandbox, place: &Place, action: &str, delay_ms: u32) -> Result<()> {
    let newest = |requests: &Value| {
        requests.as_array().and_then(|all| all.last()?["seq"].as_u64()).unwrap_or_default()
    };
    let before = newest(&sandbox.get("/sandbox/requests")?);
    sandbox.fault(json!({"action": action, "delay_ms": delay_ms}))?;
    let mut sync = place.start(&["sync"])?;
    let booked = action == "commit_then_drop";
    wait_for("a POST without an answer", || {
        ensure!(sync.child().try_wait()?.is_none(), "the sync ended before it was killed");
        let requests = sandbox.get("/sandbox/requests")?;
        let found = requests.as_array().into_iter().flatten().any(|request| {
            request["seq"].as_u64() > Some(before)
                && request["method"] == "POST"
                && request["path"].as_str().is_some_and(|path| path.contains("/Sale/Invoice/"))
                && request["status"].is_null()
                && request["committed"] == booked
        });
        Ok(found.then_some(()))
    })?;
    sync.kill()?;
    sandbox.clear_faults()
}
