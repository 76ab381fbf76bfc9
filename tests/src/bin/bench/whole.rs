//! A sync by the whole binary against the sandbox: what it costs per invoice, and how much memory
//! it takes, for few invoices and for many.
//!
//! Both sizes are measured in turns, and compared by the median of their rounds.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use postonce_tests::harness::{Place, Sandbox, sample};

use crate::figures::{Stopwatch, median, percent};
use crate::mariadb::MariaDb;
use crate::settings::{Kind, Settings};
use crate::verdict::Verdict;

/// How often each size is measured.
const ROUNDS: u32 = 3;

/// The bounds that a run must keep.
const MEMORY_MAX_KIB: u64 = 64 * 1_024;
const RATIO_MAX_PERCENT: u128 = 120;

struct Measured {
    each: Duration,
    peak_kib: u64,
}

pub(crate) fn measure(settings: &Settings, verdict: &mut Verdict) -> Result<()> {
    for database in &settings.databases {
        match database {
            Kind::Sqlite => on("SQLite", settings, verdict, &mut |sandbox| Place::new(sandbox))?,
            Kind::MariaDb => {
                let server = MariaDb::start()?;
                println!("{}", server.words()?);
                // Kept until all is measured, so that no table is dropped meanwhile.
                let mut databases = Vec::new();
                on("MariaDB", settings, verdict, &mut |sandbox| {
                    let database = server.empty()?;
                    let place = Place::at(&database.url(), sandbox);
                    databases.push(database);
                    place
                })?;
            }
        }
    }
    Ok(())
}

fn on(
    name: &str,
    settings: &Settings,
    verdict: &mut Verdict,
    place: &mut dyn FnMut(&Sandbox) -> Result<Place>,
) -> Result<()> {
    let (few, many, rounds) = (settings.few, settings.many, settings.rounds.unwrap_or(ROUNDS));
    println!("{name}: sync of {few} and of {many} invoices, {rounds} rounds each, in turns");
    println!("{:>9} {:>14} {:>12}", "invoices", "µs / invoice", "peak KiB");
    let (mut small, mut large) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        small.push(once(few, place)?);
        large.push(once(many, place)?);
    }
    let peak_kib = large.iter().map(|it| it.peak_kib).max().unwrap_or(u64::MAX);
    let each = |rounds: &[Measured]| median(rounds.iter().map(|it| it.each).collect());
    let (small, large) = (each(&small), each(&large));
    let ratio = percent(large, small);
    println!("median: {} µs at {few}, {} µs at {many}", small.as_micros(), large.as_micros());
    let words = format!("{name}: {ratio} % as much per invoice (≤ {RATIO_MAX_PERCENT} %)");
    verdict.bound(ratio <= RATIO_MAX_PERCENT, &words);
    let words = format!("{name}: peak memory {peak_kib} KiB (< {MEMORY_MAX_KIB} KiB)");
    verdict.bound(peak_kib < MEMORY_MAX_KIB, &words);
    Ok(())
}

fn once(invoices: u32, place: &mut dyn FnMut(&Sandbox) -> Result<Place>) -> Result<Measured> {
    let sandbox = Sandbox::start()?;
    let place = place(&sandbox)?;
    place.write("invoices.csv", sample("BENCH", invoices).as_bytes())?;
    place.run(&["import", "invoices.csv"])?.expect(0)?;
    let stopwatch = Stopwatch::start();
    let mut sync = place.start(&["sync", "--json"])?;
    let pid = sync.child().id();
    let watch = std::thread::spawn(move || watch_memory(pid));
    let ended = sync.finish()?;
    let took = stopwatch.stop().wall;
    let peak_kib = watch.join().ok().flatten().context("the memory of the sync was never seen")?;
    let posted = ended.expect(0)?.json()?["posted"].clone();
    ensure!(posted == invoices, "{posted} of {invoices} invoices were posted");
    let measured = Measured { each: took / invoices, peak_kib };
    println!("{invoices:>9} {:>14} {peak_kib:>12}", measured.each.as_micros());
    Ok(measured)
}

/// The kernel's own high-water mark, looked at until the process is gone.
#[expect(clippy::disallowed_methods, reason = "looks again every few milliseconds")]
fn watch_memory(pid: u32) -> Option<u64> {
    let mut peak = None;
    while let Ok(status) = std::fs::read_to_string(format!("/proc/{pid}/status")) {
        let mark = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let Some(mark) = mark.and_then(|text| text.trim().strip_suffix(" kB")?.parse().ok()) else {
            break;
        };
        peak = Some(mark);
        std::thread::sleep(Duration::from_millis(5));
    }
    peak
}
