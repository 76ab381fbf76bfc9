//! The store ports embedded, on one SQLite file.
//!
//! **Invariant:** each port method is one transaction that runs as a whole on a blocking thread. A
//! caller that goes away in the middle leaves no open transaction behind: it completes or is
//! rolled back.
//!
//! **Invariant:** one process writes through one connection, and every write begins with
//! `BEGIN IMMEDIATE`, so what it reads is what it changes. Other processes wait for each other by
//! SQLite's busy timeout. Readers have connections of their own and never wait for a writer.
//!
//! **Invariant:** states move by [`postonce_domain::Life`] alone, and times are the database's own.
//!
//! Reading order: `connection` (transactions), `rows` (how a row becomes a value), `claim` and
//! `settle` (what the promise rests on), `lock` (the file that makes runs exclude each other).

mod access;
mod account;
mod apply;
mod checkup;
mod claim;
mod connection;
mod connection_store;
mod creation;
mod cron;
mod doubt;
mod error;
mod file_note;
mod flag;
mod history;
mod intake;
mod invoice;
mod invoice_store;
mod lock;
mod machine;
mod mapping;
mod migrate;
mod note;
mod notice;
mod open;
mod page;
mod posted_intake;
mod reader;
mod registry;
mod reply;
mod rows;
mod scan;
mod schema;
mod session_store;
mod settle;
mod time;
mod token;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use crate::open::Inner;

pub use checkup::SqliteCheckup;
pub use error::OpenError;

/// A store on one file. Clones share its connections.
#[derive(Clone)]
pub struct SqliteStore {
    inner: Arc<Inner>,
}

impl SqliteStore {
    /// The version of the schema that an open database has.
    pub const SCHEMA_VERSION: i64 = migrate::KNOWN;

    /// The file of the database, with its links resolved.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.inner.path).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
