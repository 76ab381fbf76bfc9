//! Leases that run out, that others take, and that outlive their connection.

use std::pin::pin;

use diesel_async::SimpleAsyncConnection as _;
use futures::future::{Either, select};
use postonce_ports::lock::{LockAnswer, LockError, LockState, RunLock as _};

use super::proxy::Proxy;
use super::scene::{
    LONG, SHORT, acquire, file, is_busy, number, open_transaction, options, run, store, until_lost,
};
use crate::{LockKind, Options};

const EPOCH: &str = "SELECT MAX(epoch) FROM postonce_epoch";

/// As a command by itself, and not as the words of an isolation level.
const COMMIT: &str = "\u{3}COMMIT";

async fn lease() -> Options {
    options(LockKind::Lease, LONG).await
}

/// The time of the lease is over, as if the holder had slept so long.
async fn run_out(options: &Options) {
    assert_eq!(run(options, "UPDATE postonce_lease SET expires_at = 1").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_holder_that_wakes_late_is_fenced() {
    let options = lease().await;
    let late = acquire(&options).await;
    late.raise_epoch(&file()).await.unwrap();
    run_out(&options).await;
    assert_eq!(store(&options).await.state().await.unwrap(), LockState::Free);
    let next = acquire(&options).await;
    assert_ne!(late.owner(), next.owner());
    assert!(matches!(late.raise_epoch(&file()).await, Err(LockError::Lost)));
    assert!(late.is_lost());
    assert!(matches!(late.release().await, Err(LockError::Lost)));
    // The next one has noticed nothing of it.
    assert_eq!(number(&options, EPOCH).await, Some(1));
    assert_eq!(next.raise_epoch(&file()).await.unwrap().0, 2);
    assert!(is_busy(&options).await);
    next.release().await.unwrap();
    assert_eq!(number(&options, "SELECT fence FROM postonce_lease").await, Some(2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_from_before_the_clock_was_set_back_keeps_nobody_out() {
    let options = lease().await;
    let gone = acquire(&options).await;
    let an_hour_back = "UPDATE postonce_lease SET expires_at = expires_at + 3600000000";
    assert_eq!(run(&options, an_hour_back).await, 1);
    assert_eq!(store(&options).await.state().await.unwrap(), LockState::Free);
    let next = acquire(&options).await;
    assert!(is_busy(&options).await);
    assert!(matches!(gone.raise_epoch(&file()).await, Err(LockError::Lost)));
    next.release().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waited_for_the_row_sees_the_lease_of_the_faster_one() {
    // For as long as any lease may last.
    let options = lease().await;
    acquire(&options).await.release().await.unwrap();
    let lock = "SELECT name FROM postonce_lease FOR UPDATE";
    let mut faster = open_transaction(&options, lock).await;
    let slower = store(&options).await;
    let waiting = tokio::spawn(async move { slower.try_acquire().await });
    let waits = "SELECT count(*) FROM information_schema.processlist \
                 WHERE db = DATABASE() AND info LIKE 'UPDATE postonce_lease%'";
    while number(&options, waits).await == Some(0) {}
    let take = format!(
        "UPDATE postonce_lease SET owner = 'faster', fence = fence + 1, expires_at = \
         TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) + {}",
        LONG.as_micros()
    );
    for sql in [take.as_str(), "COMMIT"] {
        faster.batch_execute(sql).await.unwrap();
    }
    let answer = waiting.await.unwrap().unwrap();
    assert!(matches!(answer, LockAnswer::Busy(_)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_that_ran_out_is_lost_though_nobody_took_it() {
    let options = lease().await;
    let late = acquire(&options).await;
    run_out(&options).await;
    assert!(matches!(late.release().await, Err(LockError::Lost)));
    let late = acquire(&options).await;
    run_out(&options).await;
    assert!(matches!(late.raise_epoch(&file()).await, Err(LockError::Lost)));
    assert_eq!(number(&options, EPOCH).await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_holder_of_before_is_fenced_though_its_owner_has_the_lease_again() {
    let options = lease().await;
    let late = acquire(&options).await;
    // As after a restored backup: the same owner, another count of holds.
    assert_eq!(run(&options, "UPDATE postonce_lease SET fence = fence + 1").await, 1);
    assert!(matches!(late.release().await, Err(LockError::Lost)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_heartbeat_renews_the_lease_and_tells_its_loss() {
    let options = options(LockKind::Lease, SHORT).await;
    let lock = acquire(&options).await;
    let expiry = "SELECT MAX(expires_at) FROM postonce_lease";
    let first = number(&options, expiry).await;
    while number(&options, expiry).await == first {}
    assert!(!lock.is_lost());
    run_out(&options).await;
    until_lost(&options, &*lock).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_that_is_not_renewed_runs_out_and_its_holder_knows_before() {
    let options = options(LockKind::Lease, SHORT).await;
    let proxy = Proxy::before(&options).await;
    let lock = acquire(&proxy.lead(&options)).await;
    proxy.freeze();
    let other = store(&options).await;
    let taken = loop {
        if let LockAnswer::Acquired(taken) = other.try_acquire().await.unwrap() {
            break taken;
        }
    };
    assert!(lock.is_lost());
    assert!(!taken.is_lost());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_outlives_its_connection() {
    let options = lease().await;
    let mut proxy = Proxy::before(&options).await;
    let lock = acquire(&proxy.lead(&options)).await;
    proxy.lose_answer_to(COMMIT);
    let file = file();
    let raising = async {
        let (raised, ()) = futures::join!(lock.raise_epoch(&file), async {
            proxy.lost().await;
        });
        raised
    };
    // It was raised, nobody knew, and so it was raised again.
    assert_eq!(raising.await.unwrap().0, 2);
    assert!(!lock.is_lost());
    lock.release().await.unwrap();
}

/// A host that vanishes half-way through taking the lease keeps its row locked, as long as its
/// session lives: no longer than a lease.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_vanishes_while_it_takes_the_lease_keeps_others_from_it_no_longer_than_that() {
    let options = options(LockKind::Lease, SHORT).await;
    acquire(&options).await.release().await.unwrap();
    let mut proxy = Proxy::before(&options).await;
    let through = store(&proxy.lead(&options)).await;
    proxy.freeze_after("SELECT owner, fence");
    let call = pin!(through.try_acquire());
    let frozen = pin!(proxy.lost());
    let Either::Right(((), _still_there)) = select(call, frozen).await else {
        panic!("it was answered")
    };
    let taken = loop {
        match store(&options).await.try_acquire().await {
            Ok(LockAnswer::Acquired(taken)) => break taken,
            Ok(LockAnswer::Busy(_)) | Err(LockError::Unavailable { .. }) => {}
            Err(LockError::Lost) => panic!("it was not held yet"),
        }
    };
    taken.release().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_without_an_answer_is_read_back() {
    let options = lease().await;
    let mut proxy = Proxy::before(&options).await;
    let through = store(&proxy.lead(&options)).await;
    // The row is there: its first COMMIT is another one.
    acquire(&options).await.release().await.unwrap();
    proxy.lose_answer_to(COMMIT);
    let (answer, ()) = futures::join!(through.try_acquire(), async {
        proxy.lost().await;
    });
    let LockAnswer::Acquired(lock) = answer.unwrap() else { panic!("busy") };
    assert!(is_busy(&options).await);
    lock.release().await.unwrap();
    acquire(&options).await.release().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_before_the_commit_takes_nothing() {
    let options = lease().await;
    let mut proxy = Proxy::before(&options).await;
    let through = store(&proxy.lead(&options)).await;
    acquire(&options).await.release().await.unwrap();
    proxy.lose_answer_to("UPDATE postonce_lease");
    let (answer, ()) = futures::join!(through.try_acquire(), async {
        proxy.lost().await;
    });
    assert!(matches!(answer, Err(LockError::Unavailable { .. })));
    acquire(&options).await.release().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_lease_is_freed() {
    let options = lease().await;
    drop(acquire(&options).await);
    let store = store(&options).await;
    while store.state().await.unwrap() != LockState::Free {}
    let lock = acquire(&options).await;
    let panicked = tokio::spawn(async move {
        let _lock = lock;
        panic!("the run has a bug");
    });
    assert!(panicked.await.unwrap_err().is_panic());
    while store.state().await.unwrap() != LockState::Free {}
}
