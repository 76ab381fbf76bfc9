//! A posted document that somebody has deleted in the ledger.

use postonce_domain::StateName;
use postonce_engine::Verdict;

use super::books::Searches;
use super::world::{QUIET, World};

/// `INV-1` is posted, and so is `INV-2` after it, to try a search on; the quiet period is over.
async fn posted() -> World {
    let world = World::new();
    world.import(&["INV-1"]).await;
    world.sync().await;
    world.import(&["INV-2"]).await;
    world.sync().await;
    world.clock.pass(QUIET);
    world
}

async fn deleted() -> World {
    let world = posted().await;
    let uid = world.uid("INV-1").await;
    world.ledger.books().delete(&uid);
    world
}

#[tokio::test]
async fn a_document_is_gone_if_two_searches_apart_do_not_find_it() {
    let world = deleted().await;
    let first = world.refusal("INV-1", Verdict::Absent).await;
    assert!(first.contains("say it again after"), "{first}");
    let too_soon = world.refusal("INV-1", Verdict::Absent).await;
    assert!(too_soon.contains("say it again after"), "{too_soon}");
    world.clock.pass(QUIET);
    let resolved = world.resolve("INV-1", Verdict::Absent).await.unwrap();
    assert_eq!(resolved.state, StateName::Ready);
    assert_eq!(world.sync().await.counts.posted, 1);
    assert_eq!(world.ledger.books().documents.len(), 2);
}

#[tokio::test]
async fn a_document_that_is_there_by_its_id_is_not_gone() {
    let world = posted().await;
    world.ledger.books().documents[0].number = "renumbered".to_owned();
    world.ledger.books().documents[0].reference = "changed".to_owned();
    for _ in 0..3 {
        let words = world.refusal("INV-1", Verdict::Absent).await;
        assert!(words.contains("is in the ledger"), "{words}");
        world.clock.pass(QUIET);
    }
}

#[tokio::test]
async fn a_document_is_not_gone_if_the_search_finds_nothing_at_all() {
    let world = deleted().await;
    for searches in [Searches::Broken, Searches::OnlyByNumber, Searches::OnlyByReference] {
        world.ledger.books().searches = searches;
        for _ in 0..3 {
            let words = world.refusal("INV-1", Verdict::Absent).await;
            assert!(words.contains("proves nothing"), "{words}");
            world.clock.pass(QUIET);
        }
    }
}

#[tokio::test]
async fn a_document_is_not_gone_if_another_has_its_number_or_its_reference() {
    for (number, reference) in [("INV-1", "typed by hand"), ("X-9", "order INV-1")] {
        let world = deleted().await;
        world.ledger.books().add(number, reference, "");
        for _ in 0..3 {
            let words = world.refusal("INV-1", Verdict::Absent).await;
            assert!(words.contains("number or reference"), "{words}");
            world.clock.pass(QUIET);
        }
    }
}

#[tokio::test]
async fn a_document_is_not_gone_before_its_claim_is_quiet() {
    let world = World::new();
    world.import(&["INV-1", "INV-2"]).await;
    world.sync().await;
    let uid = world.uid("INV-1").await;
    world.ledger.books().delete(&uid);
    let words = world.refusal("INV-1", Verdict::Absent).await;
    assert!(words.contains("may still take effect"), "{words}");
}
