//! Several syncs at the same moment on one database server.

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use crate::harness::{Database, Place, Sandbox};

#[test]
fn of_two_syncs_of_412_invoices_one_runs() -> Result<()> {
    one_runs(2, 412)
}

#[test]
fn of_eight_syncs_of_412_invoices_one_runs() -> Result<()> {
    one_runs(8, 412)
}

#[test]
fn of_two_syncs_of_10_000_invoices_one_runs() -> Result<()> {
    one_runs(2, 10_000)
}

#[test]
fn of_eight_syncs_of_10_000_invoices_one_runs() -> Result<()> {
    one_runs(8, 10_000)
}

/// Starts `processes` syncs of `invoices` at once: one runs, and the others are turned away with
/// its name while it is still at work.
fn one_runs(processes: usize, invoices: u32) -> Result<()> {
    let sandbox = Sandbox::start()?;
    let database = Database::new()?;
    let place = Place::on(&database, &sandbox)?;
    place.import("DOOR", invoices)?;

    let started: Result<Vec<_>> =
        (0..processes).map(|_| place.start(&["sync", "--json"])).collect();
    let ended: Result<Vec<_>> = started?.into_iter().map(crate::harness::Guarded::finish).collect();
    let (ran, skipped): (Vec<_>, Vec<_>) =
        ended?.into_iter().partition(|ended| ended.code == Some(0));
    ensure!(ran.len() == 1, "{} ran: {ran:?}", ran.len());
    let ran = ran.into_iter().next().context("one ran")?.json()?;
    assert_eq!((&ran["status"], &ran["posted"]), (&json!("ran"), &json!(invoices)));
    for skipped in skipped {
        let skipped = skipped.expect(75)?;
        let answer = skipped.json()?;
        assert_eq!((&answer["status"], &answer["posted"]), (&json!("skipped"), &json!(0)));
        ensure!(answer["holder"]["connection_id"].is_u64(), "no holder: {answer}");
        ensure!(skipped.stderr.contains("in progress"), "{}", skipped.stderr);
    }

    let books = sandbox.books()?;
    assert_eq!(books.duplicates, Vec::<serde_json::Value>::new());
    assert_eq!(books.posts_received, u64::from(invoices));
    assert_eq!(books.total_minor()?, i64::from(invoices) * 600);
    let pairs = place.json(&["audit", "pairs", "--json"])?;
    assert_eq!(pairs, json!({"claims": invoices, "outcomes": invoices, "unpaired": []}));
    Ok(())
}
