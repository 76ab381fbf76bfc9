//! What every run lock promises: runs exclude each other, and who has it can be told.

use async_trait::async_trait;
use futures::future::join_all;
use postonce_adapter_mysql::{LockKind, MysqlStore};
use postonce_domain::{RunCounts, RunStatus};
use postonce_ports::history::{NewRun, RunHistory};
use postonce_ports::lock::{HeldLock, Holder, LockAnswer, LockState, RunLock};

use crate::store_contract::fixture::{Fixture, Memory, Mysql, Sqlite};
use crate::store_contract::scene::{acquire, file, new_run, raise, shop};

/// A store whose lock is looked at.
trait Locked: Fixture {
    /// How often one looks until a lock that was dropped is free. A server learns of it a moment
    /// later; what needs no server is free at once.
    const LOOKS: u32 = 1;

    /// Whether the lock is a session's of a server.
    const HAS_SESSION: bool = false;
}

impl Locked for Memory {}

impl Locked for Sqlite {}

impl Locked for Mysql {
    const LOOKS: u32 = 10_000;
    const HAS_SESSION: bool = true;
}

/// The same server, with a lease.
struct Leased(Mysql);

#[async_trait]
impl Fixture for Leased {
    type Store = MysqlStore;

    async fn new() -> Self {
        Self(Mysql::with(LockKind::Lease).await)
    }

    fn store(&self) -> MysqlStore {
        self.0.store()
    }

    fn other(&self) -> MysqlStore {
        self.0.other()
    }
}

impl Locked for Leased {
    const LOOKS: u32 = 10_000;
}

macro_rules! lock_contract {
    ($($lock:ident: $fixture:path;)+) => { $(mod $lock { lock_contract! { @ $fixture;
        a_held_lock_is_busy_for_everybody_else,
        of_concurrent_calls_one_acquires,
        a_released_lock_is_free,
        a_dropped_lock_is_free_at_once,
        every_hold_has_an_owner_of_its_own,
        the_running_run_of_the_hold_is_named,
        a_run_that_does_not_hold_it_is_not_named,
        asking_for_the_state_does_not_take_the_lock,
        an_epoch_is_greater_than_every_one_before,
        a_lock_that_is_held_is_not_lost,
    } })+ };
    (@ $fixture:path; $($name:ident),+ $(,)?) => { $(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            super::$name(&<$fixture as crate::store_contract::fixture::Fixture>::new().await).await;
        }
    )+ };
}

lock_contract! {
    memory: super::Memory;
    sqlite: super::Sqlite;
    mysql_named: super::Mysql;
    mysql_lease: super::Leased;
}

async fn is_busy(store: &impl RunLock) -> bool {
    matches!(store.try_acquire().await.unwrap(), LockAnswer::Busy(_))
}

/// Whether it is held, and no run is named.
async fn is_held_by_no_run(store: &impl RunLock) -> bool {
    matches!(store.state().await.unwrap(), LockState::Held(None | Some(Holder::Session(_))))
}

async fn a_held_lock_is_busy_for_everybody_else(fixture: &impl Locked) {
    let (store, other) = (fixture.store(), fixture.other());
    assert_eq!(store.state().await.unwrap(), LockState::Free);
    let _lock = acquire(&store).await;
    assert!(is_busy(&store).await && is_busy(&other).await);
    assert!(is_held_by_no_run(&store).await && is_held_by_no_run(&other).await);
}

async fn of_concurrent_calls_one_acquires(fixture: &impl Locked) {
    let stores = [fixture.store(), fixture.other()];
    let tasks = (0..16).map(|n| {
        let store = stores[n % 2].clone();
        tokio::spawn(async move { store.try_acquire().await.unwrap() })
    });
    let answers: Vec<_> = join_all(tasks).await.into_iter().map(Result::unwrap).collect();
    let acquired = answers.iter().filter(|it| matches!(it, LockAnswer::Acquired(_))).count();
    assert_eq!(acquired, 1);
}

async fn a_released_lock_is_free(fixture: &impl Locked) {
    let (store, other) = (fixture.store(), fixture.other());
    acquire(&store).await.release().await.unwrap();
    assert_eq!(store.state().await.unwrap(), LockState::Free);
    acquire(&other).await.release().await.unwrap();
}

