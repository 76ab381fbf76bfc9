//! What a plan is played on.

use postonce_adapter_mysql::LockKind as ServerLock;
use postonce_race_kit::{Factory, LockKind, Setting};

use super::Stop;
use crate::race::memory::Memory;
use crate::race::mysql::Mysql;
use crate::race::sqlite::Sqlite;

/// A rung of the ladder from the model to real processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rung {
    /// The memory adapter: the reference model.
    Memory,
    /// The store of SQLite, call by call.
    Sqlite,
    /// The store of MariaDB, call by call, on the server for tests.
    Mariadb,
    /// Processes of their own, on MariaDB and in front of a sandbox.
    Processes,
}

impl Rung {
    /// All of them, with the words of the command line.
    pub(crate) const ALL: [(Self, &'static str); 4] = [
        (Self::Memory, "memory"),
        (Self::Sqlite, "sqlite"),
        (Self::Mariadb, "mariadb"),
        (Self::Processes, "processes"),
    ];

    /// Where the databases for a setting come from; `None` if processes have their own.
    pub(crate) fn factory(self, setting: &Setting) -> Result<Option<Box<dyn Factory>>, Stop> {
        let trouble = |error: anyhow::Error| Stop::Trouble(format!("{error:#}"));
        Ok(match self {
            Self::Memory => Some(Box::new(Memory)),
            Self::Sqlite => Some(Box::new(Sqlite::new().map_err(trouble)?)),
            Self::Mariadb => {
                let lease = setting.lock == LockKind::Lease;
                let kind = if lease { ServerLock::Lease } else { ServerLock::Named };
                Some(Box::new(Mysql::new(kind).map_err(trouble)?))
            }
            Self::Processes => None,
        })
    }
}
