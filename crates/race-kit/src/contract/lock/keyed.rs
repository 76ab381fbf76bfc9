//! What every lock per key promises.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use futures::poll;
use postonce_ports::keyed::{HeldKey, KeyedAnswer, KeyedLock};

use crate::contract::Fixture;
use crate::contract::runtime::{at_once, spawn, step_aside};
use crate::contract::scene::LONG;

/// How often a key is asked for until one that was dropped is free.
const LOOKS: u32 = 1_000;

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

pub async fn a_held_key_is_given_to_nobody_else(fixture: &impl Fixture<Adapter: KeyedLock>) {
    let (lock, other) = (fixture.adapter(), fixture.other());
    let held = take(&lock, "order 1").await;
    assert!(
        is_held(&lock, "order 1").await && is_held(&other, "order 1").await,
        "a held key is given to nobody, in this process or another"
    );
    held.release().await.unwrap();
    take(&other, "order 1").await.release().await.unwrap();
    take(&lock, "order 1").await.release().await.unwrap();
}

pub async fn different_keys_do_not_touch(fixture: &impl Fixture<Adapter: KeyedLock>) {
    let (lock, other) = (fixture.adapter(), fixture.other());
    let held = [take(&lock, "1").await, take(&lock, "2").await, take(&other, "3").await];
    for key in ["1", "2", "3"] {
        assert!(
            is_held(&lock, key).await && is_held(&other, key).await,
            "each key has its own holder"
        );
    }
    for held in held {
        held.release().await.unwrap();
    }
}

pub async fn keys_are_compared_byte_for_byte(fixture: &impl Fixture<Adapter: KeyedLock>) {
    let (lock, other) = (fixture.adapter(), fixture.other());
    let long = "x".repeat(1_000);
    let longer = format!("{long}y");
    // The second e with an accent is made of two characters.
    let keys = ["a", "A", "a ", " a", "", "é", "e\u{301}", "É", "ß", "ss", "🧾", &long, &longer];
    let mut held = Vec::new();
    for key in keys {
        held.push(take(&lock, key).await);
        assert!(is_held(&other, key).await, "a held key is not given to another: {key}");
    }
    for held in held {
        held.release().await.unwrap();
    }
}

pub async fn a_waiter_is_woken_when_the_key_is_released(
    fixture: &impl Fixture<Adapter: KeyedLock>,
) {
    for other in [fixture.adapter(), fixture.other()] {
        let held = take(&fixture.adapter(), "order 1").await;
        let mut waiting = Box::pin(take(&other, "order 1"));
        assert!(poll!(&mut waiting).is_pending(), "the key is held, so that it is waited for");
        held.release().await.unwrap();
        waiting.await.release().await.unwrap();
    }
}

pub async fn a_waiter_is_woken_when_the_key_is_dropped(fixture: &impl Fixture<Adapter: KeyedLock>) {
    for other in [fixture.adapter(), fixture.other()] {
        let held = take(&fixture.adapter(), "order 1").await;
        let waiter = spawn(fixture, async move { take(&other, "order 1").await.release().await });
        drop(held);
        waiter.join().await.unwrap();
    }
}

pub async fn who_waits_for_too_long_is_told_so(fixture: &impl Fixture<Adapter: KeyedLock>) {
    let held = take(&fixture.adapter(), "order 1").await;
    for lock in [fixture.adapter(), fixture.other()] {
        let answer = lock.acquire("order 1", Duration::from_millis(30)).await.unwrap();
        assert!(
            matches!(answer, KeyedAnswer::TimedOut),
            "the time is over, and the key still held"
        );
    }
    held.release().await.unwrap();
    assert!(
        is_freed(&fixture.other(), "order 1").await,
        "the key that was waited for in vain is freed by its holder"
    );
}

pub async fn who_does_not_wait_is_told_at_once(fixture: &impl Fixture<Adapter: KeyedLock>) {
    let held = take(&fixture.adapter(), "order 1").await;
    assert!(
        is_held(&fixture.adapter(), "order 1").await,
        "it does not wait for a key that this process holds"
    );
    assert!(
        is_held(&fixture.other(), "order 1").await,
        "it does not wait for a key that another process holds"
    );
    held.release().await.unwrap();
    assert!(!is_held(&fixture.other(), "order 1").await, "a released key is free at once");
}

pub async fn a_waiter_that_goes_away_leaves_the_key_to_others(
    fixture: &impl Fixture<Adapter: KeyedLock>,
) {
    for lock in [fixture.adapter(), fixture.other()] {
        let held = take(&fixture.adapter(), "order 1").await;
        spawn(fixture, async move { drop(take(&lock, "order 1").await) }).stop().await;
        held.release().await.unwrap();
        take(&fixture.other(), "order 1").await.release().await.unwrap();
    }
}

pub async fn twenty_at_once_run_one_after_another(fixture: &impl Fixture<Adapter: KeyedLock>) {
    let locks = [fixture.adapter(), fixture.other()];
    let (inside, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let tasks = (0..20).map(|n| {
        let (lock, inside, count) = (locks[n % 2].clone(), inside.clone(), count.clone());
        async move {
            let held = take(&lock, "order 1").await;
            assert!(!inside.swap(true, Ordering::SeqCst), "two at once");
            step_aside().await;
            count.fetch_add(1, Ordering::SeqCst);
            inside.store(false, Ordering::SeqCst);
            held.release().await.unwrap();
        }
    });
    at_once(fixture, tasks).await;
    assert_eq!(count.load(Ordering::SeqCst), 20, "each of them had the key once");
}

pub async fn a_panic_frees_the_key(fixture: &impl Fixture<Adapter: KeyedLock>) {
    let held = take(&fixture.adapter(), "order 1").await;
    let panicked = spawn(fixture, async move {
        let _held = held;
        panic!("the work has a bug");
    });
    drop(panicked.panicked().await);
    assert!(is_freed(&fixture.other(), "order 1").await, "the key of who panicked is free");
}

pub async fn a_key_that_is_held_is_not_lost(fixture: &impl Fixture<Adapter: KeyedLock>) {
    let held = take(&fixture.adapter(), "order 1").await;
    assert!(!held.is_lost(), "nothing has happened to the lock");
    held.release().await.unwrap();
}
