//! What the server's own functions do, and what we make of it.

use diesel_async::SimpleAsyncConnection as _;
use postonce_ports::lock::{Holder, LockAnswer, LockError, LockState, RunLock as _};

use super::proxy::Proxy;
use super::scene::{
    LONG, acquire, is_busy, is_freed, number_on, options, other_program, run, store, target,
};
use crate::identity::identity;
use crate::lock::local;
use crate::session::connect;
use crate::{LockKind, Options};

async fn named() -> Options {
    options(LockKind::Named, LONG).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_program_with_the_name_excludes_us_and_is_excluded() {
    let options = named().await;
    let mut other = other_program(&options).await;
    let name = options.lock.name.clone();
    assert!(other.take(&name, 0).await.unwrap());
    let LockAnswer::Busy(Some(Holder::Session(session))) =
        store(&options).await.try_acquire().await.unwrap()
    else {
        panic!("not named")
    };
    assert_eq!(session.connection_id, other.id);
    assert!(session.user.is_some() && session.host.is_some(), "{session:?}");
    drop(other);
    assert!(is_freed(&options).await);

    let lock = loop {
        // What was freed by the end of a session is free a moment later.
        if let LockAnswer::Acquired(lock) = store(&options).await.try_acquire().await.unwrap() {
            break lock;
        }
    };
    let mut other = other_program(&options).await;
    assert!(!other.take(&name, 0).await.unwrap());
    assert_eq!(other.owner(&name).await.unwrap(), lock.connection_id());
    lock.release().await.unwrap();
    assert!(other.take(&name, 0).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_takes_its_lock_again_and_neither_commit_nor_rollback_frees_it() {
    let options = named().await;
    let mut one = connect(&target(&options)).await.unwrap();
    let mut two = connect(&target(&options)).await.unwrap();
    let [take, free] =
        ["GET_LOCK", "RELEASE_LOCK"].map(|it| (it, format!("'{}'", options.lock.name)));
    let take = format!("{}({}, 0)", take.0, take.1);
    let free = format!("{}({})", free.0, free.1);
    assert_eq!(number_on(&mut one, &take).await, Some(1));
    assert_eq!(number_on(&mut one, &take).await, Some(1));
    for end in ["COMMIT", "ROLLBACK"] {
        one.batch_execute("START TRANSACTION").await.unwrap();
        one.batch_execute(end).await.unwrap();
        assert_eq!(number_on(&mut two, &take).await, Some(0));
    }
    assert_eq!(number_on(&mut two, &free).await, Some(0));
    // Counted: it is free after as many releases.
    assert_eq!(number_on(&mut one, &free).await, Some(1));
    assert_eq!(number_on(&mut two, &take).await, Some(0));
    assert_eq!(number_on(&mut one, &free).await, Some(1));
    assert_eq!(number_on(&mut one, &free).await, None);
    assert_eq!(number_on(&mut two, &take).await, Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_this_process_holds_is_busy_though_the_server_would_give_it() {
    let options = named().await;
    let mut conn = connect(&target(&options)).await.unwrap();
    let server = identity(&mut conn).await.unwrap();
    let reserved = local::reserve(&server, &options.lock.name);
    assert!(is_busy(&options).await);
    assert_eq!(store(&options).await.state().await.unwrap(), LockState::Free);
    drop(reserved);
    acquire(&options).await.release().await.unwrap();
    // Released means that the process may have it again at once.
    acquire(&options).await.release().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_of_before_the_servers_start_does_not_hold_a_session_of_now() {
    let options = named().await;
    let lock = acquire(&options).await;
    let insert = |started: &str| {
        format!(
            "INSERT INTO postonce_sync_run (`trigger`, actor, host, pid, boot_id, lock_owner, \
             connection_id, started_at, reason) VALUES ('manual', 'ada', 'h', 1, 'b', '{}', {}, \
             {started}, '')",
            lock.owner(),
            lock.connection_id().unwrap()
        )
    };
    run(&options, &insert("1")).await;
    let state = store(&options).await.state().await.unwrap();
    assert!(matches!(state, LockState::Held(Some(Holder::Session(_)))), "{state:?}");
    run(&options, &insert("TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))")).await;
    let state = store(&options).await.state().await.unwrap();
    assert!(matches!(state, LockState::Held(Some(Holder::Run(_)))), "{state:?}");
    // A run of another lock is not the holder of this one, though its session has both.
    run(&options, "UPDATE postonce_sync_run SET lock_owner = CONCAT('x', lock_owner)").await;
    let state = store(&options).await.state().await.unwrap();
    assert!(matches!(state, LockState::Held(Some(Holder::Session(_)))), "{state:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_not_there_is_neither_busy_nor_free() {
    let options = named().await;
    let proxy = Proxy::before(&options).await;
    let gone = store(&proxy.lead(&options)).await;
    drop(proxy);
    assert!(matches!(gone.try_acquire().await, Err(LockError::Unavailable { .. })));
    assert!(matches!(gone.state().await, Err(LockError::Unavailable { .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_that_would_not_hold_what_the_lock_promises_are_refused() {
    let options = named().await;
    for (name, millis) in
        [("Sync", 2_000), ("", 2_000), ("sync", 1_000), ("sync", 2_500), ("sync", 1_801_000)]
    {
        let mut wrong = options.clone();
        wrong.lock.name = name.to_owned();
        wrong.lock.timeout = std::time::Duration::from_millis(millis);
        let answer = store(&wrong).await.try_acquire().await;
        assert!(matches!(answer, Err(LockError::Unavailable { .. })), "{name} {millis}");
    }
}
