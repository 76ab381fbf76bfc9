//! Scans that are killed, stopped, or made twice at once: the same is found as by one that was not.

use std::io::Read as _;

use anyhow::{Context as _, Result, ensure};
use rustix::process::Signal;
use serde_json::{Value, json};

use super::{YEAR, fill, groups, pages};
use crate::harness::{Guarded, Place, Sandbox, wait_for};
use crate::old_month::FILE;

const SCAN: [&str; 3] = ["duplicates", FILE, "--json"];

/// Enough for several pages, and what is there twice of it.
const COUNT: u32 = 4_500;
const TWICE: usize = 90;

/// Books that take their time over each page.
pub(crate) fn slow_books() -> Result<Sandbox> {
    let sandbox = Sandbox::start()?;
    fill(&sandbox, COUNT, YEAR, 50)?;
    let get = json!({"method": "GET", "path_prefix": "/Sale/Invoice"});
    sandbox.fault(json!({"match": get, "action": "delay", "delay_ms": 300, "times": 0}))?;
    Ok(sandbox)
}

/// What a scan finds that nobody interrupts.
fn undisturbed(sandbox: &Sandbox) -> Result<(Vec<Value>, usize)> {
    let before = pages(sandbox)?;
    let found = Place::new(sandbox)?.json(&SCAN)?;
    assert_eq!(found["group_count"], TWICE);
    Ok((groups(&found), pages(sandbox)? - before))
}

/// Begins the scan again and again, and interrupts it at each page; what it finds in the end.
fn interrupted(place: &Place, sandbox: &Sandbox, signal: Signal) -> Result<Vec<Value>> {
    let (wanted, needed) = undisturbed(sandbox)?;
    let first = pages(sandbox)?;
    for round in 1.. {
        ensure!(round < 50, "it does not come to its end");
        let before = pages(sandbox)?;
        let mut scan = place.start(&SCAN)?;
        // The second request comes when the first page is on record.
        let at_second_page = wait_for("the second page, or the end", || {
            let is_over = scan.child().try_wait()?.is_some();
            Ok((is_over || pages(sandbox)? >= before + 2).then_some(!is_over))
        })?;
        if at_second_page {
            scan.signal(signal)?;
        }
        let ended = scan.finish()?;
        if round > 1 {
            let word = "Going on with the scan";
            ensure!(ended.stderr.contains(word), "not said: {}", ended.stderr);
        }
        if !at_second_page {
            let found = ended.expect(0)?.json()?;
            ensure!(groups(&found) == wanted, "another result than without interruptions");
            ensure!(2 * round > needed, "it was interrupted {round} times, of {needed} pages");
            let all = pages(sandbox)? - first;
            ensure!(all <= needed + round, "{all} pages were read, {needed} without interruptions");
            return Ok(groups(&found));
        }
        if signal == Signal::INT {
            // At the last page the signal may come too late.
            let is_late = ended.code == Some(0) || ended.stderr.contains("before all was told");
            if is_late {
                let last = place.json(&["duplicates", FILE, "--last", "--json"])?;
                ensure!(groups(&last) == wanted, "another result than without interruptions");
                return Ok(groups(&last));
            }
            let ended = ended.expect(130)?;
            ensure!(ended.stderr.contains("the same command goes on"), "{}", ended.stderr);
        }
    }
    unreachable!("it returns or fails")
}

#[test]
fn a_scan_that_is_killed_at_every_page_finds_the_same() -> Result<()> {
    let sandbox = slow_books()?;
    killed(&Place::new(&sandbox)?, &sandbox)
}

/// Kills a scan at every page.
pub(crate) fn killed(place: &Place, sandbox: &Sandbox) -> Result<()> {
    let found = interrupted(place, sandbox, Signal::KILL)?;
    assert_eq!(found.len(), TWICE);
    Ok(())
}

#[test]
fn a_scan_that_is_stopped_at_every_page_finds_the_same() -> Result<()> {
    let sandbox = slow_books()?;
    interrupted(&Place::new(&sandbox)?, &sandbox, Signal::INT).map(drop)
}

