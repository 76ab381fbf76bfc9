//! Runs that MYOB refuses as too fast.

use anyhow::Result;
use serde_json::json;

use crate::harness::{Place, Sandbox};

/// How many requests were refused.
fn refused(sandbox: &Sandbox) -> Result<usize> {
    let requests = sandbox.get("/sandbox/requests")?;
    let requests = requests.as_array().map(Vec::as_slice).unwrap_or_default();
    Ok(requests.iter().filter(|request| request["status"] == 403).count())
}

#[test]
fn a_run_that_is_refused_again_and_again_tries_everything_and_posts_it_once() -> Result<()> {
    let sandbox = Sandbox::limited(20)?;
    let place = Place::new(&sandbox)?;
    place.import("FAST", 40)?;
    let ended = place.run(&["sync", "--json"])?;
    let result = ended.json()?;
    assert!(refused(&sandbox)? > 0, "nothing was refused");
    // Whoever has bad luck three times is left for the next run, and alone.
    let posted = result["posted"].as_u64().unwrap_or_default();
    let expected = if posted == 40 { 0 } else { 69 };
    assert_eq!(ended.code, Some(expected), "{ended:?}");
    assert!(posted >= 30, "the run went on after refusals: {ended:?}");
    assert_eq!(place.json(&["status", "--json"])?["invoices"]["ready"], 40 - posted);
    if posted < 40 {
        place.run(&["sync"])?.expect(0)?;
    }
    let books = sandbox.books()?;
    assert_eq!((books.invoices.len(), books.duplicates.len()), (40, 0));
    Ok(())
}

#[test]
fn a_share_of_the_rate_is_what_a_run_takes() -> Result<()> {
    let sandbox = Sandbox::limited(20)?;
    let mut place = Place::new(&sandbox)?;
    place.set("LEDGER__RATE_PER_SECOND", "40");
    place.set("LEDGER__RATE_SHARE_PERCENT", "40");
    place.import("SHARE", 40)?;
    place.run(&["sync", "--json"])?.expect(0)?;
    assert_eq!(refused(&sandbox)?, 0, "sixteen a second are fewer than twenty");
    Ok(())
}

#[test]
fn when_the_day_is_used_up_the_run_says_so_and_the_next_goes_on() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let place = Place::new(&sandbox)?;
    place.import("DAY", 40)?;
    sandbox.switch(&json!({"daily_limit": 50}))?;
    let ended = place.run(&["sync", "--json"])?.expect(69)?;
    assert!(ended.stderr.contains("limit of the day"), "{}", ended.stderr);
    assert!(refused(&sandbox)? <= 8, "it goes on asking: {}", refused(&sandbox)?);
    let posted = ended.json()?["posted"].as_u64().unwrap_or_default();
    let invoices = &place.json(&["status", "--json"])?["invoices"];
    assert_eq!(invoices["ready"], 40 - posted, "{invoices}");

    sandbox.switch(&json!({"daily_limit": 0}))?;
    assert_eq!(place.json(&["sync", "--json"])?["posted"], 40 - posted);
    assert_eq!(sandbox.books()?.duplicates.len(), 0);
    Ok(())
}
