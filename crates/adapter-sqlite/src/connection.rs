//! Connections, and the one way in which a transaction is run.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::pin::Pin;

use diesel::connection::SimpleConnection;
use diesel::sqlite::SqliteConnection;
use diesel::{Connection, QueryResult};
use diesel_async::sync_connection_wrapper::{SpawnBlocking, SyncConnectionWrapper};
use postonce_ports::error::{BoxError, StoreError};

use crate::SqliteStore;
use crate::error::{OpenError, Step, StepError, is_busy, unavailable};

pub(crate) type AsyncSqlite = SyncConnectionWrapper<SqliteConnection, Detached>;

/// Runs work on tokio's threads for blocking work, and lets it run on when nobody waits for it.
///
/// The driver's own way blocks the thread of whoever drops a future until the work is done, and
/// panics on a runtime of one thread.
pub(crate) struct Detached;

impl SpawnBlocking for Detached {
    fn spawn_blocking<'a, R>(
        &mut self,
        task: impl FnOnce() -> R + Send + 'static,
    ) -> BoxFuture<'a, Result<R, BoxError>>
    where
        R: Send + 'static,
    {
        let task = tokio::task::spawn_blocking(task);
        Box::pin(async move { task.await.map_err(BoxError::from) })
    }

    fn get_runtime() -> Self {
        Self
    }
}

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// How many reads may go on at once.
pub(crate) const READERS: usize = 3;

/// How a step of a write ends that did not fail.
pub(crate) enum End<T> {
    /// What was changed counts.
    Keep(T),
    /// Nothing was changed, or nothing is to count.
    Undo(T),
}

/// Why a write did not answer.
pub(crate) enum WriteError {
    /// Nothing was changed.
    NotDone(StoreError),
    /// Nobody knows whether it counts: the commit failed in a way that proves nothing.
    Unknown(BoxError),
}

impl SqliteStore {
    /// Runs `work` in a transaction of its own and keeps or undoes what it did.
    ///
    /// It runs to its end even if the caller goes away; a write that comes while it runs waits.
    pub(crate) async fn write_or_unknown<T, F>(&self, work: F) -> Result<T, WriteError>
    where
        T: Send + 'static,
        F: FnOnce(&mut SqliteConnection) -> Step<End<T>> + Send + 'static,
    {
        let mut writer = self.inner.writer.lock().await;
        let done = writer.spawn_blocking(move |conn| Ok(transact(conn, work))).await;
        match done {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(Failed::Before(error))) => Err(WriteError::NotDone(self.trouble(error))),
            // A busy database has not begun to commit.
            Ok(Err(Failed::AtCommit(error))) if is_busy(&error) => {
                Err(WriteError::NotDone(unavailable(&self.inner.path, error)))
            }
            // A thread that did not answer proves as little: the runtime is going down.
            Ok(Err(Failed::AtCommit(error))) | Err(error) => {
                Err(WriteError::Unknown(Box::new(error)))
            }
        }
    }

    /// The same for callers that may simply try again: what they write twice counts once.
    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut SqliteConnection) -> Step<End<T>> + Send + 'static,
    {
        self.write_or_unknown(work).await.map_err(|error| match error {
            WriteError::NotDone(error) => error,
            WriteError::Unknown(source) => StoreError::Unavailable {
                message: format!(
                    "{}: it is not known whether a change was kept: {source}",
                    self.inner.path.display()
                ),
                source: Some(source),
            },
        })
    }

    /// Runs `work` on one snapshot of the database, beside any writer.
    pub(crate) async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut SqliteConnection) -> Step<T> + Send + 'static,
    {
        let [first, others @ ..] = &self.inner.readers;
        let free = others.iter().find_map(|reader| reader.try_lock().ok());
        let mut reader = match free {
            Some(reader) => reader,
            None => first.lock().await,
        };
        let done = reader.spawn_blocking(move |conn| Ok(snapshot(conn, work))).await;
        match done {
            Ok(answer) => answer.map_err(|error| self.trouble(error)),
            Err(error) => Err(unavailable(&self.inner.path, error)),
        }
    }

    pub(crate) fn trouble(&self, error: StepError) -> StoreError {
        error.into_store_error(&self.inner.path)
    }
}

/// What makes a commit outlive a power cut, and lines and invoices stay together.
pub(crate) const SAFETY: &str =
    "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;";

