//! What every lock per key promises.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures::future::join_all;
use futures::poll;
use postonce_adapter_host::HostClock;
use postonce_adapter_memory::MemoryKeyedLock;
use postonce_adapter_mysql::{LockKind, MysqlKeyedLock};
use postonce_ports::keyed::{HeldKey, KeyedAnswer, KeyedLock};

use crate::store_contract::fixture::{Fixture as _, Mysql};

/// So long that no test sees its end.
const LONG: Duration = Duration::from_hours(1);

/// How often a key is asked for until one that was dropped is free.
const LOOKS: u32 = 1_000;

/// A lock with no key held.
#[async_trait]
trait Fixture {
    type Lock: KeyedLock + Clone + 'static;

    async fn new() -> Self;

    fn lock(&self) -> Self::Lock;

    /// The same by another way: what another process would have.
    fn other(&self) -> Self::Lock;
}

struct Memory(MemoryKeyedLock);

#[async_trait]
impl Fixture for Memory {
    type Lock = MemoryKeyedLock;

    async fn new() -> Self {
        Self(MemoryKeyedLock::new(Arc::new(HostClock)))
    }

    fn lock(&self) -> MemoryKeyedLock {
        self.0.clone()
    }

    fn other(&self) -> MemoryKeyedLock {
        self.0.clone()
    }
}

struct Server {
    // Goes last: it takes its database away.
    locks: [MysqlKeyedLock; 2],
    _database: Mysql,
}

#[async_trait]
impl Fixture for Server {
    type Lock = MysqlKeyedLock;

    async fn new() -> Self {
        let database = Mysql::with(LockKind::Named).await;
        let locks = [database.store().keyed_lock(), database.other().keyed_lock()];
        Self { locks, _database: database }
    }

    fn lock(&self) -> MysqlKeyedLock {
        self.locks[0].clone()
    }

    fn other(&self) -> MysqlKeyedLock {
        self.locks[1].clone()
    }
}

macro_rules! keyed_contract {
    ($($lock:ident: $fixture:path;)+) => { $(mod $lock { keyed_contract! { @ $fixture;
        a_held_key_is_given_to_nobody_else,
        different_keys_do_not_touch,
        keys_are_compared_byte_for_byte,
        a_waiter_is_woken_when_the_key_is_released,
        a_waiter_is_woken_when_the_key_is_dropped,
        who_waits_for_too_long_is_told_so,
        who_does_not_wait_is_told_at_once,
        a_waiter_that_goes_away_leaves_the_key_to_others,
        twenty_at_once_run_one_after_another,
        a_panic_frees_the_key,
        a_key_that_is_held_is_not_lost,
    } })+ };
    (@ $fixture:path; $($name:ident),+ $(,)?) => { $(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            super::$name(&<$fixture as super::Fixture>::new().await).await;
        }
    )+ };
}

keyed_contract! {
    memory: super::Memory;
    mysql: super::Server;
}

async fn take(lock: &impl KeyedLock, key: &str) -> Box<dyn HeldKey> {
    match lock.acquire(key, LONG).await.unwrap() {
        KeyedAnswer::Acquired(held) => held,
        KeyedAnswer::TimedOut => panic!("timed out"),
    }
}

async fn is_held(lock: &impl KeyedLock, key: &str) -> bool {
    matches!(lock.acquire(key, Duration::ZERO).await.unwrap(), KeyedAnswer::TimedOut)
}

/// Whether a key that was dropped is free: a server learns of it a moment later.
async fn is_freed(lock: &impl KeyedLock, key: &str) -> bool {
    for _ in 0..LOOKS {
        if !is_held(lock, key).await {
            return true;
        }
    }
    false
}

async fn a_held_key_is_given_to_nobody_else(fixture: &impl Fixture) {
    let (lock, other) = (fixture.lock(), fixture.other());
    let held = take(&lock, "order 1").await;
    assert!(is_held(&lock, "order 1").await && is_held(&other, "order 1").await);
    held.release().await.unwrap();
    take(&other, "order 1").await.release().await.unwrap();
    take(&lock, "order 1").await.release().await.unwrap();
}

async fn different_keys_do_not_touch(fixture: &impl Fixture) {
    let (lock, other) = (fixture.lock(), fixture.other());
    let held = [take(&lock, "1").await, take(&lock, "2").await, take(&other, "3").await];
    for key in ["1", "2", "3"] {
        assert!(is_held(&lock, key).await && is_held(&other, key).await);
    }
    for held in held {
        held.release().await.unwrap();
    }
}

