//! The runs that were.

use async_trait::async_trait;
use jiff::Timestamp;
use postonce_domain::{RunCounts, RunId, RunStatus, Trigger};

use crate::error::StoreError;

/// A run that starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRun {
    /// Why.
    pub trigger: Trigger,
    /// Who asked for it.
    pub actor: String,
    /// On which host.
    pub host: String,
    /// As which process.
    pub pid: u32,
    /// Which start of the host.
    pub boot_id: String,
    /// [`crate::lock::HeldLock::owner`] of its lock.
    pub lock_owner: String,
    /// [`crate::lock::HeldLock::connection_id`] of its lock.
    pub connection_id: Option<u64>,
}

/// A run on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// What it started as.
    pub new: NewRun,
    /// How it stands.
    pub status: RunStatus,
    /// When it started.
    pub started_at: Timestamp,
    /// When it ended, if it has.
    pub ended_at: Option<Timestamp>,
    /// What it did so far.
    pub counts: RunCounts,
    /// Invoices it is done with.
    pub done: u64,
    /// Invoices it found.
    pub total: u64,
    /// What stopped it, in words; empty if nothing did.
    pub reason: String,
}

/// Keeps a row for each run.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait RunHistory: Send + Sync {
    /// Writes a row that is `running`, and sets every older one that still is to `abandoned`.
    ///
    /// Called only under the run lock, so whoever is still `running` is gone.
    async fn start(&self, run: NewRun) -> Result<RunId, StoreError>;

    /// Writes how far the run is. A row that is not `running` stays as it is.
    async fn progress(
        &self,
        run: RunId,
        counts: RunCounts,
        done: u64,
        total: u64,
    ) -> Result<(), StoreError>;

    /// Closes the row. A row that is not `running` stays as it is.
    async fn finish(
        &self,
        run: RunId,
        status: RunStatus,
        counts: RunCounts,
        reason: &str,
    ) -> Result<(), StoreError>;

    /// The newest `limit` runs, newest first.
    async fn runs(&self, limit: u32) -> Result<Vec<Run>, StoreError>;
}