async fn a_dropped_lock_is_free_at_once<F: Locked>(fixture: &F) {
    let (store, other) = (fixture.store(), fixture.other());
    drop(acquire(&store).await);
    let held = acquire_dropped::<F>(&other).await;
    let panicked = tokio::spawn(async move {
        let _held = held;
        panic!("the run has a bug");
    });
    assert!(panicked.await.unwrap_err().is_panic());
    drop(acquire_dropped::<F>(&store).await);
}

/// Takes a lock that somebody has dropped just now.
async fn acquire_dropped<F: Locked>(store: &F::Store) -> Box<dyn HeldLock> {
    let mut state = store.state().await.unwrap();
    for _ in 1..F::LOOKS {
        if state == LockState::Free {
            break;
        }
        state = store.state().await.unwrap();
    }
    assert_eq!(state, LockState::Free);
    acquire(store).await
}

async fn every_hold_has_an_owner_of_its_own(fixture: &impl Locked) {
    let mut owners = Vec::new();
    for store in [fixture.store(), fixture.other(), fixture.store(), fixture.other()] {
        let lock = acquire(&store).await;
        owners.push(lock.owner());
        lock.release().await.unwrap();
    }
    owners.sort();
    owners.dedup();
    assert_eq!(owners.len(), 4);
}

async fn the_running_run_of_the_hold_is_named(fixture: &impl Locked) {
    let (store, other) = (fixture.store(), fixture.other());
    let lock = acquire(&store).await;
    let connection_id = lock.connection_id();
    let new = NewRun { connection_id, ..new_run(&lock.owner()) };
    let run = store.start(new.clone()).await.unwrap();
    store.progress(run, RunCounts::default(), 3, 9).await.unwrap();
    let LockState::Held(Some(Holder::Run(holder))) = other.state().await.unwrap() else {
        panic!("not named")
    };
    assert_eq!((holder.run, holder.trigger, holder.pid), (run, new.trigger, new.pid));
    assert_eq!((&holder.actor, &holder.host), (&new.actor, &new.host));
    assert_eq!((holder.done, holder.total, holder.connection_id), (3, 9, connection_id));
    assert_eq!(holder.since, store.runs(1).await.unwrap()[0].started_at);
    match other.try_acquire().await.unwrap() {
        LockAnswer::Busy(named) => assert_eq!(named, Some(Holder::Run(holder))),
        LockAnswer::Acquired(_) => panic!("it was held"),
    }
}

async fn a_run_that_does_not_hold_it_is_not_named<F: Locked>(fixture: &F) {
    let (store, other) = (fixture.store(), fixture.other());
    let dead = acquire(&store).await;
    let run = store.start(new_run(&dead.owner())).await.unwrap();
    drop(dead);
    // Its row still says `running`, and somebody else has the lock.
    let lock = acquire_dropped::<F>(&other).await;
    assert!(is_held_by_no_run(&store).await);
    let next = other.start(new_run(&lock.owner())).await.unwrap();
    assert_ne!(next, run);
    other.finish(next, RunStatus::Completed, RunCounts::default(), "").await.unwrap();
    assert!(is_held_by_no_run(&store).await);
}

async fn asking_for_the_state_does_not_take_the_lock(fixture: &impl Locked) {
    let (store, asking) = (fixture.store(), fixture.other());
    let asks = (0..8).map(|_| {
        let asking = asking.clone();
        tokio::spawn(async move {
            for _ in 0..20 {
                asking.state().await.map(drop).unwrap();
            }
        })
    });
    let asks: Vec<_> = asks.collect();
    for _ in 0..5 {
        acquire(&store).await.release().await.unwrap();
    }
    for ask in join_all(asks).await {
        ask.unwrap();
    }
}

async fn an_epoch_is_greater_than_every_one_before(fixture: &impl Locked) {
    let (store, other) = (fixture.store(), fixture.other());
    let lock = acquire(&store).await;
    let first = lock.raise_epoch(&shop()).await.unwrap();
    let second = lock.raise_epoch(&shop()).await.unwrap();
    lock.release().await.unwrap();
    let third = raise(&other, &shop()).await;
    assert!(first < second && second < third);
    let _elsewhere = raise(&other, &file("other")).await;
    assert!(raise(&store, &shop()).await > third);
}

async fn a_lock_that_is_held_is_not_lost<F: Locked>(fixture: &F) {
    let lock: Box<dyn HeldLock> = acquire(&fixture.store()).await;
    assert!(!lock.is_lost());
    lock.prove().await.unwrap();
    assert_eq!(lock.connection_id().is_some(), F::HAS_SESSION);
    lock.release().await.unwrap();
}
