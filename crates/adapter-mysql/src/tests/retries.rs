//! What is tried again, how often, and what is not.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::sql_types::BigInt;
use diesel_async::SimpleAsyncConnection as _;
use postonce_ports::error::StoreError;
use postonce_ports::store::{ClaimAnswer, InvoiceStore};

use super::Scene;
use crate::retry::TRIES;
use crate::transaction::{Conn, End};

#[derive(diesel::QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

async fn id_of(conn: &mut Conn) -> i64 {
    // In scope here alone: it would give everything a `load`, counters too.
    use diesel_async::RunQueryDsl as _;
    let id = diesel::sql_query("SELECT CAST(CONNECTION_ID() AS SIGNED) AS id");
    id.get_result::<Id>(conn).await.unwrap().id
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_whose_session_was_killed_is_made_on_another() {
    let scene = Scene::new().await;
    let options = scene.options.clone();
    let kept: Result<u32, StoreError> = scene
        .store
        .write((AtomicU32::new(0), options), |conn, (tries, options)| {
            Box::pin(async move {
                let first = tries.fetch_add(1, Ordering::SeqCst) == 0;
                conn.batch_execute("INSERT INTO postonce_epoch VALUES ('shop', 7)").await?;
                if first {
                    let id = id_of(conn).await;
                    let mut other = super::session(options).await;
                    other.batch_execute(&format!("KILL {id}")).await.unwrap();
                }
                conn.batch_execute("UPDATE postonce_epoch SET epoch = epoch + 1").await?;
                Ok(End::Keep(tries.load(Ordering::SeqCst)))
            })
        })
        .await;
    assert_eq!(kept.unwrap(), 2);
    assert_eq!(scene.store.retries(), 1);
    // What the first had written is gone with it.
    assert_eq!(scene.number("SELECT epoch FROM postonce_epoch").await, 8);
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_died_in_the_pool_costs_a_try_and_nothing_else() {
    let scene = Scene::new().await;
    let id = scene.ready(1).await;
    let wish = scene.wish(id).await;
    let sessions = format!(
        "SELECT COALESCE(MAX(id), 0) FROM information_schema.processlist WHERE db = '{}' \
         AND id <> CONNECTION_ID()",
        scene.name
    );
    let pooled = scene.number(&sessions).await;
    scene.sql(&format!("KILL {pooled}")).await.unwrap();
    let answer = scene.store.claim(wish).await.unwrap();
    assert!(matches!(answer, ClaimAnswer::Claimed(_)), "{answer:?}");
    assert_eq!(scene.store.retries(), 1);
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_transactions_that_wait_for_each_other_are_both_made() {
    let scene = Scene::new().await;
    scene.sql("INSERT INTO postonce_epoch VALUES ('a', 1), ('b', 1)").await.unwrap();
    let meeting = Arc::new(tokio::sync::Barrier::new(2));
    let add = |order: [&'static str; 2]| {
        let store = scene.store.clone();
        let meeting = meeting.clone();
        let input = (order, meeting, AtomicU32::new(0));
        async move {
            let done: Result<(), StoreError> = store
                .write(input, |conn, (order, meeting, tries)| {
                    Box::pin(async move {
                        let raise = |file: &str| {
                            let set = "UPDATE postonce_epoch SET epoch = epoch + 1";
                            format!("{set} WHERE company_file = '{file}'")
                        };
                        conn.batch_execute(&raise(order[0])).await?;
                        if tries.fetch_add(1, Ordering::SeqCst) == 0 {
                            meeting.wait().await;
                        }
                        conn.batch_execute(&raise(order[1])).await?;
                        Ok(End::Keep(()))
                    })
                })
                .await;
            done
        }
    };
    let (one, other) = tokio::join!(add(["a", "b"]), add(["b", "a"]));
    one.unwrap();
    other.unwrap();
    assert_eq!(scene.number("SELECT MIN(epoch) FROM postonce_epoch").await, 3);
    assert_eq!(scene.number("SELECT MAX(epoch) FROM postonce_epoch").await, 3);
    assert!(scene.store.retries() >= 1);
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tries_are_bounded_and_other_errors_are_not_tried_again() {
    let scene = Scene::new().await;
    // A lock that is never free: no statement of it waits longer than a moment.
    scene.sql("INSERT INTO postonce_epoch VALUES ('a', 1)").await.unwrap();
    let mut blocker = scene.raw().await;
    blocker.batch_execute("START TRANSACTION").await.unwrap();
    blocker.batch_execute("UPDATE postonce_epoch SET epoch = 2").await.unwrap();
    let tries = Arc::new(AtomicU32::new(0));
    let stuck: Result<(), StoreError> = scene
        .store
        .write(tries.clone(), |conn, tries| {
            Box::pin(async move {
                tries.fetch_add(1, Ordering::SeqCst);
                conn.batch_execute("SET innodb_lock_wait_timeout = 1").await?;
                conn.batch_execute("UPDATE postonce_epoch SET epoch = 9").await?;
                Ok(End::Keep(()))
            })
        })
        .await;
    let words = stuck.unwrap_err().to_string();
    assert!(words.contains("Lock wait timeout"), "{words}");
    assert_eq!(tries.load(Ordering::SeqCst), TRIES);
    drop(blocker);
    let tries = Arc::new(AtomicU32::new(0));
    let wrong: Result<(), StoreError> = scene
        .store
        .write(tries.clone(), |conn, tries| {
            Box::pin(async move {
                tries.fetch_add(1, Ordering::SeqCst);
                conn.batch_execute("INSERT INTO postonce_epoch VALUES ('b', 0)").await?;
                Ok(End::Keep(()))
            })
        })
        .await;
    assert!(wrong.is_err());
    assert_eq!(tries.load(Ordering::SeqCst), 1);
    scene.end().await;
}
