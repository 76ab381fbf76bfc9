//! Races on SQLite: real files, each step let go on by the kit.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::Text;
use postonce_adapter_host::RandomIds;
use postonce_adapter_sqlite::SqliteStore;
use postonce_race_kit::StorePorts;
use tempfile::TempDir;

use super::stored::{Base, Stored};
use super::tables::{Column, Count, Tables};
use super::work::Work;

/// Worlds on one file, one after the other. Each actor opens the file for itself, as a process does.
pub type Sqlite = Stored<File>;

/// A file with our tables.
pub struct File {
    /// What looks after the file from outside; no actor has it.
    admin: Mutex<SqliteConnection>,
    path: PathBuf,
    /// The triggers that keep the trail as it is: a race takes rows out, and makes them older.
    guards: Vec<Guard>,
}

impl std::fmt::Debug for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("File").field("path", &self.path).finish_non_exhaustive()
    }
}

#[derive(QueryableByName)]
struct Guard {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    sql: String,
}

const COLUMNS: &str = "\
    SELECT t.name AS owner, c.name AS name, c.type = 'INTEGER' AS is_number, c.hidden <> 0 AS is_generated \
    FROM sqlite_master AS t JOIN pragma_table_xinfo(t.name) AS c \
    WHERE t.type = 'table' AND t.name LIKE 'postonce\\_%' ESCAPE '\\' ORDER BY t.name, c.cid";

const GUARDS: &str = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name";

impl Sqlite {
    /// A new file with our tables.
    pub fn new() -> anyhow::Result<Self> {
        let work = Work::new()?;
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("postonce.db");
        drop(work.wait(async { SqliteStore::open(&path, &RandomIds) })?);
        let mut admin = connect(&path)?;
        let tables = Tables::new(diesel::sql_query(COLUMNS).load::<Column>(&mut admin)?);
        let guards = diesel::sql_query(GUARDS).load(&mut admin)?;
        admin.batch_execute(&tables.make_copies())?;
        let file = File { admin: Mutex::new(admin), path, guards };
        Ok(Self::of(file, work, tables, folder))
    }
}

/// What a race does from outside need not outlive a power cut. Rows refer to each other, and go in
/// the order of their tables.
const SETTINGS: &str =
    "PRAGMA busy_timeout = 20000; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF;";

fn connect(path: &Path) -> anyhow::Result<SqliteConnection> {
    let mut admin = SqliteConnection::establish(path.to_str().unwrap_or_default())?;
    admin.batch_execute(SETTINGS)?;
    Ok(admin)
}

impl Base for File {
    type Place = TempDir;

    fn open(&self, work: &Work) -> StorePorts {
        let opened = work.wait(async { SqliteStore::open(&self.path, &RandomIds) });
        StorePorts::of(Arc::new(opened.expect("the file was opened before")))
    }

    fn change(&self, _work: &Work, statements: &str) -> QueryResult<()> {
        let off: Vec<String> =
            self.guards.iter().map(|it| format!("DROP TRIGGER {};", it.name)).collect();
        let on: Vec<String> = self.guards.iter().map(|it| format!("{};", it.sql)).collect();
        let (off, on) = (off.concat(), on.concat());
        let mut admin = self.admin.lock().unwrap_or_else(PoisonError::into_inner);
        admin
            .immediate_transaction(|admin| admin.batch_execute(&format!("{off} {statements} {on}")))
    }

    fn number(&self, _work: &Work, question: &str) -> QueryResult<i64> {
        let mut admin = self.admin.lock().unwrap_or_else(PoisonError::into_inner);
        let count: Count = diesel::sql_query(question).get_result(&mut *admin)?;
        Ok(count.n)
    }
}

#[cfg(test)]
mod tests;
