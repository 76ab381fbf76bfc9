//! Tests of creating customers: once, or not again before it is known what became of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use postonce_domain::BlockCode;
use postonce_ports::ledger::{Ledger, PrepareError};

use crate::MissingCustomer;
use crate::tests::ledger::{UID, World, invoice, marker};
use crate::tests::server::{Reply, Seen, answer, answer_with, page};

fn is_creation(seen: &Seen) -> bool {
    seen.method == "POST" && seen.target.contains("/Contact/Customer")
}

fn is_search(seen: &Seen) -> bool {
    seen.method == "GET" && seen.target.contains("/Contact/Customer")
}

/// A world that may create customers, has none, and answers a creation with `reply`; with `there`
/// set, a search finds the customer.
fn world(there: Arc<AtomicBool>, reply: impl Fn() -> Reply + Send + Sync + 'static) -> World {
    World::with(
        move |seen| {
            if is_creation(seen) {
                return Some(reply());
            }
            (is_search(seen) && !there.load(Ordering::SeqCst)).then(|| page(""))
        },
        |options| options.missing_customer = MissingCustomer::Create,
    )
}

fn created() -> Reply {
    let location = format!("Location: http://x/Contact/Customer/{UID}\r\n");
    answer_with(201, &location, "")
}

fn creations(world: &World) -> usize {
    world.server.seen().iter().filter(|seen| is_creation(seen)).count()
}

async fn blocked(world: &World) -> Option<BlockCode> {
    match world.ledger.prepare(&invoice(), marker()).await {
        Err(PrepareError::Blocked(reason)) => Some(reason.code),
        Ok(_) | Err(PrepareError::Ledger(_)) => None,
    }
}

#[tokio::test]
async fn a_missing_customer_is_created_once() {
    let world = Arc::new(world(Arc::default(), created));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let world = Arc::clone(&world);
        tasks.spawn(async move { world.prepared().await });
    }
    assert_eq!(tasks.join_all().await.len(), 6);
    assert_eq!(creations(&world), 1);
    assert_eq!(world.claims.open(), 0);
}

#[tokio::test]
async fn an_unanswered_creation_blocks_until_a_search_finds_the_customer() {
    let there = Arc::new(AtomicBool::new(false));
    let world = world(Arc::clone(&there), || Reply::Close);
    assert_eq!(blocked(&world).await, Some(BlockCode::CustomerInDoubt));
    world.clock.advance(Duration::from_secs(60));
    assert_eq!(blocked(&world).await, Some(BlockCode::CustomerInDoubt));
    assert_eq!(world.claims.open(), 1);
    there.store(true, Ordering::SeqCst);
    world.clock.advance(Duration::from_secs(60));
    world.prepared().await;
    assert_eq!(creations(&world), 1);
    assert_eq!(world.claims.open(), 0);
}

#[tokio::test]
async fn a_creation_proven_without_effect_is_made_again() {
    let answered = AtomicBool::new(false);
    let world = world(Arc::default(), move || {
        if answered.swap(true, Ordering::SeqCst) { created() } else { Reply::Close }
    });
    assert_eq!(blocked(&world).await, Some(BlockCode::CustomerInDoubt));
    // The store takes the second miss for proof.
    assert_eq!(blocked(&world).await, Some(BlockCode::CustomerInDoubt));
    world.prepared().await;
    assert_eq!(creations(&world), 2);
}

#[tokio::test]
async fn a_refused_creation_blocks_and_leaves_no_claim() {
    let refusal = "{\"Errors\":[{\"Name\":\"Required\",\"Message\":\"no\",\"ErrorCode\":100}]}";
    let world = world(Arc::default(), move || answer(400, refusal));
    assert_eq!(blocked(&world).await, Some(BlockCode::CustomerMissing));
    assert_eq!(world.claims.open(), 0);
}

#[tokio::test]
async fn a_creation_that_was_not_sent_leaves_no_claim() {
    let world = world(Arc::default(), || answer(429, ""));
    let error = world.ledger.prepare(&invoice(), marker()).await.unwrap_err();
    assert!(matches!(error, PrepareError::Ledger(_)));
    assert_eq!(creations(&world), 1);
    assert_eq!(world.claims.open(), 0);
}

#[tokio::test]
async fn a_customer_that_appears_before_the_claim_is_not_created() {
    let searches = std::sync::atomic::AtomicUsize::new(0);
    let world = World::with(
        move |seen| {
            let first = is_search(seen) && searches.fetch_add(1, Ordering::SeqCst) == 0;
            first.then(|| page(""))
        },
        |options| options.missing_customer = MissingCustomer::Create,
    );
    world.prepared().await;
    assert_eq!(creations(&world), 0);
    assert_eq!(world.claims.open(), 0);
}
