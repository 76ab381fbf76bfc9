//! What a sync costs per invoice, and how much memory it takes, for few invoices and for many.
//!
//! Both sizes are measured in turns, in one run, and compared by the median of their rounds: only
//! the ratio means anything on a shared machine.
#![expect(clippy::print_stdout, reason = "its result is what it prints")]
#![expect(clippy::integer_division, reason = "whole microseconds and percents are exact enough")]

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use postonce_tests::harness::{Place, Sandbox, sample};

/// The bounds that a run must keep.
const MEMORY_MAX_KIB: u64 = 64 * 1_024;
const RATIO_MAX_PERCENT: u128 = 120;

struct Measured {
    nanos_per_invoice: u128,
    peak_kib: u64,
}

fn main() -> Result<ExitCode> {
    let (few, many, rounds) = arguments()?;
    println!("sync of {few} and of {many} invoices, {rounds} rounds each, in turns");
    println!("{:>9} {:>14} {:>12}", "invoices", "µs / invoice", "peak KiB");
    let (mut small, mut large) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        small.push(measure(few)?);
        large.push(measure(many)?);
    }
    let (small, large) = (summary(small)?, summary(large)?);
    let percent = large.nanos_per_invoice * 100 / small.nanos_per_invoice.max(1);
    println!("median: {} µs at {few}", small.nanos_per_invoice / 1_000);
    println!("median: {} µs at {many}", large.nanos_per_invoice / 1_000);
    println!("ratio: {percent} % (at most {RATIO_MAX_PERCENT} %)");
    println!("peak memory: {} KiB (less than {MEMORY_MAX_KIB} KiB)", large.peak_kib);
    let kept = percent <= RATIO_MAX_PERCENT && large.peak_kib < MEMORY_MAX_KIB;
    println!("{}", if kept { "both bounds are kept" } else { "a bound is BROKEN" });
    Ok(if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn arguments() -> Result<(u32, u32, u32)> {
    let (mut few, mut many, mut rounds) = (1_000, 100_000, 3);
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let target = match name.as_str() {
            "--few" => &mut few,
            "--many" => &mut many,
            "--rounds" => &mut rounds,
            _ => bail!("`{name}` is not one of --few N, --many N, --rounds N"),
        };
        let value = arguments.next().with_context(|| format!("{name} needs a number"))?;
        *target = value.parse().with_context(|| format!("{name} {value}"))?;
    }
    Ok((few, many, rounds))
}

#[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
fn measure(invoices: u32) -> Result<Measured> {
    let sandbox = Sandbox::start()?;
    let place = Place::new(&sandbox)?;
    place.write("invoices.csv", sample("BENCH", invoices).as_bytes())?;
    place.run(&["import", "invoices.csv"])?.expect(0)?;
    let started = Instant::now();
    let mut sync = place.start(&["sync", "--json"])?;
    let pid = sync.child().id();
    let watch = std::thread::spawn(move || watch_memory(pid));
    let ended = sync.finish()?;
    let took = started.elapsed();
    let peak_kib = watch.join().ok().flatten().context("the memory of the sync was never seen")?;
    let posted = ended.expect(0)?.json()?["posted"].clone();
    ensure!(posted == invoices, "{posted} of {invoices} invoices were posted");
    let measured = Measured { nanos_per_invoice: took.as_nanos() / u128::from(invoices), peak_kib };
    println!("{invoices:>9} {:>14} {peak_kib:>12}", measured.nanos_per_invoice / 1_000);
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
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    peak
}

fn summary(mut rounds: Vec<Measured>) -> Result<Measured> {
    let peak_kib = rounds.iter().map(|round| round.peak_kib).max().context("no rounds")?;
    rounds.sort_by_key(|round| round.nanos_per_invoice);
    let middle = rounds.len() / 2;
    let nanos_per_invoice = rounds[middle].nanos_per_invoice;
    Ok(Measured { nanos_per_invoice, peak_kib })
}
