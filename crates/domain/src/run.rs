//! One sync run: why it started, what it did and how it ended.

use std::fmt;

use crate::stored_name::stored_names;

/// The database's id of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(pub i64);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

stored_names! {
    /// Why a run started.
    Trigger {
        /// The schedule.
        Scheduled = "scheduled",
        /// A person.
        Manual = "manual",
        /// A message.
        Automation = "automation",
        /// A person wants one invoice to be sent again.
        Reprocess = "reprocess",
    }
}

stored_names! {
    /// How a run stands, or ended.
    RunStatus {
        /// It runs.
        Running = "running",
        /// It went through all that was due.
        Completed = "completed",
        /// So did it, and some invoices were rejected, blocked or are in doubt.
        CompletedWithErrors = "completed_with_errors",
        /// Something stopped it.
        Failed = "failed",
        /// It lost its lock and stopped.
        LockLost = "lock_lost",
        /// A person stopped it.
        Cancelled = "cancelled",
        /// It was gone when the next one started.
        Abandoned = "abandoned",
    }
}

/// What a run did. `claimed` counts claims and equals `posted + rejected + not_sent + in_doubt`
/// once the run is over; `blocked` counts invoices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunCounts {
    /// Claims made.
    pub claimed: u64,
    /// Claims that ended posted.
    pub posted: u64,
    /// Claims that ended rejected.
    pub rejected: u64,
    /// Claims that ended not sent.
    pub not_sent: u64,
    /// Claims that ended in doubt.
    pub in_doubt: u64,
    /// Invoices found blocked.
    pub blocked: u64,
    /// Invoices moved to `needs_human`.
    pub needs_human: u64,
    /// Invoices found in the ledger before or instead of being sent.
    pub adopted: u64,
}

/// What stopped a run before it was through, the gravest first.
///
/// [`StopCause::Alarm`] comes last: it keeps one company file from being sent for a while, stops no
/// other, and must not hide a bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StopCause {
    /// The run lock was lost.
    LockLost,
    /// The database does not answer, or an outcome could not be written.
    DatabaseUnavailable,
    /// The ledger does not let us in.
    NotAuthorised,
    /// The database is on another server than it was; a person must say which one counts.
    OtherServer,
    /// The ledger does not answer, or keeps failing.
    LedgerUnavailable,
    /// A person stopped it.
    Cancelled,
    /// A bug stopped the work on an invoice.
    Unexpected,
    /// The database went back, or someone else posts: a company file is left alone for a while.
    Alarm,
}

/// How a run that took the lock ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunEnd {
    /// Its id.
    pub run: RunId,
    /// What it did.
    pub counts: RunCounts,
    /// What stopped it, if it was not through; the gravest comes first.
    pub stopped: Option<(StopCause, String)>,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
}

impl RunEnd {
    /// How the run's row is closed.
    pub fn status(&self) -> RunStatus {
        let counts = &self.counts;
        match self.stopped.as_ref().map(|(cause, _)| *cause) {
            Some(StopCause::LockLost) => RunStatus::LockLost,
            Some(StopCause::Cancelled) => RunStatus::Cancelled,
            Some(
                StopCause::DatabaseUnavailable
                | StopCause::NotAuthorised
                | StopCause::OtherServer
                | StopCause::LedgerUnavailable
                | StopCause::Unexpected,
            ) => RunStatus::Failed,
            Some(StopCause::Alarm) => RunStatus::CompletedWithErrors,
            None if counts.rejected + counts.in_doubt + counts.blocked + counts.needs_human > 0 => {
                RunStatus::CompletedWithErrors
            }
            None => RunStatus::Completed,
        }
    }
}

/// What became of the wish to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunResult<Holder> {
    /// It ran.
    Ran(RunEnd),
    /// Another run has the lock; nothing was done. Who, as far as it can be told.
    Skipped(Option<Holder>),
}

#[cfg(test)]
mod tests;
