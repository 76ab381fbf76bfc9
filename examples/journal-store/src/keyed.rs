//! A lock per key, within the process that has the journal.

use std::collections::{HashMap, HashSet};
use std::future::poll_fn;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use postonce_ports::keyed::{HeldKey, KeyedAnswer, KeyedLock};
use postonce_ports::lock::LockError;

use crate::{JournalStore, locked};

/// The keys that are held, and who waits for which.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    held: HashSet<String>,
    waiting: HashMap<u64, (String, Waker)>,
    tickets: u64,
}

#[async_trait]
impl KeyedLock for JournalStore {
    async fn acquire(&self, key: &str, wait: Duration) -> Result<KeyedAnswer, LockError> {
        let wish = Wish::new(self, key);
        let mut timeout = self.0.clock.sleep(wait);
        poll_fn(move |context| {
            if let Some(held) = wish.take(context) {
                return Poll::Ready(Ok(KeyedAnswer::Acquired(Box::new(held))));
            }
            if wait.is_zero() || timeout.as_mut().poll(context).is_ready() {
                return Poll::Ready(Ok(KeyedAnswer::TimedOut));
            }
            Poll::Pending
        })
        .await
    }
}

/// Somebody who waits. It leaves nothing behind when it goes.
struct Wish<'a> {
    store: &'a JournalStore,
    key: &'a str,
    ticket: u64,
}

impl<'a> Wish<'a> {
    fn new(store: &'a JournalStore, key: &'a str) -> Self {
        let mut keys = locked(&store.0.keys);
        keys.tickets += 1;
        Self { store, key, ticket: keys.tickets }
    }

    /// Takes the key if it is free, and waits to be woken if it is not.
    fn take(&self, context: &Context<'_>) -> Option<Key> {
        let mut keys = locked(&self.store.0.keys);
        if keys.held.insert(self.key.to_owned()) {
            return Some(Key { store: self.store.clone(), key: self.key.to_owned() });
        }
        keys.waiting.insert(self.ticket, (self.key.to_owned(), context.waker().clone()));
        None
    }
}

impl Drop for Wish<'_> {
    fn drop(&mut self) {
        locked(&self.store.0.keys).waiting.remove(&self.ticket);
    }
}

/// A key while it is ours.
struct Key {
    store: JournalStore,
    key: String,
}

#[async_trait]
impl HeldKey for Key {
    fn is_lost(&self) -> bool {
        false
    }

    async fn release(self: Box<Self>) -> Result<(), LockError> {
        Ok(())
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        let mut keys = locked(&self.store.0.keys);
        keys.held.remove(&self.key);
        // All of them: one that is woken may be gone before it looks.
        let waiting = keys.waiting.values().filter(|(key, _)| *key == self.key);
        let wakers: Vec<_> = waiting.map(|(_, waker)| waker.clone()).collect();
        drop(keys);
        wakers.into_iter().for_each(Waker::wake);
    }
}