/// A connection that may write.
pub(crate) fn connect(path: &Path) -> Result<SqliteConnection, OpenError> {
    // The timeout comes first: the switch to WAL itself may have to wait for another process. It is
    // longer than the import of a hundred thousand invoices, which is one transaction. Cache and log
    // hold the pages that every claim touches, so that many invoices cost no more than few.
    let mut conn = settle_in(path, "PRAGMA busy_timeout = 60000;")?;
    let room = "PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = 4000;";
    write_ahead(&mut conn)
        .and_then(|()| conn.batch_execute(&format!("{SAFETY} {room}")))
        .map_err(|error| OpenError::from_step(path, error.into()))?;
    Ok(conn)
}

/// Switches to WAL.
///
/// Of several that make this switch at once, SQLite tells some that the database is locked without
/// waiting; a transaction does wait for it.
fn write_ahead(conn: &mut SqliteConnection) -> QueryResult<()> {
    const TRIES: u32 = 100;
    for _ in 1..TRIES {
        match conn.batch_execute("PRAGMA journal_mode = WAL") {
            Err(error) if is_busy(&error) => conn.batch_execute("BEGIN IMMEDIATE; ROLLBACK")?,
            done => return done,
        }
    }
    conn.batch_execute("PRAGMA journal_mode = WAL")
}

/// A connection that reads.
pub(crate) fn connect_reader(path: &Path) -> Result<SqliteConnection, OpenError> {
    settle_in(path, "PRAGMA busy_timeout = 5000; PRAGMA query_only = ON;")
}

fn settle_in(path: &Path, settings: &str) -> Result<SqliteConnection, OpenError> {
    let url = path.to_str().ok_or_else(|| OpenError::PathNotText { path: path.to_path_buf() })?;
    let mut conn = SqliteConnection::establish(url)
        .map_err(|source| OpenError::Connection { path: path.to_path_buf(), source })?;
    conn.batch_execute(settings).map_err(|error| OpenError::from_step(path, error.into()))?;
    Ok(conn)
}

/// Runs one write while nobody else has the connection yet.
pub(crate) fn run<T>(
    conn: &mut SqliteConnection,
    work: impl FnOnce(&mut SqliteConnection) -> Step<T>,
) -> Step<T> {
    match transact(conn, |conn| work(conn).map(End::Keep)) {
        Ok(value) => Ok(value),
        Err(Failed::Before(error)) => Err(error),
        Err(Failed::AtCommit(error)) => Err(error.into()),
    }
}

enum Failed {
    Before(StepError),
    AtCommit(diesel::result::Error),
}

fn transact<T>(
    conn: &mut SqliteConnection,
    work: impl FnOnce(&mut SqliteConnection) -> Step<End<T>>,
) -> Result<T, Failed> {
    conn.batch_execute("BEGIN IMMEDIATE").map_err(|error| Failed::Before(error.into()))?;
    match caught(conn, work) {
        Ok(End::Keep(value)) => match conn.batch_execute("COMMIT") {
            Ok(()) => Ok(value),
            Err(error) => {
                roll_back(conn);
                Err(Failed::AtCommit(error))
            }
        },
        Ok(End::Undo(value)) => {
            roll_back(conn);
            Ok(value)
        }
        Err(error) => {
            roll_back(conn);
            Err(Failed::Before(error))
        }
    }
}

fn snapshot<T>(
    conn: &mut SqliteConnection,
    work: impl FnOnce(&mut SqliteConnection) -> Step<T>,
) -> Step<T> {
    conn.batch_execute("BEGIN")?;
    let answer = caught(conn, work);
    roll_back(conn);
    answer
}

/// A panic must not leave a transaction open that a later call would run inside.
fn caught<T>(
    conn: &mut SqliteConnection,
    work: impl FnOnce(&mut SqliteConnection) -> Step<T>,
) -> Step<T> {
    catch_unwind(AssertUnwindSafe(|| work(conn))).unwrap_or_else(|panic| {
        let message = panic_message(&*panic);
        Err(StoreError::unavailable(format!("a bug stopped the transaction: {message}")).into())
    })
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

fn roll_back(conn: &mut SqliteConnection) {
    // SQLite may have rolled back by itself; then there is nothing left to roll back.
    let rolled_back: QueryResult<()> = conn.batch_execute("ROLLBACK");
    drop(rolled_back);
}
