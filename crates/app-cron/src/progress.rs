//! A progress bar on a terminal, fed by what the run writes to its history.

use std::sync::Arc;

use async_trait::async_trait;
use indicatif::{ProgressBar, ProgressStyle};
use postonce_domain::{RunCounts, RunId, RunStatus};
use postonce_ports::error::StoreError;
use postonce_ports::history::{NewRun, Run, RunHistory};

use crate::output::is_watched;

/// A history that draws while it is written.
struct Drawn {
    inner: Arc<dyn RunHistory>,
    bar: ProgressBar,
}

/// `history` with a bar, if somebody watches.
pub(crate) fn drawn(history: Arc<dyn RunHistory>) -> Arc<dyn RunHistory> {
    if !is_watched() {
        return history;
    }
    let bar = ProgressBar::no_length();
    let template = "{bar:30} {pos}/{len} invoices, {elapsed} {msg}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    Arc::new(Drawn { inner: history, bar })
}

#[async_trait]
impl RunHistory for Drawn {
    async fn start(&self, run: NewRun) -> Result<RunId, StoreError> {
        self.inner.start(run).await
    }

    async fn progress(
        &self,
        run: RunId,
        counts: RunCounts,
        done: u64,
        total: u64,
    ) -> Result<(), StoreError> {
        self.bar.set_length(total);
        self.bar.set_position(done);
        self.bar.set_message(format!("({} posted)", counts.posted));
        self.inner.progress(run, counts, done, total).await
    }

    async fn finish(
        &self,
        run: RunId,
        status: RunStatus,
        counts: RunCounts,
        reason: &str,
    ) -> Result<(), StoreError> {
        self.bar.finish_and_clear();
        self.inner.finish(run, status, counts, reason).await
    }

    async fn runs(&self, limit: u32) -> Result<Vec<Run>, StoreError> {
        self.inner.runs(limit).await
    }
}
