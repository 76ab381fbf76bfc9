//! Where engine, bare loop and sequential loop are measured against each other.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::time::Duration;

use anyhow::Result;
use async_trait::async_trait;

use crate::figures::{Stopwatch, Took};
use crate::texts::{self, Texts};

/// So much is to be done, so many invoices at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Course {
    pub(crate) invoices: u32,
    pub(crate) concurrency: NonZeroUsize,
}

/// Statements by kind, as a server counts them.
pub(crate) type Counters = BTreeMap<String, u64>;

/// What a server has done since it was started; nothing where there is no server.
#[derive(Debug, Default)]
pub(crate) struct Look {
    pub(crate) counters: Counters,
    pub(crate) cpu: Duration,
}

/// What one way of sending a course has cost.
#[derive(Debug)]
pub(crate) struct Lap {
    pub(crate) took: Took,
    /// What the server has counted; nothing where there is no server.
    pub(crate) counters: Counters,
    /// Processor time of the server; none where there is no server.
    pub(crate) server: Duration,
    /// What the driver has sent, if that was written down.
    pub(crate) texts: Texts,
}

/// One kind of database. Each lap is run on a new one with nothing in it but its invoices, and
/// includes that connections are made.
#[async_trait]
pub(crate) trait Arena: Sync {
    /// `Engine::sync`.
    async fn engine(&self, course: Course) -> Result<Lap>;

    /// The statements and commits of the engine, sent by a plain loop.
    async fn bare(&self, course: Course) -> Result<Lap>;

    /// One invoice after the other on one connection: claim and flush, POST, record and flush.
    async fn sequential(&self, invoices: u32) -> Result<Lap>;
}

/// Runs `work`, and measures it alone.
pub(crate) async fn lap(
    look: impl Fn() -> Result<Look>,
    work: impl Future<Output = Result<()>>,
) -> Result<Lap> {
    let before = look()?;
    drop(texts::take());
    let watch = Stopwatch::start();
    work.await?;
    let took = watch.stop();
    let texts = texts::take();
    let after = look()?;
    let since = |(kind, count): (String, u64)| {
        let more = count - before.counters.get(&kind).copied().unwrap_or_default();
        (kind, more)
    };
    let counters = after.counters.into_iter().map(since).collect();
    Ok(Lap { took, counters, server: after.cpu.saturating_sub(before.cpu), texts })
}
