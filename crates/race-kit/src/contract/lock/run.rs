//! What every run lock promises: runs exclude each other, and who has it can be told.

use postonce_domain::{RunCounts, RunStatus};
use postonce_ports::history::{NewRun, RunHistory};
use postonce_ports::lock::{HeldLock, Holder, LockAnswer, LockState, RunLock};

use crate::contract::LockFixture;
use crate::contract::runtime::{at_once, spawn};
use crate::contract::scene::{acquire, file, new_run, raise, shop};

async fn is_busy(store: &impl RunLock) -> bool {
    matches!(store.try_acquire().await.unwrap(), LockAnswer::Busy(_))
}

/// Whether it is held, and no run is named.
async fn is_held_by_no_run(store: &impl RunLock) -> bool {
    matches!(store.state().await.unwrap(), LockState::Held(None | Some(Holder::Session(_))))
}

pub async fn a_held_lock_is_busy_for_everybody_else(fixture: &impl LockFixture) {
    let (store, other) = (fixture.adapter(), fixture.other());
    assert_eq!(store.state().await.unwrap(), LockState::Free, "nobody has it at first");
    let _lock = acquire(&store).await;
    assert!(
        is_busy(&store).await && is_busy(&other).await,
        "a held lock is given to nobody, in this process or another"
    );
    assert!(
        is_held_by_no_run(&store).await && is_held_by_no_run(&other).await,
        "no run is on record for this hold, so that none is named"
    );
}

pub async fn of_concurrent_calls_one_acquires(fixture: &impl LockFixture) {
    let stores = [fixture.adapter(), fixture.other()];
    let tasks = (0..16).map(|n| {
        let store = stores[n % 2].clone();
        async move { store.try_acquire().await.unwrap() }
    });
    let answers = at_once(fixture, tasks).await;
    let acquired = answers.iter().filter(|it| matches!(it, LockAnswer::Acquired(_))).count();
    assert_eq!(acquired, 1, "one of the callers has the lock");
}

pub async fn a_released_lock_is_free(fixture: &impl LockFixture) {
    let (store, other) = (fixture.adapter(), fixture.other());
    acquire(&store).await.release().await.unwrap();
    assert_eq!(store.state().await.unwrap(), LockState::Free, "a released lock is free at once");
    acquire(&other).await.release().await.unwrap();
}

pub async fn a_dropped_lock_is_free_at_once<F: LockFixture>(fixture: &F) {
    let (store, other) = (fixture.adapter(), fixture.other());
    drop(acquire(&store).await);
    let held = acquire_dropped::<F>(&other).await;
    let panicked = spawn(fixture, async move {
        let _held = held;
        panic!("the run has a bug");
    });
    drop(panicked.panicked().await);
    drop(acquire_dropped::<F>(&store).await);
}

/// Takes a lock that somebody has dropped just now.
async fn acquire_dropped<F: LockFixture>(store: &F::Adapter) -> Box<dyn HeldLock> {
    let mut state = store.state().await.unwrap();
    for _ in 1..F::LOOKS {
        if state == LockState::Free {
            break;
        }
        state = store.state().await.unwrap();
    }
    assert_eq!(state, LockState::Free, "a dropped lock is free");
    acquire(store).await
}

pub async fn every_hold_has_an_owner_of_its_own(fixture: &impl LockFixture) {
    let mut owners = Vec::new();
    for store in [fixture.adapter(), fixture.other(), fixture.adapter(), fixture.other()] {
        let lock = acquire(&store).await;
        owners.push(lock.owner());
        lock.release().await.unwrap();
    }
    owners.sort();
    owners.dedup();
    assert_eq!(owners.len(), 4, "no two holds have the same owner");
}

pub async fn the_running_run_of_the_hold_is_named(fixture: &impl LockFixture) {
    let (store, other) = (fixture.adapter(), fixture.other());
    let lock = acquire(&store).await;
    let connection_id = lock.connection_id();
    let new = NewRun { connection_id, ..new_run(&lock.owner()) };
    let run = store.start(new.clone()).await.unwrap();
    store.progress(run, RunCounts::default(), 3, 9).await.unwrap();
    let LockState::Held(Some(Holder::Run(holder))) = other.state().await.unwrap() else {
        panic!("not named")
    };
    assert_eq!(
        (holder.run, holder.trigger, holder.pid),
        (run, new.trigger, new.pid),
        "the run is named as it started"
    );
    assert_eq!(
        (&holder.actor, &holder.host),
        (&new.actor, &new.host),
        "who started it, and where, is told"
    );
    assert_eq!(
        (holder.done, holder.total, holder.connection_id),
        (3, 9, connection_id),
        "its progress is told, and its connection"
    );
    assert_eq!(
        holder.since,
        store.runs(1).await.unwrap()[0].started_at,
        "it is named since it started"
    );
    match other.try_acquire().await.unwrap() {
        LockAnswer::Busy(named) => {
            assert_eq!(named, Some(Holder::Run(holder)), "who is turned away is told the same");
        }
        LockAnswer::Acquired(_) => panic!("it was held"),
    }
}

pub async fn a_run_that_does_not_hold_it_is_not_named<F: LockFixture>(fixture: &F) {
    let (store, other) = (fixture.adapter(), fixture.other());
    let dead = acquire(&store).await;
    let run = store.start(new_run(&dead.owner())).await.unwrap();
    drop(dead);
    // Its row still says `running`, and somebody else has the lock.
    let lock = acquire_dropped::<F>(&other).await;
    assert!(is_held_by_no_run(&store).await, "the lock has another holder than the run on record");
    let next = other.start(new_run(&lock.owner())).await.unwrap();
    assert_ne!(next, run, "ids of runs are never given twice");
    other.finish(next, RunStatus::Completed, RunCounts::default(), "").await.unwrap();
    assert!(is_held_by_no_run(&store).await, "a run that is over holds nothing");
}

pub async fn asking_for_the_state_does_not_take_the_lock(fixture: &impl LockFixture) {
    let (store, asking) = (fixture.adapter(), fixture.other());
    let asks = (0..8).map(|_| {
        let asking = asking.clone();
        spawn(fixture, async move {
            for _ in 0..20 {
                asking.state().await.map(drop).unwrap();
            }
        })
    });
    let asks: Vec<_> = asks.collect();
    for _ in 0..5 {
        acquire(&store).await.release().await.unwrap();
    }
    for ask in asks {
        ask.join().await;
    }
}

pub async fn an_epoch_is_greater_than_every_one_before(fixture: &impl LockFixture) {
    let (store, other) = (fixture.adapter(), fixture.other());
    let lock = acquire(&store).await;
    let first = lock.raise_epoch(&shop()).await.unwrap();
    let second = lock.raise_epoch(&shop()).await.unwrap();
    lock.release().await.unwrap();
    let third = raise(&other, &shop()).await;
    assert!(
        first < second && second < third,
        "each epoch is greater than those before, whoever raised it"
    );
    let _elsewhere = raise(&other, &file("other")).await;
    assert!(
        raise(&store, &shop()).await > third,
        "one of another company file changes nothing here"
    );
}

pub async fn a_lock_that_is_held_is_not_lost<F: LockFixture>(fixture: &F) {
    let lock: Box<dyn HeldLock> = acquire(&fixture.adapter()).await;
    assert!(!lock.is_lost(), "nothing has happened to the lock");
    lock.prove().await.unwrap();
    assert_eq!(
        lock.connection_id().is_some(),
        F::HAS_SESSION,
        "a connection is named if the lock is one of a server"
    );
    lock.release().await.unwrap();
}
