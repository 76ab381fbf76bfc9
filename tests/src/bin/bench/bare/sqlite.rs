//! The bare loop on SQLite: one writer, and readers beside it.

mod sent;

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use async_trait::async_trait;
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use tokio::sync::Mutex;

use super::{Claim, Due, Outcome, Statements};

/// As the adapter opens them.
const WRITER: &str = "PRAGMA busy_timeout = 60000; PRAGMA journal_mode = WAL; \
    PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; \
    PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = 4000;";
const READER: &str = "PRAGMA busy_timeout = 5000; PRAGMA query_only = ON;";

pub(crate) struct OnSqlite {
    writer: Arc<Mutex<SqliteConnection>>,
    reader: Arc<Mutex<SqliteConnection>>,
}

impl OnSqlite {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let connect = |settings| -> Result<_> {
            let mut conn = SqliteConnection::establish(&path.to_string_lossy())?;
            conn.batch_execute(settings)?;
            Ok(Arc::new(Mutex::new(conn)))
        };
        Ok(Self { writer: connect(WRITER)?, reader: connect(READER)? })
    }
}

/// One transaction, as a whole on a thread for blocking work.
async fn transact<T: Send + 'static>(
    conn: &Arc<Mutex<SqliteConnection>>,
    (begin, end): (&'static str, &'static str),
    work: impl FnOnce(&mut SqliteConnection) -> QueryResult<T> + Send + 'static,
) -> Result<T> {
    let mut conn = conn.clone().lock_owned().await;
    let done = tokio::task::spawn_blocking(move || {
        conn.batch_execute(begin)?;
        let value = work(&mut conn)?;
        conn.batch_execute(end)?;
        QueryResult::Ok(value)
    });
    Ok(done.await??)
}

const WRITE: (&str, &str) = ("BEGIN IMMEDIATE", "COMMIT");
const READ: (&str, &str) = ("BEGIN", "ROLLBACK");

#[async_trait]
impl Statements for OnSqlite {
    async fn page(&self, after: i64) -> Result<Vec<Due>> {
        transact(&self.reader, READ, move |conn| sent::page(conn, after)).await
    }

    async fn claim(&self, it: Claim) -> Result<()> {
        transact(&self.writer, WRITE, move |conn| sent::claim(conn, &it)).await
    }

    async fn settle(&self, it: Outcome) -> Result<()> {
        transact(&self.writer, WRITE, move |conn| sent::settle(conn, &it)).await
    }
}
