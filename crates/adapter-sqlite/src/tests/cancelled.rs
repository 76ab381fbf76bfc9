//! Callers that go away in the middle, and bugs in the middle.

use std::pin::pin;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use futures::FutureExt;
use postonce_domain::StateName;
use postonce_ports::error::StoreError;
use postonce_ports::reader::InvoiceReader;
use postonce_ports::store::{ClaimAnswer, InvoiceStore};

use super::{Scene, whole};
use crate::connection::End;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_whose_caller_goes_away_is_whole_or_not_there() {
    go_away().await;
}

#[tokio::test]
async fn a_caller_may_go_away_on_a_runtime_of_one_thread_too() {
    go_away().await;
}

async fn go_away() {
    let scene = Scene::new();
    for n in 1..=40 {
        let id = scene.ready(n).await;
        let wish = scene.wish(id).await;
        let claim = wish.request.marker.claim;
        {
            let mut asked = pin!(scene.store.claim(wish));
            // Polled a few times and then dropped, at another point each time.
            for _ in 0..n % 8 {
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
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reading_waits_for_the_commit_of_a_caller_that_went_away() {
    let scene = Scene::new();
    let id = scene.ready(1).await;
    let wish = scene.wish(id).await;
    let claim = wish.request.marker.claim;
    let (go_on, waits) = std::sync::mpsc::channel::<()>();
    let (tell, under_way) = tokio::sync::oneshot::channel::<()>();
    // A write that is under way: the claim after it begins when it ends.
    let store = scene.store.clone();
    let slow = tokio::spawn(async move {
        store
            .write(move |_| {
                tell.send(()).unwrap();
                waits.recv_timeout(Duration::from_secs(10)).unwrap();
                Ok(End::Keep(()))
            })
            .await
    });
    under_way.await.unwrap();
    slow.abort();
    assert!(slow.await.unwrap_err().is_cancelled());
    let reading = tokio::spawn({
        let store = scene.store.clone();
        async move { store.read_back(claim).await }
    });
    go_on.send(()).unwrap();
    assert!(!reading.await.unwrap().unwrap());
    assert!(matches!(scene.store.claim(wish).await.unwrap(), ClaimAnswer::Claimed(_)));
    assert!(scene.store.read_back(claim).await.unwrap());
}

#[tokio::test]
async fn a_bug_in_a_transaction_is_rolled_back_and_leaves_nothing_open() {
    let scene = Scene::new();
    let broken: Result<(), StoreError> = scene
        .store
        .write(|conn| {
            conn.batch_execute("INSERT INTO postonce_epoch VALUES ('shop', 7)")?;
            panic!("a bug")
        })
        .await;
    assert!(broken.unwrap_err().to_string().contains("a bug"));
    let broken: Result<(), StoreError> = scene.store.read(|_| panic!("another")).await;
    assert!(broken.unwrap_err().to_string().contains("another"));
    assert_eq!(scene.number("SELECT count(*) FROM postonce_epoch"), 0);
    let (id, _) = scene.claimed(1).await;
    assert_eq!(scene.state(id).await, StateName::Claimed);
    assert_eq!(scene.store.counts().await.unwrap().held, 0);
}
