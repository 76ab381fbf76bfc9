//! Tests of creating customers and items: once, or not again before it is known what became of it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use postonce_domain::{
    BlockCode, ClaimId, Invoice, InvoiceParts, ItemCode, MappingKey, MappingKind, MappingState,
};
use postonce_ports::ledger::{Ledger, PrepareError};
use serde_json::Value;
use uuid::Uuid;

use crate::tests::host::{TestClaims, TestClock};
use crate::tests::ledger::{UID, World, file, invoice, marker, parts};
use crate::tests::server::{Reply, Seen, answer, answer_with, page};
use crate::{Layout, Missing};

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
        |options| options.missing_customer = Missing::Create,
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
    // A look finds it first, and ends nothing.
    world.ledger.check(&invoice()).await.unwrap();
    assert_eq!(world.claims.open(), 1);
    world.prepared().await;
    assert_eq!(creations(&world), 1);
    assert_eq!(world.claims.open(), 0);
    let mapped = world.mappings.uid(MappingKind::Customer, "C-1");
    assert_eq!(mapped.as_deref(), Some(UID), "what was found of ours is on record");
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
async fn who_was_stopped_after_its_claim_searches_again_before_it_creates() {
    let clock: Arc<OnceLock<Arc<TestClock>>> = Arc::default();
    let (searches, held) = (AtomicUsize::new(0), Arc::clone(&clock));
    let world = World::with(
        move |seen| {
            if is_creation(seen) {
                return Some(created());
            }
            // The second search is the one under the claim.
            if is_search(seen) && searches.fetch_add(1, Ordering::SeqCst) == 1 {
                held.get().unwrap().advance(Duration::from_secs(3_600));
            }
            is_search(seen).then(|| page(""))
        },
        |options| options.missing_customer = Missing::Create,
    );
    clock.set(Arc::clone(&world.clock)).unwrap();
    world.prepared().await;
    assert_eq!(world.server.count("GET", "/Contact/Customer"), 3);
    assert_eq!((creations(&world), world.claims.open()), (1, 0));
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
    let searches = AtomicUsize::new(0);
    let world = World::with(
        move |seen| {
            let first = is_search(seen) && searches.fetch_add(1, Ordering::SeqCst) == 0;
            first.then(|| page(""))
        },
        |options| options.missing_customer = Missing::Create,
    );
    world.prepared().await;
    assert_eq!(creations(&world), 0);
    assert_eq!(world.claims.open(), 0);
}

#[tokio::test]
async fn what_was_created_is_not_created_again_while_no_search_finds_it() {
    // Searches go on finding nothing, as they may for a while.
    let world = world(Arc::default(), created);
    world.prepared().await;
    assert_eq!(creations(&world), 1);
    assert_eq!(world.mappings.uid(MappingKind::Customer, "C-1").as_deref(), Some(UID));
    // Another process, which has looked into the mapping just before.
    world.ledger.references.forget(&file());
    world.prepared().await;
    assert_eq!((creations(&world), world.claims.open()), (1, 0), "it looks again under its claim");
    world.ledger.references.forget(&file());
    world.clock.advance(Duration::from_secs(6));
    world.prepared().await;
    assert_eq!((creations(&world), world.claims.open()), (1, 0), "any process, later");
}

#[tokio::test]
async fn a_late_word_that_nothing_was_sent_frees_no_claim_of_another() {
    let claims = Arc::new(OnceLock::<Arc<TestClaims>>::new());
    let theirs = Arc::clone(&claims);
    let world = world(Arc::default(), move || {
        // Meanwhile a search has found our claim without effect, and another process has claimed.
        let claims = theirs.get().unwrap();
        claims.clear();
        let key = MappingKey::of(MappingKind::Customer, "C-1").unwrap();
        claims.open_as(key, ClaimId(Uuid::from_u128(99)));
        answer(429, "")
    });
    claims.set(Arc::clone(&world.claims)).unwrap();
    world.ledger.prepare(&invoice(), marker()).await.unwrap_err();
    assert_eq!((creations(&world), world.claims.open()), (1, 1), "the other one's claim stands");
}

#[tokio::test]
async fn a_miss_counts_from_when_its_search_began() {
    let clock = Arc::new(OnceLock::<Arc<TestClock>>::new());
    let slow = Arc::clone(&clock);
    let world = World::with(
        move |seen| {
            if is_creation(seen) {
                return Some(Reply::Close);
            }
            is_search(seen).then(|| {
                slow.get().unwrap().advance(Duration::from_secs(7));
                page("")
            })
        },
        |options| options.missing_customer = Missing::Create,
    );
    clock.set(Arc::clone(&world.clock)).unwrap();
    assert_eq!(blocked(&world).await, Some(BlockCode::CustomerInDoubt));
    assert_eq!(blocked(&world).await, Some(BlockCode::CustomerInDoubt));
    let took = world.claims.took.lock().unwrap().clone();
    assert_eq!(took, [Duration::from_secs(7)], "the search lasted so long");
}

fn with_item() -> Invoice {
    let mut lines = parts().lines;
    lines[0].item = Some(ItemCode::parse("BIND").unwrap());
    Invoice::new(InvoiceParts { lines, ..parts() }).unwrap()
}

/// The UID of the account that is configured.
const ACCOUNT: &str = "77777777-7777-4777-8777-777777777777";

