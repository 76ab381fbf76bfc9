//! A lock per key, by the server's named locks.
//!
//! Who wants a key stands in a line within the process first, so that of all of them only the
//! foremost has a session and asks the server. The server wakes it.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use async_trait::async_trait;
use postonce_ports::keyed::{HeldKey, KeyedAnswer, KeyedLock};
use postonce_ports::lock::LockError;
use sha2::{Digest as _, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout, timeout_at};

use crate::lock::keeper::Kept;
use crate::lock::named::NamedSession;
use crate::lock::watch::boot;
use crate::lock::{check, unavailable};
use crate::session::Target;
use crate::{LockOptions, MysqlStore};

/// Sessions for keys that are held or waited for, at most.
pub(crate) const SESSIONS: usize = 16;

/// For how many seconds one statement waits. The server goes on with it when the one who waits has
/// gone, so they are many short ones.
const SLICE: u32 = 1;

/// How often a key is tried to be taken without waiting: what a waiter that has gone still asked
/// for is given to it for an instant.
const TRIES: u32 = 3;

/// Excludes per key on one database of a server. Clones share their place in line.
#[derive(Clone)]
pub struct MysqlKeyedLock {
    target: Target,
    options: LockOptions,
    lines: Arc<Lines>,
}

struct Lines {
    by_key: Mutex<HashMap<String, Weak<Semaphore>>>,
    sessions: Arc<Semaphore>,
}

impl MysqlStore {
    /// Locks for keys. A key whose holder dies is free after the run lock's timeout at the latest.
    pub fn keyed_lock(&self) -> MysqlKeyedLock {
        let (target, options) = (self.inner.target.clone(), self.inner.lock.clone());
        let sessions = Arc::new(Semaphore::new(SESSIONS));
        let lines = Arc::new(Lines { by_key: Mutex::default(), sessions });
        MysqlKeyedLock { target, options, lines }
    }
}

impl fmt::Debug for MysqlKeyedLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MysqlKeyedLock").field("target", &self.target).finish_non_exhaustive()
    }
}

#[async_trait]
impl KeyedLock for MysqlKeyedLock {
    async fn acquire(&self, key: &str, wait: Duration) -> Result<KeyedAnswer, LockError> {
        check(&self.options)?;
        let until = Instant::now() + wait;
        let Ok(turn) = timeout_at(until, self.lines.turn(key)).await else {
            return Ok(KeyedAnswer::TimedOut);
        };
        let permit = timeout_at(until, permit(self.lines.sessions.clone())).await;
        let permit = permit.map_err(|_time_is_up| {
            unavailable(format!("{SESSIONS} other keys are held or waited for here already"))
        })?;
        let name = lock_name(self.target.database(), key);
        let mut session = NamedSession::open(&self.target, self.options.timeout).await?;
        let Some(sent) = take(&mut session, &name, until, wait.is_zero()).await? else {
            return Ok(KeyedAnswer::TimedOut);
        };
        let kept = Box::new(session.keep(&name, name.clone(), sent, None));
        Ok(KeyedAnswer::Acquired(Box::new(Key { kept, _permit: permit, _turn: turn })))
    }
}

/// Takes the lock before `until`, and says when the statement was sent that did.
async fn take(
    session: &mut NamedSession,
    name: &str,
    until: Instant,
    at_once: bool,
) -> Result<Option<Duration>, LockError> {
    if at_once {
        for _ in 0..TRIES {
            let sent = boot();
            if session.take(name, 0).await? {
                return Ok(Some(sent));
            }
        }
        return Ok(None);
    }
    loop {
        let (sent, left) = (boot(), until.saturating_duration_since(Instant::now()));
        let Ok(taken) = timeout(left, session.take(name, SLICE)).await else {
            // The statement runs on for the rest of its slice, and its session ends after it.
            return Ok(None);
        };
        if taken? {
            return Ok(Some(sent));
        }
    }
}

impl Lines {
    /// Waits until everybody who asked for the key before has gone.
    async fn turn(&self, key: &str) -> OwnedSemaphorePermit {
        permit(self.line(key)).await
    }

    fn line(&self, key: &str) -> Arc<Semaphore> {
        // Nothing that is done under this lock can panic half-way.
        let mut lines = self.by_key.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = lines.get(key).and_then(Weak::upgrade) {
            return line;
        }
        lines.retain(|_, line| line.strong_count() > 0);
        let line = Arc::new(Semaphore::new(1));
        lines.insert(key.to_owned(), Arc::downgrade(&line));
        line
    }
}

async fn permit(semaphore: Arc<Semaphore>) -> OwnedSemaphorePermit {
    semaphore.acquire_owned().await.expect("nobody closes this semaphore")
}

/// The server's name for a key of a database: short, and the same for the same bytes only.
fn lock_name(database: &str, key: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(database.len().to_be_bytes());
    hash.update(database);
    hash.update(key);
    let mut half = [0; 16];
    half.copy_from_slice(&hash.finalize()[..16]);
    format!("postonce_key_{:032x}", u128::from_be_bytes(half))
}

/// A key that is held.
struct Key {
    // In this order: the next one's turn begins when the lock is on its way to be free.
    kept: Box<Kept>,
    _permit: OwnedSemaphorePermit,
    _turn: OwnedSemaphorePermit,
}

#[async_trait]
impl HeldKey for Key {
    fn is_lost(&self) -> bool {
        HeldKey::is_lost(&*self.kept)
    }

    async fn release(self: Box<Self>) -> Result<(), LockError> {
        let Self { kept, _permit, _turn } = *self;
        HeldKey::release(kept).await
    }
}

#[cfg(test)]
mod tests {
    use super::lock_name;

    #[test]
    fn a_name_is_of_database_and_key_byte_for_byte() {
        let name = lock_name("shop", "order 1");
        assert_eq!(name.len(), 45);
        assert!(name.starts_with("postonce_key_"));
        assert_eq!(name, lock_name("shop", "order 1"));
        for (database, key) in
            [("shop", "Order 1"), ("shop", "order 1 "), ("Shop", "order 1"), ("shopo", "rder 1")]
        {
            assert_ne!(name, lock_name(database, key));
        }
    }
}
