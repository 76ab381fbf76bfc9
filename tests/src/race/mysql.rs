//! Races on MySQL or MariaDB: a real server, each step let go on by the kit.
//!
//! Runs exclude each other by the server's named lock, or by a lease. A backup is a copy of the
//! tables beside them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use diesel::QueryResult;
use diesel_async::{
    AsyncConnection as _, AsyncMysqlConnection, RunQueryDsl as _, SimpleAsyncConnection as _,
};
use postonce_adapter_host::RandomIds;
use postonce_adapter_mysql::{LockOptions, MysqlStore, Options};
use postonce_race_kit::StorePorts;

use super::stored::{Base, Stored};
use super::tables::{Column, Count, Tables};
use super::work::Work;
use crate::harness::Database;

pub use postonce_adapter_mysql::LockKind;

/// Longer than any schedule takes.
const LOCK_TIMEOUT: Duration = Duration::from_secs(1_800);

/// Worlds in one database, one after the other. Each actor has sessions of its own, as a process
/// does.
pub type Mysql = Stored<Server>;

/// A database on the server for tests.
pub struct Server {
    /// What looks after the database from outside; no actor has it.
    admin: Mutex<AsyncMysqlConnection>,
    options: Options,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("lock", &self.options.lock).finish_non_exhaustive()
    }
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
            let columns: Vec<Column> = diesel::sql_query(COLUMNS).load(&mut admin).await?;
            let tables = Tables::new(columns);
            admin.batch_execute(&tables.make_copies()).await?;
            anyhow::Ok((Mutex::new(admin), tables))
        })?;
        Ok(Self::of(Server { admin, options }, work, tables, database))
    }

    /// Its database, for processes that open it themselves.
    pub(super) fn database(&self) -> &Database {
        &self.0.place
    }

    /// Runs one statement as the server's owner, in no transaction of ours.
    pub(super) fn order(&self, statement: &str) -> QueryResult<()> {
        self.0.base.order(&self.0.work, statement)
    }

    /// Waits for what a store of a world does.
    pub(super) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.0.work.wait(work)
    }
}

impl Server {
    fn order(&self, work: &Work, statement: &str) -> QueryResult<()> {
        let mut admin = self.admin.lock().unwrap_or_else(PoisonError::into_inner);
        work.wait(admin.batch_execute(statement))
    }
}

impl Base for Server {
    type Place = Database;

    fn open(&self, work: &Work) -> StorePorts {
        let opened = work.wait(MysqlStore::open(&self.options));
        StorePorts::of(Arc::new(opened.expect("the database was opened before")))
    }

    fn change(&self, work: &Work, statements: &str) -> QueryResult<()> {
        self.order(work, &format!("START TRANSACTION; {statements} COMMIT"))
    }

    fn number(&self, work: &Work, question: &str) -> QueryResult<i64> {
        let mut admin = self.admin.lock().unwrap_or_else(PoisonError::into_inner);
        let count = diesel::sql_query(question).get_result(&mut *admin);
        let count: Count = work.wait(count)?;
        Ok(count.n)
    }
}

#[cfg(test)]
mod tests;
