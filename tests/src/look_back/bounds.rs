//! A hundred thousand invoices, in bounded memory.

use std::fs::read_to_string;
use std::path::Path;

use anyhow::{Result, ensure};
use serde_json::json;

use super::fill;
use crate::harness::{Finished, Guarded, Place, Sandbox, binary};
use crate::old_month::FILE;

/// What the process may have for its data, in KiB; a hundred thousand documents of a few hundred
/// bytes are more.
const DATA_MAX: u32 = 65_536;

/// Runs `postonce` with so little memory for data; what it said, and the most that it had resident,
/// in KiB.
fn bounded(place: &Place, arguments: &[&str]) -> Result<(Finished, u64)> {
    let script = format!("ulimit -d {DATA_MAX}; exec \"$0\" \"$@\" >out.json");
    let mut command = place.command(Path::new("bash"), &["-c", &script]);
    // Each thread has its own memory, and machines have many.
    command.arg(binary("POSTONCE_BIN")?).args(arguments).env("TOKIO_WORKER_THREADS", "2");
    let mut running = Guarded::start(&mut command)?;
    let status = format!("/proc/{}/status", running.id());
    let mut peak = 0;
    while running.child().try_wait()?.is_none() {
        let text = read_to_string(&status).unwrap_or_default();
        let mark = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = mark.and_then(|it| it.trim().trim_end_matches(" kB").parse().ok());
        peak = peak.max(kib.unwrap_or_default());
        pause();
    }
    Ok((running.finish()?, peak))
}

#[expect(clippy::disallowed_methods, reason = "a test looks at another process now and then")]
fn pause() {
    std::thread::sleep(std::time::Duration::from_millis(10));
}

#[test]
fn a_hundred_thousand_invoices_are_scanned_in_bounded_memory() -> Result<()> {
    let sandbox = Sandbox::start()?;
    fill(&sandbox, 100_000, ("2024-01-01", "2025-12-31"), 1_000)?;
    let place = Place::new(&sandbox)?;
    let found = |name: &str| -> Result<serde_json::Value> {
        Ok(serde_json::from_str(&read_to_string(place.path().join(name))?)?)
    };
    let (ended, peak) = bounded(&place, &["duplicates", FILE, "--csv", "twice.csv", "--json"])?;
    ended.expect(0)?;
    let twice = found("out.json")?;
    assert_eq!(twice["scan"]["documents"], 100_000, "{}", twice["scan"]);
    assert_eq!(twice["group_count"], 100);
    assert_eq!(read_to_string(place.path().join("twice.csv"))?.lines().count(), 201);

    let parity = ["parity", FILE, "--last", "--csv", "all.csv", "--json"];
    let (ended, peak_of_parity) = bounded(&place, &parity)?;
    ended.expect(0)?;
    let sides = found("out.json")?;
    assert_eq!(sides["difference_count"], 100_000, "all of them are there alone");
    assert_eq!(sides["months"].as_array().map(Vec::len), Some(24));
    assert_eq!(sides["months"][0]["here"], json!({"count": 0, "total": "0.00", "unreadable": 0}));
    assert_eq!(read_to_string(place.path().join("all.csv"))?.lines().count(), 100_001);
    println!("peak resident: duplicates {peak} KiB, parity {peak_of_parity} KiB");
    ensure!(peak > 0 && peak_of_parity > 0, "the process was never seen");
    Ok(())
}
