//! A lock per key: a line of tickets for each, of which the first one holds it.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use postonce_ports::clock::Clock;
use postonce_ports::keyed::{HeldKey, KeyedAnswer, KeyedLock};
use postonce_ports::lock::LockError;

/// Excludes per key among its clones. Who came first is served first.
#[derive(Clone)]
pub struct MemoryKeyedLock {
    lines: Arc<Mutex<Lines>>,
    clock: Arc<dyn Clock>,
}

#[derive(Default)]
struct Lines {
    /// How many tickets were given out.
    given: u64,
    by_key: BTreeMap<String, VecDeque<Ticket>>,
}

struct Ticket {
    number: u64,
    waker: Option<Waker>,
}

impl MemoryKeyedLock {
    /// A lock that nobody holds; waiting is by `clock`.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { lines: Arc::default(), clock }
    }

    fn line_up(&self, key: &str) -> Place {
        let mut lines = lock(&self.lines);
        lines.given += 1;
        let number = lines.given;
        let line = lines.by_key.entry(key.to_owned()).or_default();
        line.push_back(Ticket { number, waker: None });
        Place { lines: self.lines.clone(), key: key.to_owned(), number }
    }
}

impl fmt::Debug for MemoryKeyedLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryKeyedLock").finish_non_exhaustive()
    }
}

#[async_trait]
impl KeyedLock for MemoryKeyedLock {
    async fn acquire(&self, key: &str, wait: Duration) -> Result<KeyedAnswer, LockError> {
        let place = self.line_up(key);
        let mut time_is_up = self.clock.sleep(wait);
        let first = poll_fn(|context| {
            if place.is_first(context.waker()) {
                return Poll::Ready(true);
            }
            if wait.is_zero() {
                return Poll::Ready(false);
            }
            time_is_up.as_mut().poll(context).map(|()| false)
        });
        if first.await {
            Ok(KeyedAnswer::Acquired(Box::new(place)))
        } else {
            Ok(KeyedAnswer::TimedOut)
        }
    }
}

/// A place in a line; whoever leaves it lets the next one move up.
struct Place {
    lines: Arc<Mutex<Lines>>,
    key: String,
    number: u64,
}

impl Place {
    /// Whether it is the first; if not, `waker` is told when it is.
    fn is_first(&self, waker: &Waker) -> bool {
        let mut lines = lock(&self.lines);
        let Some(line) = lines.by_key.get_mut(&self.key) else { return false };
        let place = line.iter().position(|ticket| ticket.number == self.number);
        if let Some(ticket) = place.and_then(|place| line.get_mut(place)) {
            ticket.waker = Some(waker.clone());
        }
        place == Some(0)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut lines = lock(&self.lines);
        let Some(line) = lines.by_key.get_mut(&self.key) else { return };
        line.retain(|ticket| ticket.number != self.number);
        let next = line.front_mut().and_then(|first| first.waker.take());
        if line.is_empty() {
            lines.by_key.remove(&self.key);
        }
        drop(lines);
        if let Some(next) = next {
            next.wake();
        }
    }
}

#[async_trait]
impl HeldKey for Place {
    fn is_lost(&self) -> bool {
        false
    }

    async fn release(self: Box<Self>) -> Result<(), LockError> {
        Ok(())
    }
}

fn lock(lines: &Mutex<Lines>) -> MutexGuard<'_, Lines> {
    // Nothing that is done under this lock can panic half-way.
    lines.lock().unwrap_or_else(PoisonError::into_inner)
}
