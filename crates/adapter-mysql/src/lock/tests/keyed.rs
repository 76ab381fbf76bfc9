//! What is true of keys on a server alone. What every keyed lock does is in the contract suite.

use std::time::Duration;

use futures::future::join_all;
use postonce_ports::keyed::{KeyedAnswer, KeyedLock as _};
use postonce_ports::lock::LockError;

use super::scene::{LONG, SHORT, kill, number, options, store};
use crate::LockKind;

const PATIENCE: Duration = Duration::from_secs(120);

/// Sessions that hold or wait for a key's lock. Other tests' are among them: each has its server.
async fn sessions(options: &crate::Options) -> i64 {
    let sql = format!(
        "SELECT COUNT(*) FROM information_schema.processlist WHERE db = '{}' AND id <> CONNECTION_ID()",
        options.lock.name
    );
    number(options, &sql).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_waiters_for_one_key_have_one_session() {
    let options = options(LockKind::Named, LONG).await;
    let lock = store(&options).await.keyed_lock();
    let KeyedAnswer::Acquired(held) = lock.acquire("order 1", PATIENCE).await.unwrap() else {
        panic!("timed out")
    };
    let waiters = (0..20).map(|_| {
        let lock = lock.clone();
        tokio::spawn(async move {
            match lock.acquire("order 1", PATIENCE).await.unwrap() {
                KeyedAnswer::Acquired(held) => held.release().await.unwrap(),
                KeyedAnswer::TimedOut => panic!("timed out"),
            }
        })
    });
    let waiters: Vec<_> = waiters.collect();
    // One that holds it; the store keeps one or none.
    assert!(sessions(&options).await <= 3);
    held.release().await.unwrap();
    for waiter in join_all(waiters).await {
        waiter.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_session_loses_its_key() {
    let options = options(LockKind::Named, SHORT).await;
    let lock = store(&options).await.keyed_lock();
    let KeyedAnswer::Acquired(held) = lock.acquire("order 1", PATIENCE).await.unwrap() else {
        panic!("timed out")
    };
    let ids = format!(
        "SELECT MAX(id) FROM information_schema.processlist WHERE db = '{}' AND id <> CONNECTION_ID()",
        options.lock.name
    );
    let id = number(&options, &ids).await.and_then(|id| u64::try_from(id).ok());
    kill(&options, id).await;
    assert!(matches!(held.release().await, Err(LockError::Lost)));
    let again = lock.acquire("order 1", PATIENCE).await.unwrap();
    assert!(matches!(again, KeyedAnswer::Acquired(_)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_keys_than_sessions_is_an_error_and_no_wait_without_end() {
    let options = options(LockKind::Named, LONG).await;
    let lock = store(&options).await.keyed_lock();
    let mut held = Vec::new();
    for key in 0..16 {
        held.push(lock.acquire(&key.to_string(), PATIENCE).await.unwrap());
    }
    let one_more = lock.acquire("one more", Duration::ZERO).await;
    assert!(matches!(one_more, Err(LockError::Unavailable { .. })));
    drop(held);
    let one_more = lock.acquire("one more", PATIENCE).await.unwrap();
    assert!(matches!(one_more, KeyedAnswer::Acquired(_)));
}

/// The dropped waiter's statement ends with its slice, and what it was given is free again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_waiter_that_goes_away_does_not_get_the_key() {
    let options = options(LockKind::Named, LONG).await;
    let [one, two] = [store(&options).await.keyed_lock(), store(&options).await.keyed_lock()];
    let KeyedAnswer::Acquired(held) = one.acquire("order 1", PATIENCE).await.unwrap() else {
        panic!("timed out")
    };
    for millis in [0, 1, 20, 1_100] {
        let wait = Duration::from_millis(millis);
        let answer = two.acquire("order 1", wait).await.unwrap();
        assert!(matches!(answer, KeyedAnswer::TimedOut), "{millis}");
    }
    held.release().await.unwrap();
    let answer = one.acquire("order 1", PATIENCE).await.unwrap();
    assert!(matches!(answer, KeyedAnswer::Acquired(_)));
}
