//! A connection that is closed for certain when it is dropped.

use std::ops::{Deref, DerefMut};
use std::thread;
use std::time::Duration;

use diesel_async::{AsyncMysqlConnection, SimpleAsyncConnection as _};
use postonce_ports::lock::LockError;

use super::{failed, refused, row_wait};
use crate::session::{Target, connect};

/// A connection on which a lock may live.
///
/// The driver hands a connection that is dropped to a task, which first waits for the rest of an
/// answer that may never come: what was dropped half-way through a statement can stay open, with
/// its lock. Only outside of the runtime it closes the socket instead, and so that is done there.
pub(crate) struct Line {
    conn: Option<AsyncMysqlConnection>,
}

impl Line {
    pub(crate) async fn open(target: &Target) -> Result<Self, LockError> {
        let conn = connect(target).await.map_err(refused)?;
        Ok(Self { conn: Some(conn) })
    }

    /// Opens one that the server ends after `timeout` without a statement. What a host that
    /// vanishes leaves there, a lock or a row, is free again by then.
    pub(crate) async fn watched(target: &Target, timeout: Duration) -> Result<Self, LockError> {
        let mut line = Self::open(target).await?;
        let settings = format!(
            "SET SESSION wait_timeout = {}, innodb_lock_wait_timeout = {}, autocommit = 1",
            timeout.as_secs(),
            row_wait(timeout)
        );
        line.batch_execute(&settings).await.map_err(|error| failed(target, error))?;
        Ok(line)
    }
}

impl Deref for Line {
    type Target = AsyncMysqlConnection;

    fn deref(&self) -> &AsyncMysqlConnection {
        self.conn.as_ref().expect("it is there until this is dropped")
    }
}

impl DerefMut for Line {
    fn deref_mut(&mut self) -> &mut AsyncMysqlConnection {
        self.conn.as_mut().expect("it is there until this is dropped")
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Some(conn) = self.conn.take() {
            // If there is no thread to be had it is dropped here, which is the driver's way.
            let closing = thread::Builder::new().spawn(move || drop(conn));
            drop(closing.map(thread::JoinHandle::join));
        }
    }
}
