//! A claim and the epoch: whoever raises it waits for the claims that have read it.

use diesel_async::{RunQueryDsl as _, SimpleAsyncConnection as _};
use postonce_domain::{Epoch, StateName};
use postonce_ports::store::{ClaimAnswer, ClaimRefusal, ClaimRequest, InvoiceStore};

use super::Scene;

const RAISE: &str = "UPDATE postonce_epoch SET epoch = epoch + 1 WHERE company_file = 'shop'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_raises_the_epoch_waits_for_a_claim_that_has_read_it() {
    let scene = Scene::new().await;
    scene.sql("INSERT INTO postonce_epoch VALUES ('shop', 3)").await.unwrap();
    let id = scene.ready(1).await;
    let wish = ClaimRequest { epoch: Epoch(3), ..scene.wish(id).await };
    // Another has the invoice's row, so the claim has read the epoch and waits in its UPDATE.
    let mut blocker = scene.raw().await;
    blocker.batch_execute("START TRANSACTION").await.unwrap();
    let lock = format!("SELECT id FROM postonce_invoice WHERE id = {id} FOR UPDATE");
    blocker.batch_execute(&lock).await.unwrap();
    let store = scene.store.clone();
    let claiming = tokio::spawn(async move { store.claim(wish).await });
    scene.until_waiting("UPDATE postonce_invoice").await;
    let mut raiser = scene.raw().await;
    let raising = tokio::spawn(async move { diesel::sql_query(RAISE).execute(&mut raiser).await });
    scene.until_waiting("UPDATE postonce_epoch").await;
    assert_eq!(scene.number("SELECT epoch FROM postonce_epoch").await, 3);
    blocker.batch_execute("ROLLBACK").await.unwrap();
    let answer = claiming.await.unwrap().unwrap();
    assert!(matches!(answer, ClaimAnswer::Claimed(_)), "{answer:?}");
    assert_eq!(raising.await.unwrap().unwrap(), 1);
    assert_eq!(scene.state(id).await, StateName::Claimed);
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_waits_for_a_raise_and_is_fenced_by_it() {
    let scene = Scene::new().await;
    scene.sql("INSERT INTO postonce_epoch VALUES ('shop', 3)").await.unwrap();
    let id = scene.ready(1).await;
    let wish = ClaimRequest { epoch: Epoch(3), ..scene.wish(id).await };
    let mut raiser = scene.raw().await;
    raiser.batch_execute("START TRANSACTION").await.unwrap();
    raiser.batch_execute(RAISE).await.unwrap();
    let store = scene.store.clone();
    let claiming = tokio::spawn(async move { store.claim(wish).await });
    scene.until_waiting("SELECT i.company_file").await;
    raiser.batch_execute("COMMIT").await.unwrap();
    let answer = claiming.await.unwrap().unwrap();
    assert!(matches!(answer, ClaimAnswer::Refused(ClaimRefusal::Fenced)), "{answer:?}");
    scene.end().await;
}