#[test]
fn fresh_begins_anew_and_other_dates_do() -> Result<()> {
    let sandbox = slow_books()?;
    let place = Place::new(&sandbox)?;
    let leave = || -> Result<()> {
        let before = pages(&sandbox)?;
        let mut scan = place.start(&SCAN)?;
        wait_for("the third page", || Ok((pages(&sandbox)? >= before + 3).then_some(())))?;
        scan.kill().map(drop)
    };
    for further in [["--fresh", "--json"], ["--since=2025-07-01", "--json"]] {
        leave()?;
        let mut arguments = vec!["duplicates", FILE];
        arguments.extend(further);
        let ended = place.run(&arguments)?.expect(0)?;
        assert!(!ended.stderr.contains("Going on"), "{}", ended.stderr);
    }
    Ok(())
}

#[test]
fn of_two_scans_at_once_one_goes_on() -> Result<()> {
    let sandbox = slow_books()?;
    let place = Place::new(&sandbox)?;
    let both = [place.start(&SCAN)?, place.start(&SCAN)?];
    let mut codes = Vec::new();
    for scan in both {
        let ended = scan.finish()?;
        if ended.code == Some(75) {
            assert!(ended.stderr.contains("another process reads"), "{}", ended.stderr);
        } else {
            assert_eq!(ended.json()?["group_count"], TWICE);
        }
        codes.push(ended.code);
    }
    codes.sort_unstable();
    assert_eq!(codes, [Some(0), Some(75)]);
    Ok(())
}

/// A command that tells the last scan, and has more to say than a pipe holds that nobody reads.
fn telling(place: &Place, command: &str) -> Result<Guarded> {
    let mut telling =
        place.start(&[command, FILE, "--last", "--check", "--json", "--csv", "told.csv"])?;
    let stdout = telling.child().stdout.as_mut().context("stdout is piped")?;
    stdout.read_exact(&mut [0])?;
    Ok(telling)
}

#[test]
fn a_scan_that_is_put_away_while_it_is_told_is_not_taken_for_whole() -> Result<()> {
    let sandbox = Sandbox::start()?;
    fill(&sandbox, 3_000, YEAR, 5)?;
    let place = Place::new(&sandbox)?;
    place.run(&SCAN)?.expect(0)?;
    for command in ["duplicates", "parity"] {
        let telling = telling(&place, command)?;
        place.run(&SCAN)?.expect(0)?;
        let ended = telling.finish()?.expect(75)?;
        assert!(ended.stderr.contains("has finished a scan of `books` meanwhile"), "{command}");
        assert!(!place.path().join("told.csv").exists(), "{command}: no file that lacks some");
    }
    Ok(())
}

#[test]
fn what_is_told_ends_by_a_signal_too() -> Result<()> {
    let sandbox = Sandbox::start()?;
    fill(&sandbox, 3_000, YEAR, 5)?;
    let place = Place::new(&sandbox)?;
    place.run(&SCAN)?.expect(0)?;
    for command in ["duplicates", "parity"] {
        let telling = telling(&place, command)?;
        telling.signal(Signal::INT)?;
        let ended = telling.finish()?.expect(130)?;
        assert!(ended.stderr.contains("stopped before all was told"), "{}", ended.stderr);
        assert!(!place.path().join("told.csv").exists(), "{command}: no file that lacks some");
    }
    Ok(())
}

#[test]
fn a_ledger_that_fails_for_a_while_costs_no_page() -> Result<()> {
    let sandbox = Sandbox::start()?;
    fill(&sandbox, COUNT, YEAR, 50)?;
    let place = Place::new(&sandbox)?;
    let get = json!({"method": "GET", "path_prefix": "/Sale/Invoice"});
    let slowly = json!({"match": get, "action": "delay", "delay_ms": 300, "times": 3});
    let broken = json!({"match": get, "action": "error_500", "times": 0});
    sandbox.fault(slowly)?;
    let scan = place.start(&SCAN)?;
    wait_for("the second page", || Ok((pages(&sandbox)? >= 2).then_some(())))?;
    sandbox.fault(broken)?;
    let ended = scan.finish()?.expect(69)?;
    assert!(ended.stderr.contains("what was read is kept"), "{}", ended.stderr);
    sandbox.clear_faults()?;
    let ended = place.run(&SCAN)?.expect(0)?;
    assert!(ended.stderr.contains("Going on with the scan"), "{}", ended.stderr);
    assert_eq!(ended.json()?["group_count"], TWICE);
    Ok(())
}
