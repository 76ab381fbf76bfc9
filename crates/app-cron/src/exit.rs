//! How a command ends: the exit codes, and the failures that lead to them.

use std::process::ExitCode;

use postonce_domain::{RunEnd, StopCause};
use postonce_engine::{EngineError, ResolveError};
use postonce_ports::error::StoreError;
use postonce_ports::ledger::LedgerError;
use postonce_ports::lock::LockError;

pub use postonce_wire::chain;

/// What the exit code of a command says. It speaks of this run only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done,
    /// Something that should not happen.
    Unexpected,
    /// The command line was not understood.
    Usage,
    /// Finished, some invoices in doubt or in need of a person, or a company file under alarm.
    InDoubt,
    /// Finished, some invoices rejected or blocked; or the input was refused.
    DataRefused,
    /// A file is not there.
    FileMissing,
    /// The ledger does not answer.
    LedgerUnavailable,
    /// The run lock was lost.
    LockLost,
    /// The database does not answer.
    DatabaseUnavailable,
    /// Another run has the lock.
    LockBusy,
    /// The ledger does not let us in.
    NotAuthorised,
    /// The configuration is not in order, or the database is on another server than it was.
    BadConfiguration,
    /// Stopped by a person, with everything in flight settled.
    Interrupted,
}

impl Exit {
    /// The number.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Unexpected => 1,
            Self::Usage => 2,
            Self::InDoubt => 10,
            Self::DataRefused => 65,
            Self::FileMissing => 66,
            Self::LedgerUnavailable => 69,
            Self::LockLost => 70,
            Self::DatabaseUnavailable => 74,
            Self::LockBusy => 75,
            Self::NotAuthorised => 77,
            Self::BadConfiguration => 78,
            Self::Interrupted => 130,
        }
    }

    /// How a run that took the lock ended: what stopped it wins, then doubt, then refusals.
    pub fn of_run(end: &RunEnd) -> Self {
        let counts = &end.counts;
        match &end.stopped {
            Some((cause, _)) => Self::of_stop(*cause),
            None if counts.in_doubt > 0 || counts.needs_human > 0 => Self::InDoubt,
            None if counts.rejected > 0 || counts.blocked > 0 => Self::DataRefused,
            None => Self::Done,
        }
    }

    /// The code of what stopped a run.
    pub const fn of_stop(cause: StopCause) -> Self {
        match cause {
            StopCause::LockLost => Self::LockLost,
            StopCause::DatabaseUnavailable => Self::DatabaseUnavailable,
            StopCause::NotAuthorised => Self::NotAuthorised,
            StopCause::OtherServer => Self::BadConfiguration,
            StopCause::LedgerUnavailable => Self::LedgerUnavailable,
            StopCause::Cancelled => Self::Interrupted,
            StopCause::Unexpected => Self::Unexpected,
            StopCause::Alarm => Self::InDoubt,
        }
    }

    /// The code of trouble that kept a use case from its end.
    pub fn of_trouble(error: &EngineError) -> Self {
        match error {
            EngineError::Store(StoreError::Unavailable { .. } | StoreError::Refused { .. })
            | EngineError::Lock(LockError::Unavailable { .. }) => Self::DatabaseUnavailable,
            EngineError::Store(StoreError::Corrupt { .. }) => Self::Unexpected,
            EngineError::Lock(LockError::Lost) => Self::LockLost,
            EngineError::Ledger(LedgerError::NotAuthorised { .. }) => Self::NotAuthorised,
            EngineError::Ledger(LedgerError::Unavailable { .. }) => Self::LedgerUnavailable,
        }
    }

    /// The graver of two results of one command.
    #[must_use]
    pub fn or_graver(self, other: Self) -> Self {
        if other.rank() < self.rank() { other } else { self }
    }

    /// What wins when one command has several results; the smallest does.
    const fn rank(self) -> u8 {
        match self {
            Self::Unexpected => 0,
            Self::Usage => 1,
            Self::BadConfiguration => 2,
            Self::FileMissing => 3,
            Self::LockLost => 4,
            Self::DatabaseUnavailable => 5,
            Self::NotAuthorised => 6,
            Self::LedgerUnavailable => 7,
            Self::LockBusy => 8,
            Self::Interrupted => 9,
            Self::InDoubt => 10,
            Self::DataRefused => 11,
            Self::Done => 12,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a command did not come to its end.
#[derive(Debug)]
pub struct Failure {
    /// The code to leave with.
    pub exit: Exit,
    /// What went wrong, where, and the mend.
    pub message: String,
}

impl Failure {
    /// A failure.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        EngineError::Store(error).into()
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        Self::new(Exit::of_trouble(&error), chain(&error))
    }
}

impl From<LockError> for Failure {
    fn from(error: LockError) -> Self {
        EngineError::Lock(error).into()
    }
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        EngineError::Ledger(error).into()
    }
}

impl From<ResolveError> for Failure {
    fn from(error: ResolveError) -> Self {
        match error {
            ResolveError::Engine(error) => error.into(),
            refused @ (ResolveError::NotFound
            | ResolveError::Stale(_)
            | ResolveError::Refused(_)) => Self::new(Exit::DataRefused, chain(&refused)),
        }
    }
}

#[cfg(test)]
mod tests;
