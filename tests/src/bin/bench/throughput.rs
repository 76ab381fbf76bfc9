//! Invoices per second with a ledger that answers at once: the engine, a bare loop that sends the
//! same statements, and a sequential loop, in turns.

use std::num::NonZeroUsize;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::arena::{Arena, Course, Lap};
use crate::figures::{hundredths, median, micros_each, per_second, percent};
use crate::mariadb::MariaDb;
use crate::settings::{Kind, Settings};
use crate::sqlite::Sqlite;
use crate::texts;
use crate::verdict::Verdict;

/// Invoices in flight at once.
const CONCURRENCY: [usize; 3] = [1, 4, 16];

/// How often each is measured.
const ROUNDS: u32 = 5;

/// Invoices of the laps in which every statement is written down: so many that what a run sends but
/// once does not count.
const COUNTED: u32 = 2_000;

/// On MariaDB: at least so much of the bare loop and of the sequential loop, at this concurrency.
const OF_BARE: (usize, u128) = (16, 80);
const OF_SEQUENTIAL: [(usize, u128); 2] = [(1, 100), (16, 250)];

pub(crate) fn measure(settings: &Settings, verdict: &mut Verdict) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    for database in &settings.databases {
        match database {
            Kind::Sqlite => {
                println!("SQLite, a file on disk, every commit synchronised");
                runtime.block_on(on(&Sqlite, settings))?;
            }
            Kind::MariaDb => {
                let server = MariaDb::start()?;
                println!("{}", server.words()?);
                let found = runtime.block_on(on(&server, settings))?;
                bounds(&found, verdict);
            }
        }
    }
    Ok(())
}

/// Medians of one concurrency, in percent.
struct Found {
    concurrency: usize,
    of_bare: u128,
    of_sequential: u128,
}

async fn on(arena: &impl Arena, settings: &Settings) -> Result<Vec<Found>> {
    let rounds = settings.rounds.unwrap_or(ROUNDS);
    same(arena).await?;
    println!(
        "{} invoices, {rounds} rounds, in turns; medians\n\
         {:>11} {:>9} {:>9} {:>12} {:>8} {:>14} {:>12} {:>11} {:>14} {:>11}",
        settings.invoices,
        "concurrency",
        "engine/s",
        "bare/s",
        "sequential/s",
        "of bare",
        "of sequential",
        "CPU ms each",
        "ours, of it",
        "server ms each",
        "sequential"
    );
    let mut found = Vec::new();
    for concurrency in CONCURRENCY {
        let concurrency = NonZeroUsize::new(concurrency).unwrap_or(NonZeroUsize::MIN);
        let course = Course { invoices: settings.invoices, concurrency };
        let mut laps = Vec::new();
        for _ in 0..rounds {
            laps.push(Round {
                engine: arena.engine(course).await?,
                bare: arena.bare(course).await?,
                sequential: arena.sequential(course.invoices).await?,
            });
        }
        found.push(summary(course, &laps));
    }
    Ok(found)
}

struct Round {
    engine: Lap,
    bare: Lap,
    sequential: Lap,
}

fn summary(course: Course, rounds: &[Round]) -> Found {
    let Course { invoices, concurrency } = course;
    let rate =
        |of: fn(&Round) -> Duration| per_second(invoices, median(rounds.iter().map(of).collect()));
    let ratio = |of: fn(&Round) -> Duration| {
        median(rounds.iter().map(|it| percent(of(it), it.engine.took.wall)).collect())
    };
    let cpu = |of: fn(&Round) -> Duration| {
        micros_each(invoices, median(rounds.iter().map(of).collect())) / 10
    };
    let found = Found {
        concurrency: concurrency.get(),
        of_bare: ratio(|it| it.bare.took.wall),
        of_sequential: ratio(|it| it.sequential.took.wall),
    };
    println!(
        "{concurrency:>11} {:>9} {:>9} {:>12} {:>7}% {:>13}% {:>12} {:>11} {:>14} {:>11}",
        rate(|it| it.engine.took.wall),
        rate(|it| it.bare.took.wall),
        rate(|it| it.sequential.took.wall),
        found.of_bare,
        found.of_sequential,
        hundredths(cpu(|it| it.engine.took.cpu)),
        hundredths(cpu(|it| it.engine.took.cpu.saturating_sub(it.bare.took.cpu))),
        hundredths(cpu(|it| it.engine.server)),
        hundredths(cpu(|it| it.sequential.server)),
    );
    found
}

fn bounds(found: &[Found], verdict: &mut Verdict) {
    let of = |wanted| found.iter().find(|it| it.concurrency == wanted);
    let (concurrency, least) = OF_BARE;
    if let Some(Found { of_bare, .. }) = of(concurrency) {
        let words = format!("MariaDB at {concurrency}: {of_bare} % of the bare loop (≥ {least} %)");
        verdict.bound(*of_bare >= least, &words);
    }
    for (concurrency, least) in OF_SEQUENTIAL {
        let Some(Found { of_sequential, .. }) = of(concurrency) else { continue };
        let words = format!(
            "MariaDB at {concurrency}: {of_sequential} % of the sequential loop (≥ {least} %)"
        );
        verdict.bound(*of_sequential >= least, &words);
    }
}

/// Fails unless engine and bare loop send the same, by the driver's word and by the server's.
async fn same(arena: &impl Arena) -> Result<()> {
    let course = Course { invoices: COUNTED, concurrency: NonZeroUsize::MIN };
    texts::write(true);
    let (engine, bare) = (arena.engine(course).await?, arena.bare(course).await?);
    texts::write(false);
    texts::compare(&engine.texts, &bare.texts, COUNTED)?;
    for (kind, ours) in &engine.counters {
        let theirs = bare.counters.get(kind).copied().unwrap_or_default();
        let each = |count: u64| hundredths(u128::from(count) * 100 / u128::from(COUNTED));
        println!("  {kind}: {} for each invoice, the bare loop {}", each(*ours), each(theirs));
        // A twentieth of what hardly happens would be less than one page.
        let allowed = theirs.max(u64::from(COUNTED)) / 20;
        ensure!(ours.abs_diff(theirs) <= allowed, "{kind}: {ours}, and {theirs} of the bare loop");
    }
    Ok(())
}
