//! Two syncs at the same moment, as separate processes.

use anyhow::Result;

use crate::harness::{Place, Sandbox};

/// 412 invoices, so that neither run is through before the other has begun.
const INVOICES: u32 = 412;

#[test]
fn of_two_syncs_at_once_one_posts_everything_and_one_is_turned_away() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let place = Place::new(&sandbox)?;
    place.import("DOOR", INVOICES)?;

    let (one, other) = (place.start(&["sync", "--json"])?, place.start(&["sync", "--json"])?);
    let (mut ran, mut skipped) = (one.finish()?, other.finish()?);
    if ran.code != Some(0) {
        std::mem::swap(&mut ran, &mut skipped);
    }
    let (ran, skipped) = (ran.expect(0)?, skipped.expect(75)?);

    let result = ran.json()?;
    assert_eq!(result["status"], "ran");
    assert_eq!(result["posted"], INVOICES);
    assert_eq!(result["claimed"], INVOICES);
    let result = skipped.json()?;
    assert_eq!(result["status"], "skipped");
    assert_eq!(result["posted"], 0);
    assert_eq!(result["holder"]["trigger"], "manual");
    assert_eq!(result["holder"]["actor"], "tester");
    let pid = result["holder"]["pid"].to_string();
    assert!(skipped.stderr.contains(&pid), "the holder is not named: {}", skipped.stderr);

    let books = sandbox.books()?;
    assert_eq!(books.invoices.len(), 412);
    assert_eq!(books.duplicates, Vec::<serde_json::Value>::new());
    assert_eq!(books.posts_received, 412);
    assert_eq!(books.total_minor()?, 412 * 600);
    let pairs = place.json(&["audit", "pairs", "--json"])?;
    assert_eq!(pairs, serde_json::json!({"claims": 412, "outcomes": 412, "unpaired": []}));

    let third = place.json(&["sync", "--json"])?;
    assert_eq!((&third["claimed"], &third["posted"]), (&0.into(), &0.into()));
    assert_eq!(sandbox.books()?.posts_received, 412);
    Ok(())
}

#[test]
fn syncs_that_wait_run_one_after_the_other() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let place = Place::new(&sandbox)?;
    place.import("WAIT", 100)?;
    let first = place.start(&["sync", "--json", "--wait", "1m"])?;
    let second = place.start(&["sync", "--json", "--wait", "1m"])?;
    let (first, second) = (first.finish()?.expect(0)?.json()?, second.finish()?.expect(0)?.json()?);
    let posted = |result: &serde_json::Value| result["posted"].as_u64().unwrap_or_default();
    assert_eq!(posted(&first) + posted(&second), 100);
    assert!(posted(&first) == 100 || posted(&second) == 100, "{first} {second}");
    assert_eq!(sandbox.books()?.duplicates.len(), 0);
    Ok(())
}