async fn keys_are_compared_byte_for_byte(fixture: &impl Fixture) {
    let (lock, other) = (fixture.lock(), fixture.other());
    let long = "x".repeat(1_000);
    let longer = format!("{long}y");
    // The second e with an accent is made of two characters.
    let keys = ["a", "A", "a ", " a", "", "é", "e\u{301}", "É", "ß", "ss", "🧾", &long, &longer];
    let mut held = Vec::new();
    for key in keys {
        held.push(take(&lock, key).await);
        assert!(is_held(&other, key).await, "{key}");
    }
    for held in held {
        held.release().await.unwrap();
    }
}

async fn a_waiter_is_woken_when_the_key_is_released(fixture: &impl Fixture) {
    for other in [fixture.lock(), fixture.other()] {
        let held = take(&fixture.lock(), "order 1").await;
        let mut waiting = Box::pin(take(&other, "order 1"));
        assert!(poll!(&mut waiting).is_pending());
        held.release().await.unwrap();
        waiting.await.release().await.unwrap();
    }
}

async fn a_waiter_is_woken_when_the_key_is_dropped(fixture: &impl Fixture) {
    for other in [fixture.lock(), fixture.other()] {
        let held = take(&fixture.lock(), "order 1").await;
        let waiter = tokio::spawn(async move { take(&other, "order 1").await.release().await });
        drop(held);
        waiter.await.unwrap().unwrap();
    }
}

async fn who_waits_for_too_long_is_told_so(fixture: &impl Fixture) {
    let held = take(&fixture.lock(), "order 1").await;
    for lock in [fixture.lock(), fixture.other()] {
        let answer = lock.acquire("order 1", Duration::from_millis(30)).await.unwrap();
        assert!(matches!(answer, KeyedAnswer::TimedOut));
    }
    held.release().await.unwrap();
    assert!(is_freed(&fixture.other(), "order 1").await);
}

async fn who_does_not_wait_is_told_at_once(fixture: &impl Fixture) {
    let held = take(&fixture.lock(), "order 1").await;
    assert!(is_held(&fixture.lock(), "order 1").await);
    assert!(is_held(&fixture.other(), "order 1").await);
    held.release().await.unwrap();
    assert!(!is_held(&fixture.other(), "order 1").await);
}

async fn a_waiter_that_goes_away_leaves_the_key_to_others(fixture: &impl Fixture) {
    for lock in [fixture.lock(), fixture.other()] {
        let held = take(&fixture.lock(), "order 1").await;
        let away = tokio::spawn(async move { drop(take(&lock, "order 1").await) });
        away.abort();
        assert!(away.await.unwrap_err().is_cancelled());
        held.release().await.unwrap();
        take(&fixture.other(), "order 1").await.release().await.unwrap();
    }
}

async fn twenty_at_once_run_one_after_another(fixture: &impl Fixture) {
    let locks = [fixture.lock(), fixture.other()];
    let (inside, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let tasks = (0..20).map(|n| {
        let (lock, inside, count) = (locks[n % 2].clone(), inside.clone(), count.clone());
        tokio::spawn(async move {
            let held = take(&lock, "order 1").await;
            assert!(!inside.swap(true, Ordering::SeqCst), "two at once");
            tokio::task::yield_now().await;
            count.fetch_add(1, Ordering::SeqCst);
            inside.store(false, Ordering::SeqCst);
            held.release().await.unwrap();
        })
    });
    let tasks: Vec<_> = tasks.collect();
    for task in join_all(tasks).await {
        task.unwrap();
    }
    assert_eq!(count.load(Ordering::SeqCst), 20);
}

async fn a_panic_frees_the_key(fixture: &impl Fixture) {
    let held = take(&fixture.lock(), "order 1").await;
    let panicked = tokio::spawn(async move {
        let _held = held;
        panic!("the work has a bug");
    });
    assert!(panicked.await.unwrap_err().is_panic());
    assert!(is_freed(&fixture.other(), "order 1").await);
}

async fn a_key_that_is_held_is_not_lost(fixture: &impl Fixture) {
    let held = take(&fixture.lock(), "order 1").await;
    assert!(!held.is_lost());
    held.release().await.unwrap();
}
