//! What can go wrong with the file, in words that name it and the mend.

use std::path::{Path, PathBuf};

use diesel::result::Error as DriverError;
use postonce_ports::error::StoreError;

/// The result of a step inside a transaction.
pub(crate) type Step<T> = Result<T, StepError>;

/// Why a step inside a transaction failed; it is rolled back.
#[derive(Debug)]
pub(crate) enum StepError {
    /// SQLite said no.
    Driver(DriverError),
    /// A row is not what it must be.
    Store(StoreError),
}

impl From<DriverError> for StepError {
    fn from(error: DriverError) -> Self {
        Self::Driver(error)
    }
}

impl From<StoreError> for StepError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl StepError {
    /// As the ports say it.
    pub(crate) fn into_store_error(self, path: &Path) -> StoreError {
        match self {
            Self::Driver(error) => unavailable(path, error),
            Self::Store(error) => error,
        }
    }
}

/// Why a database was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file cannot be reached or made.
    #[error("{}: {source}; check that its folder is there and may be written", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The path is no text.
    #[error("{}: the path of a database must be UTF-8", .path.display())]
    PathNotText {
        /// The path.
        path: PathBuf,
    },
    /// SQLite does not open it.
    #[error("{}: {source}", .path.display())]
    Connection {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: diesel::ConnectionError,
    },
    /// It was written by a newer program.
    #[error(
        "{}: its schema is {found} and this program knows {known}; use a newer program", .path.display()
    )]
    NewerSchema {
        /// The file.
        path: PathBuf,
        /// The newest migration applied.
        found: i64,
        /// The newest migration known.
        known: i64,
    },
    /// It opens, and does not work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OpenError {
    pub(crate) fn from_step(path: &Path, error: StepError) -> Self {
        Self::Store(error.into_store_error(path))
    }
}

/// SQLite's words, and the mend. The driver keeps no error number, and SQLite's words are fixed.
const MENDS: [(&str, &str); 8] = [
    ("database or disk is full", "the disk is full, or the file has reached its limit; free space"),
    ("readonly database", "it may not be written; give this user the file and its folder"),
    ("database is locked", "another process has kept it locked for seconds; try again"),
    ("table is locked", "another process has kept it locked for seconds; try again"),
    ("file is not a database", "it is no SQLite database; check the path, or restore a backup"),
    ("disk image is malformed", "it is damaged; restore a backup"),
    ("disk I/O error", "the disk does not read or write; check it"),
    ("unable to open database file", "it cannot be opened; check the file and its folder"),
];

/// The error of a database that does not do what it is asked.
pub(crate) fn unavailable(path: &Path, error: DriverError) -> StoreError {
    let words = error.to_string();
    let known = MENDS.iter().find(|(known, _)| words.contains(known));
    let file = path.display();
    let message = match known {
        Some((_, mend)) => format!("{file}: {mend} ({words})"),
        None => format!("{file}: {words}"),
    };
    StoreError::Unavailable { message, source: Some(Box::new(error)) }
}

/// Whether somebody else had the database for too long.
pub(crate) fn is_busy(error: &DriverError) -> bool {
    error.to_string().contains("database is locked")
}
