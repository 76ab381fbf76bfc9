//! A run that loses its lock says so, stops, and posts nothing that another run posts.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use rustix::process::Signal;

use crate::harness::{Database, Guarded, Place, Sandbox, wait_for};

const INVOICES: u32 = 60;

/// A sync at work, and the connection that has its lock.
fn at_work(place: &Place) -> Result<(Guarded, u64)> {
    place.import("LOST", INVOICES)?;
    let sync = place.start(&["sync", "--json"])?;
    let connection = wait_for("a sync at work", || {
        let holder = place.json(&["status", "--json"])?["lock"]["holder"].clone();
        let at_work = holder["done"].as_u64() > Some(0);
        Ok(holder["connection_id"].as_u64().filter(|_| at_work))
    })?;
    Ok((sync, connection))
}

fn says_that_its_lock_was_lost(sync: Guarded, place: &Place) -> Result<()> {
    sync.finish()?.expect(70)?;
    let runs = place.json(&["runs", "--json"])?;
    let lost = runs.as_array().into_iter().flatten().any(|run| run["status"] == "lock_lost");
    let abandoned = runs.as_array().into_iter().flatten().any(|run| run["status"] == "abandoned");
    ensure!(lost || abandoned, "no run has lost its lock: {runs}");
    let mended = runs.to_string().contains("sync again");
    ensure!(mended || !lost, "no word of a mend: {runs}");
    Ok(())
}

fn each_once(sandbox: &Sandbox) -> Result<()> {
    let books = sandbox.books()?;
    ensure!(books.duplicates.is_empty(), "{:?}", books.duplicates);
    let booked = u32::try_from(books.invoices.len())?;
    ensure!(booked == INVOICES, "{booked} of {INVOICES}");
    Ok(())
}

#[test]
fn a_lock_connection_that_is_killed_stops_its_run() -> Result<()> {
    let sandbox = Sandbox::slow(Duration::from_millis(100))?;
    let database = Database::new()?;
    let place = Place::on(&database, &sandbox)?;
    let (sync, connection) = at_work(&place)?;
    database.execute(&format!("KILL {connection}"))?;
    says_that_its_lock_was_lost(sync, &place)?;
    let left = INVOICES - u32::try_from(sandbox.books()?.invoices.len())?;
    ensure!(left > 0, "the run went on to its end without its lock");
    place.run(&["sync"])?.expect(0)?;
    each_once(&sandbox)
}

#[test]
fn a_host_that_stops_frees_its_lock_in_time_and_posts_nothing_when_it_wakes() -> Result<()> {
    let sandbox = Sandbox::slow(Duration::from_millis(100))?;
    let database = Database::new()?;
    let mut place = Place::on(&database, &sandbox)?;
    place.set("LOCK__TIMEOUT_SECONDS", "2");
    let (sync, connection) = at_work(&place)?;
    sync.signal(Signal::STOP)?;
    // The other one takes the lock of the sleeper, and all that it has not sent.
    let other = place.run(&["sync", "--json", "--wait", "1m"])?;
    // Invoices whose customer the sleeper was about to create are blocked for now.
    ensure!(matches!(other.code, Some(0 | 10 | 65)), "{other:?}");
    ensure!(other.json()?["posted"].as_u64().context("a count")? > 0, "{other:?}");
    sync.signal(Signal::CONT)?;
    says_that_its_lock_was_lost(sync, &place)?;
    let books = sandbox.books()?;
    ensure!(books.duplicates.is_empty(), "{:?}", books.duplicates);
    ensure!(connection > 0, "the lock was a server's");
    Ok(())
}
