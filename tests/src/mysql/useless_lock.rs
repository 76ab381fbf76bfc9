//! The claim, not the lock, carries the promise.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::harness::{Database, Guarded, Place, Sandbox, binary};

const INVOICES: u32 = 412;
const PROCESSES: usize = 8;
const LOST_AT_LEAST: usize = 100;

#[test]
fn with_a_lock_that_always_says_yes_nothing_is_posted_twice() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let database = Database::new()?;
    let place = Place::on(&database, &sandbox)?;
    place.import("RACE", INVOICES)?;
    let lost = place.path().join("lost");

    let held = binary("POSTONCE_HELD_BIN")?;
    let start = |_| {
        let mut command = place.command(&held, &["sync", "--json"]);
        command.env("USELESS_LOCK", "1").env("LOST_CLAIMS", &lost);
        Guarded::start(&mut command)
    };
    let started: Result<Vec<_>> = (0..PROCESSES).map(start).collect();
    let mut posted = 0;
    for process in started? {
        let ended = process.finish()?;
        // An invoice whose customer another run is creating is blocked until the next run.
        ensure!(matches!(ended.code, Some(0 | 65)), "{ended:?}");
        posted += ended.json()?["posted"].as_u64().unwrap_or_default();
    }
    let final_run = place.json(&["sync", "--json"])?;
    posted += final_run["posted"].as_u64().unwrap_or_default();
    let lost = std::fs::read_to_string(lost)?.lines().count();
    println!("{PROCESSES} processes posted {posted} invoices and lost {lost} claims");
    ensure!(lost >= LOST_AT_LEAST, "only {lost} claims were lost: the runs did not overlap");

    let books = sandbox.books()?;
    assert_eq!(books.duplicates, Vec::<serde_json::Value>::new());
    assert_eq!((books.posts_received, posted), (u64::from(INVOICES), u64::from(INVOICES)));
    let pairs = place.json(&["audit", "pairs", "--json"])?;
    assert_eq!(pairs, json!({"claims": INVOICES, "outcomes": INVOICES, "unpaired": []}));
    Ok(())
}
