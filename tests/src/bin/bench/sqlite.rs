//! SQLite, each time on a new file in a folder of its own.

use std::path::{Path, PathBuf};

use anyhow::Result;
use async_trait::async_trait;
use diesel::Connection as _;
use diesel::connection::SimpleConnection as _;
use diesel::sqlite::SqliteConnection;
use postonce_adapter_host::RandomIds;
use postonce_adapter_sqlite::SqliteStore;
use tempfile::TempDir;

use crate::arena::{Arena, Course, Lap, Look, lap};
use crate::bare::sqlite::OnSqlite;
use crate::sequential::sqlite as plain;
use crate::sync::{cut_over, sync};
use crate::{bare, fill};

/// A database in a folder that goes with it.
#[derive(Debug)]
pub(crate) struct File {
    folder: TempDir,
}

impl File {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self { folder: tempfile::tempdir()? })
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("postonce.db")
    }

    pub(crate) fn open(&self) -> Result<SqliteStore> {
        Ok(SqliteStore::open(&self.path(), &RandomIds)?)
    }

    /// Makes the tables, settles the past, and runs `statements` as another application does.
    pub(crate) async fn fill(&self, statements: &str) -> Result<()> {
        cut_over(&self.open()?).await?;
        execute(&self.path(), statements)
    }
}

fn execute(path: &Path, statements: &str) -> Result<()> {
    let mut conn = SqliteConnection::establish(&path.to_string_lossy())?;
    // The log is emptied: what follows is measured, not what this leaves behind.
    let end = "COMMIT; PRAGMA wal_checkpoint(TRUNCATE)";
    Ok(conn.batch_execute(&format!("BEGIN IMMEDIATE; {statements}; {end}"))?)
}

/// SQLite as an arena.
#[derive(Debug)]
pub(crate) struct Sqlite;

#[async_trait]
impl Arena for Sqlite {
    async fn engine(&self, course: Course) -> Result<Lap> {
        let file = File::new()?;
        file.fill(&fill::ready(course.invoices)).await?;
        let work = async {
            let store = file.open()?;
            sync(&store, course.concurrency, course.invoices).await
        };
        lap(no_server, work).await
    }

    async fn bare(&self, course: Course) -> Result<Lap> {
        let file = File::new()?;
        file.fill(&fill::ready(course.invoices)).await?;
        lap(no_server, async { bare::run(OnSqlite::open(&file.path())?, course).await }).await
    }

    async fn sequential(&self, invoices: u32) -> Result<Lap> {
        let file = File::new()?;
        plain::set_up(&file.path(), invoices)?;
        lap(no_server, async { plain::run(&file.path(), invoices) }).await
    }
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "a server may fail to answer, and this stands in for one"
)]
fn no_server() -> Result<Look> {
    Ok(Look::default())
}
