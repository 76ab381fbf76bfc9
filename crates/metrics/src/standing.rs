//! What the database says, read when somebody asks.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use postonce_domain::{RunStatus, StateName};
use postonce_ports::doubt::DoubtStore;
use postonce_ports::error::StoreError;
use postonce_ports::history::RunHistory;
use postonce_ports::lock::{LockState, RunLock};
use postonce_ports::reader::{Filter, InvoiceReader};
use postonce_ports::scrape::Scrape;

use crate::family::{
    BUILD, DOUBT_AGE, Family, HELD, INVOICES, LAST_COMPLETED, LOCK_HELD, READY_AGE, UNPAIRED,
};
use crate::meter::Meter;
use crate::page::{Gauges, page};

/// How many of the newest runs are looked at.
const RUNS: u32 = 200;

/// How many ready invoices are looked at.
const READY: u32 = 200;

/// Pairs are counted from the whole trail, so not for every reader.
const PAIRS_EVERY: Duration = Duration::from_mins(1);

/// What is read.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "ports are not `Debug`")]
#[expect(missing_docs, reason = "each field is the port of its type")]
pub struct StandingPorts {
    pub lock: Arc<dyn RunLock>,
    pub history: Arc<dyn RunHistory>,
    pub reader: Arc<dyn InvoiceReader>,
    pub doubts: Arc<dyn DoubtStore>,
}

/// All that is measured: what a process has counted, and what stands in the database.
#[expect(missing_debug_implementations, reason = "ports are not `Debug`")]
pub struct Standing {
    ports: StandingPorts,
    meter: Meter,
    version: &'static str,
    /// Open and closed claims without an outcome, and when they were counted.
    pairs: Mutex<Option<(Duration, [i64; 2])>>,
}

impl Standing {
    /// What `meter` counts, beside what these ports read; `version` is the program's.
    pub fn new(ports: StandingPorts, meter: Meter, version: &'static str) -> Self {
        Self { ports, meter, version, pairs: Mutex::default() }
    }

    async fn gauges(&self) -> Result<Gauges, StoreError> {
        let mut gauges = Gauges::new();
        let now = self.meter.clock.wall();
        let mut set = |family: &Family, labels: &[&str], value: i64| {
            let labels = labels.iter().map(|label| (*label).to_owned()).collect();
            gauges.insert((family.name, labels), value);
        };
        set(&BUILD, &[self.version], 1);
        // Whoever cannot tell does not say that it is free.
        if let Ok(state) = self.ports.lock.state().await {
            set(&LOCK_HELD, &[], i64::from(state != LockState::Free));
        }
        let counts = self.ports.reader.counts().await?;
        for (state, count) in &counts.by_state {
            set(&INVOICES, &[state.as_str()], whole(*count));
        }
        set(&HELD, &[], whole(counts.held));
        let doubtful = self.ports.doubts.doubtful().await?;
        set(&DOUBT_AGE, &[], oldest(now, doubtful.iter().map(|doubt| doubt.since)));
        let filter = Filter { states: vec![StateName::Ready], limit: READY, ..Filter::default() };
        let ready = self.ports.reader.list(filter).await?;
        set(&READY_AGE, &[], oldest(now, ready.iter().map(|invoice| invoice.updated_at)));
        let [open, closed] = self.unpaired().await?;
        set(&UNPAIRED, &["true"], open);
        set(&UNPAIRED, &["false"], closed);
        let runs = self.ports.history.runs(RUNS).await?;
        let completed = runs.iter().find(|run| {
            matches!(run.status, RunStatus::Completed | RunStatus::CompletedWithErrors)
        });
        if let Some(ended) = completed.and_then(|run| run.ended_at) {
            set(&LAST_COMPLETED, &[], ended.as_second());
        }
        Ok(gauges)
    }

    async fn unpaired(&self) -> Result<[i64; 2], StoreError> {
        let now = self.meter.clock.boot();
        let known = *self.pairs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, counts)) = known
            && now < at + PAIRS_EVERY
        {
            return Ok(counts);
        }
        let unpaired = self.ports.reader.pairs().await?.unpaired;
        let count = |open| unpaired.iter().filter(|claim| claim.open == open).count();
        let counts = [true, false].map(|open| i64::try_from(count(open)).unwrap_or(i64::MAX));
        *self.pairs.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, counts));
        Ok(counts)
    }
}

#[async_trait]
impl Scrape for Standing {
    async fn text(&self) -> Result<String, StoreError> {
        Ok(page(&self.gauges().await?, &self.meter.counted()))
    }
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// How many seconds ago the earliest of `times` was; 0 if there is none.
fn oldest(now: Timestamp, times: impl Iterator<Item = Timestamp>) -> i64 {
    times.min().map_or(0, |at| now.duration_since(at).as_secs().max(0))
}
