//! The sessions that a store shares: at most so many, kept between transactions.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use diesel_async::{AsyncMysqlConnection, SimpleAsyncConnection};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use crate::error::OpenError;
use crate::session::{Target, connect};

/// How many transactions may go on at once. On two cores nothing is gained beyond.
pub(crate) const SESSIONS: usize = 16;

/// A session that was not used for so long is not trusted: the server ends it soon.
const IDLE_LIMIT: Duration = Duration::from_secs(40);

/// Sessions with autocommit off: the first statement of a transaction begins it.
pub(crate) struct Pool {
    target: Target,
    permits: Semaphore,
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    session: AsyncMysqlConnection,
    since: Instant,
}

/// The right to use one session at a time.
pub(crate) struct Seat<'a> {
    pool: &'a Pool,
    _permit: SemaphorePermit<'a>,
}

impl Pool {
    pub(crate) fn new(target: Target) -> Self {
        Self { target, permits: Semaphore::new(SESSIONS), idle: Mutex::default() }
    }

    /// Waits until fewer than [`SESSIONS`] others are at work.
    pub(crate) async fn seat(&self) -> Seat<'_> {
        let permit = self.permits.acquire().await;
        let permit = permit.unwrap_or_else(|_| unreachable!("the semaphore is never closed"));
        Seat { pool: self, _permit: permit }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat<'_> {
    /// A session without an open transaction, kept or new. It may turn out to be dead.
    pub(crate) async fn session(&self) -> Result<AsyncMysqlConnection, OpenError> {
        let kept = self.pool.idle().pop();
        match kept.filter(|kept| kept.since.elapsed() < IDLE_LIMIT) {
            Some(kept) => Ok(kept.session),
            None => self.new_session().await,
        }
    }

    /// A new session. Those that are kept are closed: what ended one has likely ended all.
    pub(crate) async fn fresh_session(&self) -> Result<AsyncMysqlConnection, OpenError> {
        self.pool.idle().clear();
        self.new_session().await
    }

    /// Keeps a session whose last transaction has ended for certain. Any other is dropped instead.
    pub(crate) fn keep(&self, session: AsyncMysqlConnection) {
        self.pool.idle().push(Idle { session, since: Instant::now() });
    }

    async fn new_session(&self) -> Result<AsyncMysqlConnection, OpenError> {
        let mut session = connect(&self.pool.target).await?;
        let off = session.batch_execute("SET autocommit = 0").await;
        off.map_err(|error| OpenError::driver(&self.pool.target, error))?;
        Ok(session)
    }
}
