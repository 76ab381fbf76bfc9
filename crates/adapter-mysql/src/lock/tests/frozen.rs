//! Hosts and networks that vanish without a word.

use std::sync::mpsc;
use std::time::Duration;

use postonce_ports::lock::{HeldLock, LockError};

use super::proxy::Proxy;
use super::scene::{SHORT, acquire, file, is_freed, number, options, until_lost};
use crate::LockKind;

/// The server frees the lock of a host that it hears nothing of any more, and the host, which
/// hears nothing of the server, knows that before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_vanishes_loses_the_lock_after_the_timeout_and_knows_it() {
    let options = options(LockKind::Named, SHORT).await;
    let proxy = Proxy::before(&options).await;
    let lock = acquire(&proxy.lead(&options)).await;
    assert_eq!(lock.raise_epoch(&file()).await.unwrap().0, 1);
    proxy.freeze();
    let begun = tokio::time::Instant::now();
    assert!(is_freed(&options).await);
    println!("a timeout of {SHORT:?} freed the lock of a dead host after {:?}", begun.elapsed());
    assert!(lock.is_lost());
    assert!(matches!(lock.raise_epoch(&file()).await, Err(LockError::Lost)));
    assert!(matches!(lock.release().await, Err(LockError::Lost)));
    assert_eq!(number(&options, "SELECT MAX(epoch) FROM postonce_epoch").await, Some(1));
}

/// A statement whose answer never comes is not waited for longer than the hold is certain.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_does_not_come_is_a_loss() {
    let options = options(LockKind::Named, SHORT).await;
    let proxy = Proxy::before(&options).await;
    let lock = acquire(&proxy.lead(&options)).await;
    proxy.freeze();
    assert!(matches!(lock.raise_epoch(&file()).await, Err(LockError::Lost)));
    assert!(lock.is_lost());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_release_without_an_answer_is_a_loss_and_never_hangs() {
    let options = options(LockKind::Named, SHORT).await;
    let proxy = Proxy::before(&options).await;
    let lock = acquire(&proxy.lead(&options)).await;
    proxy.freeze();
    assert!(matches!(lock.release().await, Err(LockError::Lost)));
    assert!(is_freed(&options).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_heartbeat_without_an_answer_is_a_loss() {
    let options = options(LockKind::Named, SHORT).await;
    let proxy = Proxy::before(&options).await;
    let lock = acquire(&proxy.lead(&options)).await;
    proxy.freeze();
    until_lost(&options, &*lock).await;
}

/// A process that is stopped and goes on: nothing of it ran meanwhile, not even its heartbeat.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_slept_beyond_the_timeout_sees_the_loss_at_its_first_look() {
    let options = options(LockKind::Named, SHORT).await;
    let (hands_over, handed_over) = mpsc::channel::<(Box<dyn HeldLock>, tokio::runtime::Runtime)>();
    let sleeper = options.clone();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let lock = runtime.block_on(acquire(&sleeper));
        hands_over.send((lock, runtime)).unwrap();
    });
    let (lock, runtime) =
        tokio::task::spawn_blocking(move || handed_over.recv().unwrap()).await.unwrap();
    // Nobody drives that runtime any more: its tasks sleep.
    assert!(is_freed(&options).await);
    assert!(lock.is_lost());
    drop(lock);
    runtime.shutdown_background();
    thread.join().unwrap();
}

/// For the note: how long the lock of a vanished host is held at most.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_time_until_a_dead_hosts_lock_is_free_is_the_timeout() {
    let timeout = Duration::from_secs(3);
    let options = options(LockKind::Named, timeout).await;
    let proxy = Proxy::before(&options).await;
    let lock = acquire(&proxy.lead(&options)).await;
    proxy.freeze();
    let begun = tokio::time::Instant::now();
    until_lost(&options, &*lock).await;
    let told = begun.elapsed();
    assert!(is_freed(&options).await);
    let freed = begun.elapsed();
    println!("timeout {timeout:?}: the holder knew after {told:?}, free after {freed:?}");
    // The holder knows before anybody else can have it.
    assert!(told <= freed);
}
