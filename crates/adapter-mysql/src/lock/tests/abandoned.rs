//! Every way in which a lock may go without being released.

use std::pin::pin;
use std::task::{Context, Poll};

use futures::future::poll_fn;
use postonce_ports::lock::{LockAnswer, RunLock as _};

use super::proxy::Proxy;
use super::scene::{
    LONG, acquire, file, is_freed, is_freed_within, number, open_transaction, options, store,
};
use crate::LockKind;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_lock_is_freed() {
    let options = options(LockKind::Named, LONG).await;
    drop(acquire(&options).await);
    assert!(is_freed(&options).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_early_return_frees_the_lock() {
    let options = options(LockKind::Named, LONG).await;
    let run = async {
        let _lock = acquire(&options).await;
        Err::<(), _>("trouble")
    };
    assert!(run.await.is_err());
    assert!(is_freed(&options).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_frees_the_lock() {
    let options = options(LockKind::Named, LONG).await;
    let lock = acquire(&options).await;
    let panicked = tokio::spawn(async move {
        let _lock = lock;
        panic!("the run has a bug");
    });
    assert!(panicked.await.unwrap_err().is_panic());
    assert!(is_freed(&options).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_aborted_task_frees_the_lock() {
    let options = options(LockKind::Named, LONG).await;
    let lock = acquire(&options).await;
    let task = tokio::spawn(async move {
        let _lock = lock;
        std::future::pending::<()>().await;
    });
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert!(is_freed(&options).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_runtime_that_is_shut_down_frees_the_lock() {
    let options = options(LockKind::Named, LONG).await;
    for workers in [1, 2] {
        let own = options.clone();
        let thread = std::thread::spawn(move || {
            let mut builder = tokio::runtime::Builder::new_multi_thread();
            let runtime = builder.worker_threads(workers).enable_all().build().unwrap();
            let lock = runtime.block_on(acquire(&own));
            drop(runtime);
            lock.is_lost()
        });
        let lost = tokio::task::spawn_blocking(|| thread.join().unwrap()).await.unwrap();
        assert!(lost, "nobody keeps it any more");
        assert!(is_freed(&options).await);
        until_free(&options).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_runtime_of_one_thread_that_is_dropped_frees_the_lock() {
    let options = options(LockKind::Named, LONG).await;
    let own = options.clone();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        drop(runtime.block_on(acquire(&own)));
    });
    tokio::task::spawn_blocking(|| thread.join().unwrap()).await.unwrap();
    assert!(is_freed(&options).await);
}

/// Whoever is dropped at any await while it takes the lock leaves nothing behind.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_is_dropped_half_way_frees_the_lock() {
    let options = options(LockKind::Named, LONG).await;
    let store = store(&options).await;
    let mut steps = 0;
    loop {
        steps += 1;
        let answer = {
            let (mut call, mut polls) = (pin!(store.try_acquire()), 0);
            poll_fn(|context: &mut Context<'_>| {
                polls += 1;
                match call.as_mut().poll(context) {
                    Poll::Ready(answer) => Poll::Ready(Some(answer)),
                    Poll::Pending if polls == steps => Poll::Ready(None),
                    Poll::Pending => Poll::Pending,
                }
            })
            .await
        };
        match answer {
            // What the step before left is on its way to be free.
            None | Some(Ok(LockAnswer::Busy(_))) => {}
            Some(Ok(LockAnswer::Acquired(lock))) => {
                lock.release().await.unwrap();
                break;
            }
            Some(Err(error)) => panic!("{error}"),
        }
        assert!(is_freed(&options).await, "step {steps}");
    }
    // On a busy machine several answers are there at once, and a call takes fewer steps.
    assert!(steps > 2, "it was dropped {steps} times only");
}

/// The rest of the answer never comes, and is not waited for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_is_dropped_in_the_middle_of_an_answer_frees_the_lock() {
    let mut options = options(LockKind::Named, LONG).await;
    // A name that no other packet holds than that which asks for the lock.
    options.lock.name.push_str("_run");
    let mut proxy = Proxy::before(&options).await;
    let through = store(&proxy.lead(&options)).await;
    proxy.break_answer_to(&options.lock.name);
    {
        let call = pin!(through.try_acquire());
        let broken = pin!(proxy.lost());
        let first = futures::future::select(call, broken).await;
        assert!(matches!(first, futures::future::Either::Right(_)));
    }
    assert!(is_freed(&options).await);
}

/// The server goes on with a statement whose client has gone. It is ended, for the lock's sake.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_is_dropped_while_a_statement_runs_is_freed_before_its_end() {
    let options = options(LockKind::Named, LONG).await;
    let lock = acquire(&options).await;
    lock.raise_epoch(&file()).await.unwrap();
    let _others = open_transaction(&options, "SELECT epoch FROM postonce_epoch FOR UPDATE").await;
    let file = file();
    {
        let mut raising = lock.raise_epoch(&file);
        let waiting = format!(
            "SELECT COUNT(*) FROM information_schema.processlist WHERE id = {} \
             AND command = 'Execute' AND info LIKE 'INSERT INTO postonce_epoch%'",
            lock.connection_id().unwrap()
        );
        loop {
            let asked = pin!(number(&options, &waiting));
            match futures::future::select(&mut raising, asked).await {
                futures::future::Either::Left(_) => panic!("the row was locked"),
                futures::future::Either::Right((Some(1), _)) => break,
                futures::future::Either::Right(_) => {}
            }
        }
    }
    drop(lock);
    // The row is not waited for longer than five seconds.
    assert!(is_freed_within(&options, 4).await);
}

/// Until whoever was waiting for it in `is_freed` has gone too.
async fn until_free(options: &crate::Options) {
    let name = format!("IS_FREE_LOCK('{}')", options.lock.name);
    while number(options, &name).await != Some(1) {}
}
