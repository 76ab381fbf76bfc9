//! A run that waits for another one to end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use postonce_domain::RunResult;
use postonce_engine::{Engine, Ports, SyncRequest};
use postonce_ports::clock::Clock as _;
use postonce_ports::lock::{LockAnswer, LockError, LockState, RunLock};

use super::ports::{Counter, GoOn};
use super::world::{World, request};

/// A lock that somebody else has all the time.
#[derive(Default)]
struct Busy(AtomicU32);

#[async_trait]
impl RunLock for Busy {
    async fn try_acquire(&self) -> Result<LockAnswer, LockError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(LockAnswer::Busy(None))
    }

    async fn state(&self) -> Result<LockState, LockError> {
        Ok(LockState::Held(None))
    }
}

/// How often a run looks that waits for so long, after it was turned away.
async fn looks(wait: Duration) -> u32 {
    let (world, lock) = (World::new(), Arc::new(Busy::default()));
    let store = Arc::new(world.database.store.clone());
    let ports = Ports {
        store: store.clone(),
        doubts: store.clone(),
        lock: lock.clone(),
        history: store.clone(),
        registry: store.clone(),
        flags: store,
        ledger: Arc::new(world.ledger.clone()),
        clock: Arc::new(world.clock.clone()),
        ids: Arc::new(Counter::default()),
    };
    let started = world.clock.boot();
    let wish = SyncRequest { wait, ..request() };
    let result = Engine::new(ports, world.policy).sync(&wish, &GoOn).await.unwrap();
    assert!(matches!(result, RunResult::Skipped(None)), "{result:?}");
    assert_eq!(world.clock.boot(), started + wait);
    lock.0.load(Ordering::Relaxed)
}

#[tokio::test]
async fn who_waits_long_looks_often_at_first_and_then_once_a_second() {
    assert_eq!(looks(Duration::ZERO).await, 1);
    assert_eq!(looks(Duration::from_secs(1)).await, 6);
    assert_eq!(looks(Duration::from_secs(2)).await, 11);
    assert_eq!(looks(Duration::from_secs(600)).await, 11 + 598);
}
