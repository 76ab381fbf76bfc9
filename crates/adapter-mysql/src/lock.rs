//! The run lock: a named lock of the server, or a lease that its holder renews.
//!
//! Both live on a connection of their own outside of every pool, in a task of their own, `keeper`.
//! What that task knows of the hold is in `watch`; it never takes a lock again that it has lost.

mod epoch;
mod holder;
pub(crate) mod keeper;
pub(crate) mod lease;
pub(crate) mod line;
mod local;
mod name;
pub(crate) mod named;
pub(crate) mod watch;

use std::time::Duration;

use async_trait::async_trait;
use diesel::result::Error as DriverError;
use postonce_ports::lock::{LockAnswer, LockError, LockState, RunLock};

use crate::error::{Trouble, classify};
use crate::lock::line::Line;
use crate::session::Target;
use crate::{LockKind, LockOptions, MysqlStore};

/// The shortest time without a sign of life after which a holder counts as gone. A server counts
/// whole seconds, and three proofs have to fit.
const SHORTEST: Duration = Duration::from_secs(2);

/// The longest.
const LONGEST: Duration = Duration::from_secs(30 * 60);

#[async_trait]
impl RunLock for MysqlStore {
    async fn try_acquire(&self) -> Result<LockAnswer, LockError> {
        let (target, options) = (&self.inner.target, &self.inner.lock);
        check(options)?;
        match options.kind {
            LockKind::Named => named::try_acquire(target, options).await,
            LockKind::Lease => lease::try_acquire(target, options).await,
        }
    }

    async fn state(&self) -> Result<LockState, LockError> {
        let (target, options) = (&self.inner.target, &self.inner.lock);
        check(options)?;
        let mut line = Line::open(target).await?;
        match options.kind {
            LockKind::Named => named::state(&mut line, target, &options.name).await,
            LockKind::Lease => lease::state(&mut line, target, &options.name).await,
        }
    }
}

/// Refuses settings under which the lock would not do what it promises.
pub(crate) fn check(options: &LockOptions) -> Result<(), LockError> {
    name::check(&options.name).map_err(unavailable)?;
    let timeout = options.timeout;
    if (SHORTEST..=LONGEST).contains(&timeout) && timeout.subsec_nanos() == 0 {
        return Ok(());
    }
    Err(unavailable(format!(
        "the lock's timeout of {timeout:?} is not a whole number of seconds from {} to {}; \
         correct it",
        SHORTEST.as_secs(),
        LONGEST.as_secs()
    )))
}

pub(crate) fn unavailable(message: impl Into<String>) -> LockError {
    LockError::Unavailable { message: message.into(), source: None }
}

/// What a connection that is not made means for a lock.
fn refused(error: crate::OpenError) -> LockError {
    LockError::Unavailable { message: error.to_string(), source: Some(Box::new(error)) }
}

/// What a statement that failed means for a lock that is not held yet.
pub(crate) fn failed(target: &Target, error: DriverError) -> LockError {
    let error = crate::error::unavailable(target, error);
    LockError::Unavailable { message: error.to_string(), source: Some(Box::new(error)) }
}

/// Whether others were in the way, so that trying again is worth it. Nothing was changed.
pub(crate) fn is_in_the_way(error: &DriverError) -> bool {
    matches!(classify(error), Trouble::Deadlock | Trouble::LockWait | Trouble::Conflict)
}

/// For how many seconds a row that is not free is waited for: so few that a hold is proven in time.
fn row_wait(timeout: Duration) -> u64 {
    (timeout / 6).as_secs().clamp(1, 5)
}

/// For a column of whole numbers. No time or count of ours is beyond it.
fn whole(number: u128) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
pub(crate) mod tests;
