//! What this process holds: two stores of one process exclude each other even where something
//! between them and the server makes one session of two, in which a lock would be taken twice.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The server's identity and the lock's name on it.
type Key = (String, String);

static HELD: Mutex<BTreeSet<Key>> = Mutex::new(BTreeSet::new());

/// A name that this process holds, or is about to, until this is dropped.
#[derive(Debug)]
pub(crate) struct Reserved {
    key: Key,
}

/// Reserves a name on a server; `None` if somebody in this process has it.
pub(crate) fn reserve(server: &str, name: &str) -> Option<Reserved> {
    let key = (server.to_owned(), name.to_owned());
    let is_new = held().insert(key.clone());
    // Only who has it may make the value that frees it.
    is_new.then(|| Reserved { key })
}

impl Drop for Reserved {
    fn drop(&mut self) {
        held().remove(&self.key);
    }
}

fn held() -> MutexGuard<'static, BTreeSet<Key>> {
    // Nothing that is done under this lock can panic half-way.
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_reserved_once_per_server_until_it_is_dropped() {
        let first = reserve("server a", "sync");
        assert!(first.is_some());
        assert!(reserve("server a", "sync").is_none());
        assert!(reserve("server b", "sync").is_some());
        assert!(reserve("server a", "other").is_some());
        drop(first);
        assert!(reserve("server a", "sync").is_some());
    }
}
