//! A long run against a ledger that takes eight requests a second: how near to that it keeps, and
//! how often it is refused.

use anyhow::{Context as _, Result, ensure};
use postonce_tests::harness::{Place, Sandbox, sample};

use crate::figures::Stopwatch;
use crate::verdict::Verdict;

/// Each is looked up twice and posted: about 1,200 requests, two minutes and a half.
const INVOICES: u32 = 400;

/// What MYOB takes, by its own word.
const LIMIT: u32 = 8;

/// The least that the run must make of it, in requests in a thousand seconds.
const PER_1000_SECONDS_MIN: u128 = 7_800;

pub(crate) fn measure(verdict: &mut Verdict) -> Result<()> {
    let sandbox = Sandbox::limited(LIMIT)?;
    let mut place = Place::new(&sandbox)?;
    place.set("LEDGER__RATE_PER_SECOND", &LIMIT.to_string());
    place.write("invoices.csv", sample("RATE", INVOICES).as_bytes())?;
    place.run(&["import", "invoices.csv"])?.expect(0)?;
    let stopwatch = Stopwatch::start();
    let posted = place.run(&["sync", "--json"])?.expect(0)?.json()?["posted"].clone();
    let took = stopwatch.stop().wall;
    ensure!(posted == INVOICES, "{posted} of {INVOICES} invoices were posted");
    let requests = sandbox.get("/sandbox/requests")?;
    let requests = requests.as_array().context("a list of requests")?;
    let api = |request: &&serde_json::Value| {
        request["path"].as_str().is_some_and(|path| path.starts_with("/accountright"))
    };
    let asked: Vec<_> = requests.iter().filter(api).collect();
    let refused = asked.iter().filter(|request| request["status"] == 403).count();
    let per_1000_seconds = u128::try_from(asked.len())? * 1_000_000 / took.as_millis().max(1);
    println!(
        "{} requests in {} ms: {}.{:03} a second; {refused} refused",
        asked.len(),
        took.as_millis(),
        per_1000_seconds / 1_000,
        per_1000_seconds % 1_000
    );
    let words = "at least 7.8 requests a second where 8 are taken";
    verdict.bound(per_1000_seconds >= PER_1000_SECONDS_MIN, words);
    let minutes = usize::try_from(took.as_secs().div_ceil(60))?;
    verdict.bound(refused <= minutes, "refused at most once a minute");
    Ok(())
}
