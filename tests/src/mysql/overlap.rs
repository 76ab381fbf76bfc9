//! A job that takes longer than its interval, and doors that wait for each other.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::harness::{Database, Guarded, Place, Sandbox};

/// So many starts of a job that takes about a minute, one each interval.
const STARTS: u32 = 8;
const INTERVAL: Duration = Duration::from_secs(10);

/// Four in flight, each with a few answers of half a second, take about a minute.
const INVOICES: u32 = 150;
const LATENCY: Duration = Duration::from_millis(500);

#[test]
fn a_job_that_takes_longer_than_its_interval_never_runs_twice_at_once() -> Result<()> {
    let sandbox = Sandbox::slow(LATENCY)?;
    let database = Database::new()?;
    let place = Place::on(&database, &sandbox)?;
    place.import("LONG", INVOICES)?;

    let mut started = Vec::new();
    for _ in 0..STARTS {
        started.push(place.start(&["sync", "--json"])?);
        pause(INTERVAL);
    }
    let ended: Result<Vec<_>> = started.into_iter().map(Guarded::finish).collect();
    let ended = ended?;
    let skipped = ended.iter().filter(|ended| ended.code == Some(75)).count();
    ensure!(skipped >= 3, "the job did not outlast its interval: {ended:?}");
    ensure!(ended.iter().all(|it| matches!(it.code, Some(0 | 75))), "{ended:?}");
    never_two_at_once(&place)?;
    let books = sandbox.books()?;
    assert_eq!((books.duplicates.len(), books.posts_received), (0, u64::from(INVOICES)));
    Ok(())
}

#[test]
fn a_sync_that_waits_runs_after_the_first_and_sees_its_results() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let database = Database::new()?;
    let place = Place::on(&database, &sandbox)?;
    place.import("WAIT", 200)?;
    let start = || place.start(&["sync", "--json", "--wait", "2m"]);
    let (first, second) = (start()?, start()?);
    let (first, second) = (first.finish()?.expect(0)?.json()?, second.finish()?.expect(0)?.json()?);
    let mut posted = [&first["posted"], &second["posted"]].map(|it| it.as_u64().unwrap_or(1));
    posted.sort_unstable();
    assert_eq!(posted, [0, 200]);
    never_two_at_once(&place)?;
    assert_eq!(sandbox.books()?.duplicates.len(), 0);
    Ok(())
}

/// No run began before the one before it had ended.
fn never_two_at_once(place: &Place) -> Result<()> {
    let runs = place.json(&["runs", "--json"])?;
    let mut spans: Vec<_> = runs.as_array().into_iter().flatten().map(span).collect();
    spans.sort();
    for pair in spans.windows(2) {
        ensure!(pair[0].1 <= pair[1].0, "two runs at once: {runs}");
    }
    Ok(())
}

fn span(run: &Value) -> (jiff::Timestamp, jiff::Timestamp) {
    let time = |key: &str| run[key].as_str().and_then(|text| text.parse().ok());
    let started = time("started_at").unwrap_or_default();
    (started, time("ended_at").unwrap_or(jiff::Timestamp::MAX))
}

#[expect(clippy::disallowed_methods, reason = "the interval of a scheduler is real time")]
fn pause(time: Duration) {
    let until = Instant::now() + time;
    std::thread::sleep(until.saturating_duration_since(Instant::now()));
}
