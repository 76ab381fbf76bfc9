//! A history whose runs are counted.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use postonce_domain::{RunCounts, RunId, RunStatus, Trigger};
use postonce_ports::error::StoreError;
use postonce_ports::history::{NewRun, Run, RunHistory};

use crate::family::{CLAIMS, RUN_TIME, RUNS_ENDED};
use crate::meter::Meter;

pub(super) struct Observed {
    inner: Arc<dyn RunHistory>,
    meter: Meter,
    /// Why and when those began that have not ended.
    running: Mutex<BTreeMap<RunId, (Trigger, Duration)>>,
}

impl Observed {
    pub(super) fn new(inner: Arc<dyn RunHistory>, meter: Meter) -> Self {
        Self { inner, meter, running: Mutex::default() }
    }

    fn ended(&self, run: RunId, status: RunStatus, counts: &RunCounts) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((trigger, start)) = running.remove(&run) else { return };
        self.meter.add(&RUNS_ENDED, &[trigger.as_str(), status.as_str()], 1);
        self.meter.took(&RUN_TIME, &[], start);
        for (outcome, count) in [
            ("posted", counts.posted),
            ("rejected", counts.rejected),
            ("not_sent", counts.not_sent),
            ("in_doubt", counts.in_doubt),
        ] {
            self.meter.add(&CLAIMS, &[outcome], count);
        }
    }
}

#[async_trait]
impl RunHistory for Observed {
    async fn start(&self, run: NewRun) -> Result<RunId, StoreError> {
        let (trigger, start) = (run.trigger, self.meter.clock.boot());
        let id = self.inner.start(run).await?;
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        // Called only under the run lock, so whatever else of ours was running is gone.
        running.clear();
        running.insert(id, (trigger, start));
        Ok(id)
    }

    async fn progress(
        &self,
        run: RunId,
        counts: RunCounts,
        done: u64,
        total: u64,
    ) -> Result<(), StoreError> {
        self.inner.progress(run, counts, done, total).await
    }

    async fn finish(
        &self,
        run: RunId,
        status: RunStatus,
        counts: RunCounts,
        reason: &str,
    ) -> Result<(), StoreError> {
        self.inner.finish(run, status, counts, reason).await?;
        self.ended(run, status, &counts);
        Ok(())
    }

    async fn runs(&self, limit: u32) -> Result<Vec<Run>, StoreError> {
        self.inner.runs(limit).await
    }
}
