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
    /// Call by call, on a store.
    Calls(Store),
    /// Processes of their own, on MariaDB and in front of a sandbox.
    Processes,
}

/// A store that is called by the kit itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Store {
    /// The memory adapter: the reference model.
    Memory,
    Sqlite,
    /// On the server for tests.
    Mariadb,
}

impl Rung {
    pub(crate) const MEMORY: Self = Self::Calls(Store::Memory);

    /// All of them, with the words of the command line.
    pub(crate) const ALL: [(Self, &'static str); 4] = [
        (Self::MEMORY, "memory"),
        (Self::Calls(Store::Sqlite), "sqlite"),
        (Self::Calls(Store::Mariadb), "mariadb"),
        (Self::Processes, "processes"),
    ];

    /// The flag by which a plan is replayed there; memory needs none.
    pub(crate) fn flag(self) -> &'static str {
        match self {
            Self::Calls(Store::Memory) => "",
            Self::Calls(Store::Sqlite) => "--on sqlite ",
            Self::Calls(Store::Mariadb) => "--on mariadb ",
            Self::Processes => "--on processes ",
        }
    }
}

impl Store {
    /// Where the databases for a setting come from.
    pub(crate) fn factory(self, setting: &Setting) -> Result<Box<dyn Factory>, Stop> {
        // A mutant may leave a lock behind for ever; on one database that hits later schedules.
        if self != Self::Memory && setting.mutant.is_some() {
            return Err(Stop::Usage("mutants are put in in memory only".to_owned()));
        }
        let trouble = |error: anyhow::Error| Stop::Trouble(format!("{error:#}"));
        Ok(match self {
            Self::Memory => Box::new(Memory),
            Self::Sqlite => Box::new(Sqlite::new().map_err(trouble)?),
            Self::Mariadb => {
                let lease = setting.lock == LockKind::Lease;
                let kind = if lease { ServerLock::Lease } else { ServerLock::Named };
                Box::new(Mysql::new(kind).map_err(trouble)?)
            }
        })
    }
}
