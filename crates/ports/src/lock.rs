//! The run lock, which every door shares.

use async_trait::async_trait;
use jiff::Timestamp;
use postonce_domain::{CompanyFile, Epoch, RunId, Trigger};

use crate::error::BoxError;

/// Who has the lock, as a message shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// One of our runs.
    Run(RunHolder),
    /// A session of the database server that is no run of ours, or none that we know yet.
    Session(SessionHolder),
}

/// The session that has the lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionHolder {
    /// The server's id of its connection.
    pub connection_id: u64,
    /// As which user it is logged in, if we may know.
    pub user: Option<String>,
    /// From which host, if we may know.
    pub host: Option<String>,
}

/// The run that has the lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunHolder {
    /// Its id.
    pub run: RunId,
    /// Why it started.
    pub trigger: Trigger,
    /// Who started it.
    pub actor: String,
    /// On which host.
    pub host: String,
    /// As which process.
    pub pid: u32,
    /// Since when.
    pub since: Timestamp,
    /// Invoices it is done with.
    pub done: u64,
    /// Invoices it found.
    pub total: u64,
    /// The database connection that has the lock, where the lock is one of a server.
    pub connection_id: Option<u64>,
}

/// Whether the lock is held, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LockState {
    /// Nobody has it.
    Free,
    /// Somebody has it; `None` if it is not known who.
    Held(Option<Holder>),
}

/// Why a lock did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// The lock was held and is not any more.
    #[error("the run lock was lost")]
    Lost,
    /// It cannot be told whether the lock is held.
    #[error("the run lock is unavailable: {message}")]
    Unavailable {
        /// What failed, and the mend where there is one.
        message: String,
        /// The cause.
        #[source]
        source: Option<BoxError>,
    },
}

/// What [`RunLock::try_acquire`] did.
#[expect(missing_debug_implementations, reason = "a held lock is not `Debug`")]
#[must_use]
pub enum LockAnswer {
    /// It is ours until it is released or dropped.
    Acquired(Box<dyn HeldLock>),
    /// Another has it.
    Busy(Option<Holder>),
}

/// What makes runs exclude each other, across processes and within one.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait RunLock: Send + Sync {
    /// Takes the lock if it is free, without waiting for a holder.
    ///
    /// Of any number of concurrent calls one acquires. The lock is free again when its holder
    /// releases it, drops it, or dies. "Cannot tell" is an error, never "busy" or "free".
    async fn try_acquire(&self) -> Result<LockAnswer, LockError>;

    /// Whether it is held, and by whom. A run is named only if it really is the holder.
    async fn state(&self) -> Result<LockState, LockError>;
}

/// A lock that is held. Dropping it frees it at once; releasing it also says that it worked.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait HeldLock: Send + Sync {
    /// What tells this hold from every other, of this process or of one long gone: stands in the
    /// run's row, which outlives it.
    fn owner(&self) -> String;

    /// The server's connection, where there is one.
    fn connection_id(&self) -> Option<u64>;

    /// Raises the epoch of a company file, through this lock and only while it is held, and
    /// returns the new one. It is greater than every epoch before.
    async fn raise_epoch(&self, company_file: &CompanyFile) -> Result<Epoch, LockError>;

    /// Whether the lock is known to be lost. Never goes back to false.
    fn is_lost(&self) -> bool;

    /// Asks now whether the lock is held. [`LockError::Lost`] if it is not; any other error proves
    /// nothing.
    async fn prove(&self) -> Result<(), LockError> {
        if self.is_lost() { Err(LockError::Lost) } else { Ok(()) }
    }

    /// Frees the lock, and says if it was lost before.
    async fn release(self: Box<Self>) -> Result<(), LockError>;
}
