//! Callers that go away in the middle, and bugs in the middle.

use std::pin::pin;

use diesel_async::SimpleAsyncConnection as _;
use futures::FutureExt as _;
use postonce_domain::StateName;
use postonce_ports::error::StoreError;
use postonce_ports::store::{ClaimAnswer, InvoiceStore};

use super::{Scene, whole};
use crate::transaction::End;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_whose_caller_goes_away_is_whole_or_not_there() {
    go_away().await;
}

#[tokio::test]
async fn a_caller_may_go_away_on_a_runtime_of_one_thread_too() {
    go_away().await;
}

async fn go_away() {
    let scene = Scene::new().await;
    for n in 1..=24 {
        let id = scene.ready(n).await;
        let wish = scene.wish(id).await;
        let claim = wish.request.marker.claim;
        {
            let mut asked = pin!(scene.store.claim(wish));
            // Polled a few times and then dropped, at another point each time.
            for _ in 0..n {
                if (&mut asked).now_or_never().is_some() {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        assert!(whole(&scene, id, claim).await, "invoice {n}");
    }
    let (_, claim) = scene.claimed(100).await;
    assert!(scene.store.read_back(claim).await.unwrap());
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_whose_caller_goes_away_is_made_all_the_same() {
    let scene = Scene::new().await;
    let id = scene.ready(1).await;
    let wish = scene.wish(id).await;
    let claim = wish.request.marker.claim;
    assert!(scene.store.claim(wish).now_or_never().is_none());
    // The task that was begun ends by itself.
    while !scene.store.read_back(claim).await.unwrap() {}
    assert_eq!(scene.state(id).await, StateName::Claimed);
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bug_in_a_transaction_is_rolled_back_and_leaves_nothing_open() {
    let scene = Scene::new().await;
    let broken: Result<(), StoreError> = scene
        .store
        .write((), |conn, ()| {
            Box::pin(async move {
                conn.batch_execute("INSERT INTO postonce_epoch VALUES ('shop', 7)").await?;
                panic!("a bug")
            })
        })
        .await;
    assert!(broken.unwrap_err().to_string().contains("panic"));
    // Its session is closed, so the row is free and not there.
    scene.sql("INSERT INTO postonce_epoch VALUES ('shop', 8)").await.unwrap();
    assert_eq!(scene.number("SELECT epoch FROM postonce_epoch").await, 8);
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_undone_leaves_nothing_to_the_next_one() {
    let scene = Scene::new().await;
    let undone: Result<(), StoreError> = scene
        .store
        .write((), |conn, ()| {
            Box::pin(async move {
                conn.batch_execute("INSERT INTO postonce_epoch VALUES ('shop', 7)").await?;
                Ok(End::Undo(()))
            })
        })
        .await;
    undone.unwrap();
    let id = scene.ready(1).await;
    let answer = scene.store.claim(scene.wish(id).await).await.unwrap();
    assert!(matches!(answer, ClaimAnswer::Claimed(_)), "{answer:?}");
    assert_eq!(scene.number("SELECT count(*) FROM postonce_epoch").await, 0);
    scene.end().await;
}
