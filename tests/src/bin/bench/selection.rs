//! What it costs to find what is due, beside few and beside many posted invoices.

use anyhow::Result;
use postonce_domain::Epoch;
use postonce_ports::store::{Page, Wanted};

use crate::figures::{Stopwatch, median, percent};
use crate::fill::posted_and_ready;
use crate::mariadb::MariaDb;
use crate::settings::{Kind, Settings};
use crate::sqlite::File;
use crate::sync::{Store, file};
use crate::verdict::Verdict;
use std::time::Duration;

/// Posted invoices in the smaller database.
const FEW: u32 = 1_000;

/// Ready invoices in both.
const READY: u32 = 200;

/// How often each is measured, in turns.
const ROUNDS: u32 = 200;

/// What is found must not cost more than so much of what it costs beside few, in percent.
const MOST_PERCENT: u128 = 120;

pub(crate) fn measure(settings: &Settings, verdict: &mut Verdict) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let many = settings.posted;
    for database in &settings.databases {
        match database {
            Kind::Sqlite => runtime.block_on(async {
                let (small, large) = (File::new()?, File::new()?);
                small.fill(&posted_and_ready(FEW, READY)).await?;
                large.fill(&posted_and_ready(many, READY)).await?;
                println!("SQLite");
                compare((&small.open()?, &large.open()?), settings, verdict).await
            })?,
            Kind::MariaDb => {
                let server = MariaDb::start()?;
                runtime.block_on(async {
                    let (small, large) = (server.empty()?, server.empty()?);
                    for (database, posted) in [(&small, FEW), (&large, many)] {
                        database.fill(&posted_and_ready(posted, READY)).await?;
                        // What the server does by itself a while after so many changes.
                        database.execute("ANALYZE TABLE postonce_invoice, postonce_claim").await?;
                    }
                    println!("{}", server.words()?);
                    compare((&small.open().await?, &large.open().await?), settings, verdict).await
                })?;
            }
        }
    }
    Ok(())
}

/// What a run asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    FirstPage,
    NeverClaimed,
    Sweep,
    DueChecks,
}

impl Question {
    const ALL: [Self; 4] = [Self::FirstPage, Self::NeverClaimed, Self::Sweep, Self::DueChecks];

    fn name(self) -> &'static str {
        match self {
            Self::FirstPage => "files with work, first page of 100",
            Self::NeverClaimed => "the four oldest never claimed",
            Self::Sweep => "claims left behind",
            Self::DueChecks => "doubt to be checked",
        }
    }

    async fn ask(self, store: &impl Store) -> Result<Duration> {
        let company_file = file()?;
        let page = |wanted, limit| {
            let company_file = company_file.clone();
            store.page(Page { company_file, after: None, wanted, limit })
        };
        let watch = Stopwatch::start();
        let found = match self {
            Self::FirstPage => {
                store.files_with_work().await?;
                page(Wanted::ReadyOrBlocked, 100).await?.len()
            }
            Self::NeverClaimed => page(Wanted::NeverClaimed, 4).await?.len(),
            Self::Sweep => usize::try_from(store.sweep(&company_file, Epoch(2)).await?)?,
            Self::DueChecks => store.due(&company_file).await?.len(),
        };
        let took = watch.stop().wall;
        anyhow::ensure!(found == self.expected(), "{self:?} found {found}");
        Ok(took)
    }

    fn expected(self) -> usize {
        match self {
            Self::FirstPage => 100,
            Self::NeverClaimed => 4,
            Self::Sweep | Self::DueChecks => 0,
        }
    }
}

async fn compare<S: Store>(
    (small, large): (&S, &S),
    settings: &Settings,
    verdict: &mut Verdict,
) -> Result<()> {
    let many = settings.posted;
    println!(
        "{:>36} {:>12} {:>12} {:>8}",
        "",
        format!("µs at {FEW}"),
        format!("at {many}"),
        "ratio"
    );
    for question in Question::ALL {
        let (mut few, mut more) = (Vec::new(), Vec::new());
        for _ in 0..settings.rounds.unwrap_or(ROUNDS) {
            few.push(question.ask(small).await?);
            more.push(question.ask(large).await?);
        }
        let (few, more) = (median(few), median(more));
        let (name, ratio) = (question.name(), percent(more, few));
        println!("{name:>36} {:>12} {:>12} {ratio:>7}%", few.as_micros(), more.as_micros());
        if question == Question::FirstPage {
            verdict
                .bound(ratio <= MOST_PERCENT, &format!("{name}: {ratio} % (≤ {MOST_PERCENT} %)"));
        }
    }
    Ok(())
}
