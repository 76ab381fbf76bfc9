//! The store ports and the locks on MySQL and MariaDB.
//!
//! **Invariant:** each port method is one transaction at READ COMMITTED, which runs to its end in a
//! task of its own: the driver's futures must not be dropped half-way, and a caller may go away. A
//! session whose transaction did not end with an answered COMMIT or ROLLBACK is closed.
//!
//! **Invariant:** what was changed counts when COMMIT was answered. An error before COMMIT was sent
//! means that nothing happened; a COMMIT without an answer proves nothing. The last statements may go
//! with COMMIT in one text, as a claim and its note do.
//!
//! **Invariant:** states move by [`postonce_domain::Life`] alone, on a row that is locked or written
//! against the version that was read, and times are the server's own.
//!
//! **Lock order:** the epoch's row, then the invoice's, then those of its claims, then the rest. Who
//! keeps to it waits; whoever does not is a deadlock that the retry ends.
//!
//! Reading order: `session` (one connection), `transaction` (how work is run and repeated), `claim`
//! and `settle` (what the promise rests on).

mod access;
mod account;
mod apply;
mod checkup;
mod claim;
mod connection_store;
mod creation;
mod cron;
mod doubt;
mod error;
mod file_note;
mod flag;
mod history;
mod identity;
mod intake;
mod invoice;
mod invoice_store;
mod keyed;
mod lock;
mod machine;
mod mapping;
mod migrate;
mod note;
mod notice;
mod open;
mod options;
mod page;
mod pool;
mod posted_intake;
mod probe;
mod reader;
mod registry;
mod reply;
mod retry;
mod scan;
mod session;
mod session_store;
mod settle;
mod standing;
mod statement;
mod time;
mod tls;
mod token;
mod transaction;
mod variables;

use std::fmt;
use std::sync::Arc;

use crate::open::Inner;

pub use checkup::MysqlCheckup;
pub use error::OpenError;
pub use keyed::MysqlKeyedLock;
pub use migrate::Migrated;
pub use options::{LockKind, LockOptions, Options};
pub use probe::LockRefused;

/// A store in one database of a server. Clones share its sessions.
#[derive(Clone)]
pub struct MysqlStore {
    inner: Arc<Inner>,
}

impl MysqlStore {
    /// The version of the schema that an open database has.
    pub const SCHEMA_VERSION: i64 = migrate::KNOWN;
}

impl fmt::Debug for MysqlStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MysqlStore").field("target", &self.inner.target).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
