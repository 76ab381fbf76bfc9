//! A named lock whose session was ended, or that was taken from it.

use std::time::Duration;

use postonce_ports::lock::{HeldLock, LockError};

use super::scene::{
    LONG, SHORT, acquire, file, is_freed, kill, number, open_transaction, options, run, target,
    until_lost,
};
use crate::LockKind;
use crate::lock::named::NamedSession;
use crate::lock::watch::boot;

const EPOCH: &str = "SELECT MAX(epoch) FROM postonce_epoch";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_session_raises_no_epoch_and_releases_nothing() {
    let options = options(LockKind::Named, LONG).await;
    let lock = acquire(&options).await;
    assert_eq!(lock.raise_epoch(&file()).await.unwrap().0, 1);
    assert!(!lock.is_lost());
    kill(&options, lock.connection_id()).await;
    assert!(is_freed(&options).await);
    let raised = lock.raise_epoch(&file()).await;
    assert!(matches!(raised, Err(LockError::Lost)), "{raised:?}");
    assert!(lock.is_lost());
    assert!(matches!(lock.release().await, Err(LockError::Lost)));
    assert_eq!(number(&options, EPOCH).await, Some(1));
    // Nobody tried to take it again.
    acquire(&options).await.release().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_heartbeat_tells_the_loss_by_itself() {
    let options = options(LockKind::Named, SHORT).await;
    let lock = acquire(&options).await;
    kill(&options, lock.connection_id()).await;
    until_lost(&options, &*lock).await;
    assert!(matches!(lock.release().await, Err(LockError::Lost)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_heartbeat_keeps_the_lock_beyond_the_timeout() {
    let options = options(LockKind::Named, SHORT).await;
    let lock = acquire(&options).await;
    // Others ask for it all the time, for three timeouts.
    assert!(!super::scene::is_freed_within(&options, 6).await);
    assert!(!lock.is_lost());
    lock.release().await.unwrap();
}

/// As after something between us and the server has made another session of ours.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_lives_without_its_lock_has_lost_it() {
    let options = options(LockKind::Named, LONG).await;
    let without_lock = async || {
        let session = NamedSession::open(&target(&options), LONG).await.unwrap();
        session.keep(&options.lock.name, "nobody".to_owned(), boot(), None)
    };
    let raised = without_lock().await.raise_epoch(&file()).await;
    assert!(matches!(raised, Err(LockError::Lost)), "{raised:?}");
    assert_eq!(number(&options, EPOCH).await, None);
    let lock: Box<dyn HeldLock> = Box::new(without_lock().await);
    assert!(matches!(lock.release().await, Err(LockError::Lost)));
    // Another one has it, and that is told from having it.
    let _other = acquire(&options).await;
    let lock = without_lock().await;
    assert!(matches!(lock.prove().await, Err(LockError::Lost)));
    assert!(HeldLock::is_lost(&lock));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_release_that_frees_nothing_is_a_loss() {
    let options = options(LockKind::Named, LONG).await;
    let lock = acquire(&options).await;
    kill(&options, lock.connection_id()).await;
    assert!(matches!(lock.release().await, Err(LockError::Lost)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_epoch_that_others_hold_for_too_long_does_not_cost_the_lock() {
    let options = options(LockKind::Named, Duration::from_secs(12)).await;
    let lock = acquire(&options).await;
    lock.raise_epoch(&file()).await.unwrap();
    let locked = "SELECT epoch FROM postonce_epoch FOR UPDATE";
    let others = open_transaction(&options, locked).await;
    let raised = lock.raise_epoch(&file()).await;
    assert!(matches!(raised, Err(LockError::Unavailable { .. })), "{raised:?}");
    assert!(!lock.is_lost());
    drop(others);
    assert!(run(&options, "UPDATE postonce_epoch SET epoch = 41").await == 1);
    assert_eq!(lock.raise_epoch(&file()).await.unwrap().0, 42);
    lock.release().await.unwrap();
}
