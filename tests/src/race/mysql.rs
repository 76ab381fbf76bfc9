//! Races on MySQL or MariaDB: a real server, each step let go on by the kit.
//!
//! Runs exclude each other by the server's named lock, or by a lease. A backup is a copy of the
//! tables beside them.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use diesel::QueryResult;
use diesel::prelude::QueryableByName;
use diesel::sql_types::{Bool, Text};
use diesel_async::{
    AsyncConnection as _, AsyncMysqlConnection, RunQueryDsl as _, SimpleAsyncConnection as _,
};
use futures::future::BoxFuture;
use postonce_adapter_host::RandomIds;
use postonce_adapter_mysql::{LockOptions, MysqlStore, Options};
use postonce_ports::clock::Clock;
use postonce_race_kit::{Factory, StorePorts, World};

use super::patience::Patient;
use super::tables::{Column, Tables};
use super::work::Work;
use crate::harness::Database;

pub use postonce_adapter_mysql::LockKind;

/// Longer than any schedule takes.
const LOCK_TIMEOUT: Duration = Duration::from_secs(1_800);

/// Worlds in one database, one after the other. Each actor has sessions of its own, as a process
/// does.
#[derive(Clone, Debug)]
pub struct Mysql(Arc<Shared>);

struct Shared {
    /// What looks after the database from outside; no actor has it.
    admin: Mutex<AsyncMysqlConnection>,
    work: Work,
    options: Options,
    tables: Tables,
    /// Whether there is a world of this database.
    taken: AtomicBool,
    database: Database,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("lock", &self.options.lock).finish_non_exhaustive()
    }
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
    SELECT CAST(table_name AS CHAR) AS owner, CAST(column_name AS CHAR) AS name, \
    data_type = 'bigint' AS is_number, extra LIKE '%GENERATED%' AS is_generated \
    FROM information_schema.columns \
    WHERE table_schema = DATABASE() AND table_name LIKE 'postonce\\_%' \
    ORDER BY table_name, ordinal_position";

/// Rows refer to each other, and go in the order of their tables.
const SETTINGS: &str = "SET foreign_key_checks = 0, autocommit = 1, innodb_lock_wait_timeout = 20";

impl Mysql {
    /// A new database with our tables, on the server for tests.
    pub fn new(kind: LockKind) -> anyhow::Result<Self> {
        let work = Work::new()?;
        let database = Database::new()?;
        let name = database.name().to_owned();
        let lock = LockOptions { kind, name, timeout: LOCK_TIMEOUT, single_writer: false };
        let options = Options { url: database.url().into(), lock };
        work.wait(MysqlStore::migrate(&options, &RandomIds))?;
        let (admin, tables) = work.wait(async {
            let mut admin = AsyncMysqlConnection::establish(&database.url()).await?;
            admin.batch_execute(SETTINGS).await?;
            let columns: Vec<Row> = diesel::sql_query(COLUMNS).load(&mut admin).await?;
            let tables = Tables::new(columns.into_iter().map(|row| Column {
                table: row.owner,
                name: row.name,
                is_number: row.is_number,
                is_generated: row.is_generated,
            }));
            admin.batch_execute(&tables.make_copies()).await?;
            anyhow::Ok((admin, tables))
        })?;
        let (admin, taken) = (Mutex::new(admin), AtomicBool::new(false));
        Ok(Self(Arc::new(Shared { admin, work, options, tables, taken, database })))
    }
}

impl Shared {
    /// Runs statements in one transaction.
    fn change(&self, statements: &str) -> QueryResult<()> {
        let mut admin = self.admin.lock().unwrap_or_else(PoisonError::into_inner);
        let text = format!("START TRANSACTION; {statements} COMMIT");
        self.work.wait(admin.batch_execute(&text))
    }
}

impl Mysql {
    /// Its database, for processes that open it themselves.
    pub(super) fn database(&self) -> &Database {
        &self.0.database
    }

    /// The one number that answers a question; it is called `n`.
    pub(super) fn number(&self, question: &str) -> QueryResult<i64> {
        let mut admin = self.0.admin.lock().unwrap_or_else(PoisonError::into_inner);
        let count = diesel::sql_query(question).get_result(&mut *admin);
        let count: super::tables::Count = self.0.work.wait(count)?;
        Ok(count.n)
    }

    /// Runs one statement as the server's owner, in no transaction of ours.
    pub(super) fn order(&self, statement: &str) -> QueryResult<()> {
        let mut admin = self.0.admin.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.work.wait(admin.batch_execute(statement))
    }

    /// Waits for what a store of a world does.
    pub(super) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.0.work.wait(work)
    }
}

impl Factory for Mysql {
    fn world(&self, _clock: Arc<dyn Clock>) -> Result<Box<dyn World>, String> {
        if self.0.taken.swap(true, Ordering::SeqCst) {
            return Err("there is a world of this database already".to_owned());
        }
        let world = MysqlWorld { shared: Arc::clone(&self.0), held: Arc::default() };
        self.0.change(&self.0.tables.empty()).map_err(|error| error.to_string())?;
        Ok(Box::new(world))
    }
}

struct MysqlWorld {
    shared: Arc<Shared>,
    held: Arc<AtomicUsize>,
}

impl Drop for MysqlWorld {
    fn drop(&mut self) {
        self.shared.taken.store(false, Ordering::SeqCst);
    }
}

impl World for MysqlWorld {
    fn ports(&self, _process: &str) -> StorePorts {
        let opened = self.shared.work.wait(MysqlStore::open(&self.shared.options));
        let store = Arc::new(opened.expect("the database was opened before"));
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
