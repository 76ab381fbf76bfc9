//! Outcomes that are written over what this process knows of its claim, and statements that go with
//! COMMIT.

use postonce_adapter_host::RandomIds;
use postonce_domain::StateName;
use postonce_ports::clock::Ids;
use postonce_ports::error::StoreError;
use postonce_ports::reader::InvoiceReader as _;
use postonce_ports::store::{ClaimAnswer, InvoiceStore, Recorded};

use secrecy::ExposeSecret as _;

use super::{Scene, doubt, posted_as, whole};
use crate::{MysqlStore, Options};

/// A database that went back, where another run has then claimed the same invoice: the row has the
/// very state and version that our claim had left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outcome_is_not_written_over_another_claim() {
    let scene = Scene::new().await;
    let (id, claim) = scene.claimed(1).await;
    let other = RandomIds.claim_id();
    for sql in [
        format!("UPDATE postonce_claim SET id = '{other}'"),
        format!("UPDATE postonce_invoice SET claim_id = '{other}'"),
    ] {
        scene.sql(&sql).await.unwrap();
    }
    let recorded = scene.store.settle(claim, &posted_as("u1")).await.unwrap();
    assert_eq!(recorded, Recorded::UnknownClaim);
    assert_eq!(scene.state(id).await, StateName::Claimed);
    assert!(scene.store.read_back(other).await.unwrap());
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_moved_on_meanwhile_is_read_before_it_is_written_over() {
    let scene = Scene::new().await;
    let (id, claim) = scene.claimed(1).await;
    let held =
        format!("UPDATE postonce_invoice SET held = 1, version = version + 1 WHERE id = {id}");
    scene.sql(&held).await.unwrap();
    let recorded = scene.store.settle(claim, &posted_as("u1")).await.unwrap();
    assert_eq!(recorded, Recorded::Moved(StateName::Posted));
    let stands = "SELECT held = 1 AND version = 4 FROM postonce_invoice";
    assert_eq!(scene.number(stands).await, 1);
    let again = scene.store.settle(claim, &posted_as("u1")).await.unwrap();
    assert_eq!(again, Recorded::Already);
    scene.end().await;
}

/// What was counted before an outcome says nothing after it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outcome_starts_the_count_of_misses_anew() {
    let scene = Scene::new().await;
    let (_, claim) = scene.claimed(1).await;
    scene.sql("UPDATE postonce_claim SET first_miss_at = 1, absent_at = 1").await.unwrap();
    let recorded = scene.store.settle(claim, &doubt()).await.unwrap();
    assert_eq!(recorded, Recorded::Moved(StateName::InDoubt));
    let counted = "SELECT count(*) FROM postonce_claim \
                   WHERE first_miss_at IS NOT NULL OR absent_at IS NOT NULL";
    assert_eq!(scene.number(counted).await, 0);
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_that_another_invoice_has_is_no_second_one() {
    let scene = Scene::new().await;
    scene.settled(1, &posted_as("u1")).await;
    let (id, claim) = scene.claimed(2).await;
    let recorded = scene.store.settle(claim, &posted_as("u1")).await.unwrap();
    assert_eq!(recorded, Recorded::Moved(StateName::NeedsHuman));
    assert_eq!(scene.state(id).await, StateName::NeedsHuman);
    scene.end().await;
}

/// The claim and the trail's line go with COMMIT in one text.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_in_a_text_ends_it() {
    const PAYLOAD: &str = "'; ROLLBACK; -- \\' \" \\\\ \0 \n ü 😀 ?";
    let scene = Scene::new().await;
    let id = scene.ready(1).await;
    let mut wish = scene.wish(id).await;
    wish.request.payload = PAYLOAD.to_owned();
    let claim = wish.request.marker.claim;
    let answer = scene.store.claim(wish).await.unwrap();
    assert!(matches!(answer, ClaimAnswer::Claimed(_)), "{answer:?}");
    assert!(whole(&scene, id, claim).await);
    let same = "SELECT HEX(n.payload) = HEX(c.payload) \
                FROM postonce_invoice_note AS n JOIN postonce_claim AS c ON c.id = n.claim_id";
    assert_eq!(scene.number(same).await, 1);
    let notes = scene.store.notes(Some(id), 0, 10).await.unwrap();
    assert_eq!(notes.last().unwrap().payload.as_deref(), Some(PAYLOAD));
    scene.end().await;
}

/// Larger than any packet, and only so with what goes with it in one text.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_large_costs_its_invoice_alone() {
    let scene = Scene::new().await;
    let url = format!("{}&max_allowed_packet=1048576", scene.options.url.expose_secret());
    let options = Options { url: url.into(), ..scene.options.clone() };
    let store = MysqlStore::open(&options).await.unwrap();
    for (n, size) in [(1, 2_000_000), (2, 300_000)] {
        let id = scene.ready(n).await;
        let mut wish = scene.wish(id).await;
        wish.request.payload = "x".repeat(size);
        let claim = wish.request.marker.claim;
        let refused = store.claim(wish).await.unwrap_err();
        assert!(matches!(refused, StoreError::Refused { .. }), "{size}: {refused}");
        assert!(whole(&scene, id, claim).await);
        assert_eq!(scene.state(id).await, StateName::Ready);
    }
    let id = scene.ready(3).await;
    let answer = store.claim(scene.wish(id).await).await.unwrap();
    assert!(matches!(answer, ClaimAnswer::Claimed(_)), "{answer:?}");
    scene.end().await;
}
