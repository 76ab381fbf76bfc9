//! Races on SQLite: real files, each step let go on by the kit.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use futures::future::BoxFuture;
use postonce_adapter_host::RandomIds;
use postonce_adapter_sqlite::SqliteStore;
use postonce_ports::clock::Clock;
use postonce_race_kit::{Factory, StorePorts, World};
use tempfile::TempDir;

use super::patience::Patient;
use super::tables::{Column, Tables};
use super::work::Work;

/// Worlds on one file, one after the other. Each actor opens the file for itself, as a process does.
#[derive(Clone, Debug)]
pub struct Sqlite(Arc<Shared>);

struct Shared {
    work: Work,
    path: PathBuf,
    /// What looks after the file from outside; no actor has it.
    admin: Mutex<SqliteConnection>,
    tables: Tables,
    /// The triggers that keep the trail as it is: a race takes rows out, and makes them older.
    guards: Vec<Guard>,
    /// Whether there is a world of this file.
    taken: AtomicBool,
    _folder: TempDir,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("path", &self.path).finish_non_exhaustive()
    }
}

#[derive(QueryableByName)]
struct Guard {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    sql: String,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    owner: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Bool)]
    is_number: bool,
    #[diesel(sql_type = Bool)]
    is_generated: bool,
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
        let columns: Vec<Row> = diesel::sql_query(COLUMNS).load(&mut admin)?;
        let tables = Tables::new(columns.into_iter().map(|row| Column {
            table: row.owner,
            name: row.name,
            is_number: row.is_number,
            is_generated: row.is_generated,
        }));
        let guards = diesel::sql_query(GUARDS).load(&mut admin)?;
        admin.batch_execute(&tables.make_copies())?;
        let (admin, taken) = (Mutex::new(admin), AtomicBool::new(false));
        Ok(Self(Arc::new(Shared { work, path, admin, tables, guards, taken, _folder: folder })))
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

impl Shared {
    /// Runs statements in one transaction, in which the trail may be changed.
    fn change(&self, statements: &str) -> QueryResult<()> {
        let off: Vec<String> =
            self.guards.iter().map(|it| format!("DROP TRIGGER {};", it.name)).collect();
        let on: Vec<String> = self.guards.iter().map(|it| format!("{};", it.sql)).collect();
        let (off, on) = (off.concat(), on.concat());
        let mut admin = self.admin.lock().unwrap_or_else(PoisonError::into_inner);
        admin
            .immediate_transaction(|admin| admin.batch_execute(&format!("{off} {statements} {on}")))
    }
}

#[cfg(test)]
impl Shared {
    fn count(&self, question: &str) -> QueryResult<i64> {
        let mut admin = self.admin.lock().unwrap_or_else(PoisonError::into_inner);
        let count: super::tables::Count = diesel::sql_query(question).get_result(&mut *admin)?;
        Ok(count.n)
    }
}

impl Factory for Sqlite {
    fn world(&self, _clock: Arc<dyn Clock>) -> Result<Box<dyn World>, String> {
        if self.0.taken.swap(true, Ordering::SeqCst) {
            return Err("there is a world of this file already".to_owned());
        }
        let world = SqliteWorld { shared: Arc::clone(&self.0), held: Arc::default() };
        self.0.change(&self.0.tables.empty()).map_err(|error| error.to_string())?;
        Ok(Box::new(world))
    }
}

struct SqliteWorld {
    shared: Arc<Shared>,
    held: Arc<AtomicUsize>,
}

impl Drop for SqliteWorld {
    fn drop(&mut self) {
        self.shared.taken.store(false, Ordering::SeqCst);
    }
}

impl World for SqliteWorld {
    fn ports(&self, _process: &str) -> StorePorts {
        let opened =
            self.shared.work.wait(async { SqliteStore::open(&self.shared.path, &RandomIds) });
        let store = Arc::new(opened.expect("the file was opened before"));
        let lock = Arc::new(Patient { inner: store.clone(), held: Arc::clone(&self.held) });
        StorePorts { lock, ..StorePorts::of(store) }
    }

    fn drive(&self, step: BoxFuture<'static, ()>) -> bool {
        self.shared.work.drive(step)
    }

    fn pass_time(&self, time: Duration) {
        let aged = self.shared.change(&self.shared.tables.age(time));
        aged.expect("nobody is at work while time passes");
    }

    fn backup(&self) -> bool {
        self.shared.change(&self.shared.tables.keep()).is_ok()
    }

    fn restore(&self) {
        let restored = self.shared.change(&self.shared.tables.put_back());
        restored.expect("nobody is at work while a backup is put back");
    }
}

#[cfg(test)]
mod tests;