/// A world that may create items, has none, and answers a creation with `reply`.
fn item_world(missing: Missing, reply: impl Fn() -> Reply + Send + Sync + 'static) -> World {
    World::with(
        move |seen| {
            let is_item = seen.target.contains("/Inventory/Item");
            let is_account = seen.target.contains("/GeneralLedger/Account");
            match seen.method.as_str() {
                "POST" if is_item => Some(reply()),
                "GET" if is_item => Some(page("")),
                "GET" if is_account => {
                    Some(page(&format!("{{\"UID\":\"{ACCOUNT}\",\"DisplayID\":\"4-1000\"}}")))
                }
                _ => None,
            }
        },
        move |options| {
            options.layout = Layout::Item;
            options.missing_item = missing;
        },
    )
}

fn items_created(world: &World) -> Vec<Value> {
    let seen = world.server.seen().into_iter();
    let created = seen.filter(|it| it.method == "POST" && it.target.contains("/Inventory/Item"));
    created.map(|it| serde_json::from_str(&it.body).unwrap()).collect()
}

#[tokio::test]
async fn a_missing_item_is_created_once_with_account_tax_code_and_marker() {
    let world = item_world(Missing::Create, created);
    world.ledger.check(&with_item()).await.unwrap();
    assert_eq!(items_created(&world).len(), 0, "a look creates nothing");
    for _ in 0..2 {
        let request = world.ledger.prepare(&with_item(), marker()).await.unwrap();
        let payload: Value = serde_json::from_str(&request.payload).unwrap();
        assert_eq!(payload["Lines"][0]["Item"]["UID"], UID);
    }
    let created = items_created(&world);
    assert_eq!(created.len(), 1);
    let item = &created[0];
    assert_eq!((&item["Number"], &item["Name"]), (&"BIND".into(), &"Work".into()), "{item}");
    assert_eq!((&item["IsSold"], &item["UseDescription"]), (&true.into(), &false.into()));
    assert_eq!(item["IncomeAccount"]["UID"], ACCOUNT, "{item}");
    assert_eq!(item["SellingDetails"]["TaxCode"]["UID"], UID, "{item}");
    let installation = marker().installation.to_string();
    let words = item["Description"].as_str().unwrap_or_default();
    assert!(words.starts_with(&format!("PostOnce {installation} ")), "{item}");
    assert_eq!(world.mappings.uid(MappingKind::Item, "BIND").as_deref(), Some(UID));
    assert_eq!(world.claims.open(), 0);
}

#[tokio::test]
async fn a_created_item_has_the_account_that_its_item_is_mapped_to() {
    let own = "88888888-8888-4888-8888-888888888888";
    let world = item_world(Missing::Create, created);
    world.mappings.put_row(MappingKind::Account, "BIND", own, MappingState::Review);
    for it in [
        world.ledger.check(&with_item()).await,
        world.ledger.prepare(&with_item(), marker()).await.map(drop),
    ] {
        let error = it.unwrap_err();
        assert!(
            matches!(&error, PrepareError::Blocked(it) if it.code == BlockCode::MappingReview),
            "{error}"
        );
    }
    assert_eq!(items_created(&world).len(), 0);
    world.mappings.put_row(MappingKind::Account, "BIND", own, MappingState::Confirmed);
    world.clock.advance(Duration::from_secs(6));
    world.ledger.prepare(&with_item(), marker()).await.unwrap();
    let item = &items_created(&world)[0];
    assert_eq!(item["IncomeAccount"]["UID"], own, "{item}");
    assert_eq!(item["SellingDetails"]["TaxCode"]["UID"], UID, "{item}");
}

#[tokio::test]
async fn an_item_blocks_if_it_may_not_be_created_or_its_creation_was_not_answered() {
    let code = async |world: &World| match world.ledger.prepare(&with_item(), marker()).await {
        Err(PrepareError::Blocked(reason)) => Some(reason.code),
        Ok(_) | Err(PrepareError::Ledger(_)) => None,
    };
    let world = item_world(Missing::Block, created);
    assert_eq!(code(&world).await, Some(BlockCode::ItemMissing));
    assert_eq!(items_created(&world).len(), 0);
    let world = item_world(Missing::Create, || Reply::Close);
    assert_eq!(code(&world).await, Some(BlockCode::ItemInDoubt));
    world.clock.advance(Duration::from_secs(6));
    assert_eq!(code(&world).await, Some(BlockCode::ItemInDoubt));
    assert_eq!((items_created(&world).len(), world.claims.open()), (1, 1), "once, and no more");
}

#[tokio::test]
async fn an_item_that_stands_twice_is_neither_chosen_nor_created() {
    let one = format!("{{\"UID\":\"{UID}\",\"Number\":\"BIND\"}}");
    let twice = format!("{one},{one}");
    let world = World::with(
        move |seen| seen.target.contains("/Inventory/Item").then(|| page(&twice)),
        |options| {
            options.layout = Layout::Item;
            options.missing_item = Missing::Create;
        },
    );
    let checked = world.ledger.check(&with_item()).await.unwrap_err();
    let prepared = world.ledger.prepare(&with_item(), marker()).await.unwrap_err();
    assert_eq!(checked.to_string(), prepared.to_string());
    assert!(matches!(prepared, PrepareError::Blocked(it) if it.code == BlockCode::ItemMissing));
}
