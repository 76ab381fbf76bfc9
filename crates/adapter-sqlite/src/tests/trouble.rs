//! A database that does not do what it is asked.

use diesel::connection::SimpleConnection;
use postonce_domain::StateName;
use postonce_ports::error::StoreError;
use postonce_ports::intake::Intake;
use postonce_ports::store::{ClaimAnswer, InvoiceStore};

use super::{Scene, invoice};

impl Scene {
    /// Sets something on the writing connection itself.
    async fn set(&self, sql: &'static str) {
        let mut writer = self.store.inner.writer.lock().await;
        writer.spawn_blocking(move |conn| conn.batch_execute(sql)).await.unwrap();
    }
}

fn words(error: &StoreError) -> String {
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    error.to_string()
}

#[tokio::test]
async fn a_full_disk_is_named_and_changes_nothing() {
    let scene = Scene::new();
    let id = scene.ready(1).await;
    let wish = scene.wish(id).await;
    scene.set("PRAGMA max_page_count = 1").await;
    let many = (2..5_000).map(invoice).collect();
    let full = words(&scene.store.import(many).await.unwrap_err());
    assert!(full.contains("p.db") && full.contains("disk is full"), "{full}");
    assert_eq!(scene.number("SELECT count(*) FROM postonce_invoice"), 1);

    let mut large = wish;
    large.request.payload = "x".repeat(100_000);
    let claim = large.request.marker.claim;
    let full = words(&scene.store.claim(large).await.unwrap_err());
    assert!(full.contains("disk is full"), "{full}");
    assert_eq!(scene.state(id).await, StateName::Ready);
    assert!(!scene.store.read_back(claim).await.unwrap());

    scene.set("PRAGMA max_page_count = 1000000").await;
    scene.claimed(2).await;
}

#[tokio::test]
async fn a_database_that_may_not_be_written_is_named() {
    let scene = Scene::new();
    scene.set("PRAGMA query_only = ON").await;
    let readonly = words(&scene.store.import(vec![invoice(1)]).await.unwrap_err());
    assert!(readonly.contains("p.db") && readonly.contains("may not be written"), "{readonly}");
}

#[tokio::test]
async fn a_database_that_stays_locked_is_named_and_the_claim_is_not_made() {
    let scene = Scene::new();
    let id = scene.ready(1).await;
    let wish = scene.wish(id).await;
    scene.set("PRAGMA busy_timeout = 0").await;
    let mut other = scene.raw();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let locked = words(&scene.store.claim(wish).await.unwrap_err());
    assert!(locked.contains("p.db") && locked.contains("locked"), "{locked}");
    assert_eq!(scene.state(id).await, StateName::Ready, "a reader does not wait for a writer");
    other.batch_execute("ROLLBACK").unwrap();
    let wish = scene.wish(id).await;
    assert!(matches!(scene.store.claim(wish).await.unwrap(), ClaimAnswer::Claimed(_)));
}

#[tokio::test]
async fn a_commit_that_fails_gives_no_token_and_is_read_back() {
    let scene = Scene::new();
    let id = scene.ready(1).await;
    // What only the commit finds: a reference that leads nowhere.
    scene
        .execute(
            "CREATE TABLE broken (id INTEGER REFERENCES postonce_invoice (id) \
             DEFERRABLE INITIALLY DEFERRED); \
             CREATE TRIGGER break_it AFTER INSERT ON postonce_claim \
             BEGIN INSERT INTO broken VALUES (-1); END",
        )
        .unwrap();
    let wish = scene.wish(id).await;
    let claim = wish.request.marker.claim;
    let answer = scene.store.claim(wish).await.unwrap();
    assert!(matches!(answer, ClaimAnswer::Unanswered(_)), "{answer:?}");
    assert!(!scene.store.read_back(claim).await.unwrap());
    assert_eq!(scene.state(id).await, StateName::Ready);
    scene.execute("DROP TRIGGER break_it").unwrap();
    // The next write does not run inside what was left.
    let wish = scene.wish(id).await;
    assert!(matches!(scene.store.claim(wish).await.unwrap(), ClaimAnswer::Claimed(_)));
}
