//! The oldest invoices of a company file that were never claimed are looked up before its first
//! claim: which ones, how often, and what if the ledger does not answer.

use postonce_domain::{StateName, StopCause};
use postonce_engine::{Preview, PreviewOutcome, SyncRequest};

use super::books::{Answer, Searches};
use super::world::{World, cause, request};

const SIX: [&str; 6] = ["INV-1", "INV-2", "INV-3", "INV-4", "INV-5", "INV-6"];

#[tokio::test]
async fn the_four_oldest_are_looked_up_once_in_a_run() {
    let world = World::new();
    world.import(&SIX).await;
    // A second scan sends it.
    let busy = Answer::NotSent(postonce_domain::NotSentCause::RateLimited);
    world.ledger.books().answers.push_back(busy);
    assert_eq!(world.sync().await.counts.posted, 6);
    assert_eq!(world.ledger.books().asked_numbers(), SIX[..4]);
}

#[tokio::test]
async fn nothing_is_looked_up_if_nothing_is_to_be_claimed() {
    let world = World::new();
    world.import(&SIX).await;
    let none = SyncRequest { limit: Some(0), ..request() };
    world.sync_by(&none).await;
    world.ledger.books().unknown.insert("CUS1".to_owned());
    assert_eq!(world.sync().await.counts.blocked, 6);
    assert_eq!(world.sync().await.counts.blocked, 6);
    assert!(world.ledger.books().asked.is_empty());
}

#[tokio::test]
async fn what_cannot_be_sent_is_no_sign_of_anything() {
    let world = World::new();
    world.ledger.books().unknown.insert("NEW".to_owned());
    for number in &SIX[..5] {
        world.ledger.books().add(number, "typed by hand", "");
        world.import_for(number, "NEW").await;
    }
    world.import(&["INV-6"]).await;
    let end = world.sync().await;
    assert_eq!((end.counts.blocked, end.counts.posted, cause(&end)), (5, 1, None));
    assert_eq!(world.ledger.books().asked_numbers(), ["INV-6"]);
}

#[tokio::test]
async fn an_invoice_that_was_claimed_before_is_no_sign_of_anything() {
    let world = World::new();
    world.import(&["INV-1"]).await;
    world.ledger.books().answers.push_back(Answer::Rejected);
    world.sync().await;
    world.ledger.books().add("INV-1", "typed by hand", "");
    world.import(&["INV-2"]).await;
    world.ledger.books().asked.clear();
    assert_eq!(cause(&world.sync().await), None);
    assert_eq!(world.ledger.books().asked_numbers(), ["INV-2"]);
}

#[tokio::test]
async fn while_the_ledger_answers_no_search_nothing_is_claimed() {
    for count in [1, 6] {
        let world = World::new();
        world.import(&SIX[..count]).await;
        world.ledger.books().searches = Searches::Unanswered;
        let end = world.sync().await;
        assert_eq!((end.counts.claimed, cause(&end)), (0, Some(StopCause::LedgerUnavailable)));
        assert!(world.ledger.books().asked.len() <= 5, "it is not asked for ever");
        let preview = world.engine().preview(None, None).await.unwrap();
        assert!(matches!(preview[0].outcome, PreviewOutcome::Unavailable { .. }), "{preview:?}");
        world.ledger.books().searches = Searches::Work;
        assert_eq!(world.sync().await.counts.posted, u64::try_from(count).unwrap());
    }
}

#[tokio::test]
async fn a_search_that_fails_once_is_made_again() {
    let world = World::new();
    world.import(&SIX).await;
    world.ledger.books().unanswered = 1;
    let end = world.sync().await;
    assert_eq!((end.counts.posted, cause(&end)), (6, None));
    assert_eq!(world.ledger.books().asked_for("number INV-1"), 2);
}

#[tokio::test]
async fn one_invoice_that_cannot_be_looked_up_is_left_alone_and_the_others_are_sent() {
    let world = World::new();
    world.import(&SIX).await;
    world.ledger.books().unsearchable.insert("INV-2".to_owned());
    let end = world.sync().await;
    assert_eq!((end.counts.posted, cause(&end)), (5, Some(StopCause::LedgerUnavailable)));
    assert_eq!(world.state("INV-2").await, StateName::Ready);
    assert_eq!(world.ledger.books().asked_for("number INV-2"), 2);
    // Four others tell.
    assert_eq!(world.ledger.books().asked_for("number INV-5"), 1);
}

#[tokio::test]
async fn a_bug_in_a_search_costs_its_invoice_and_not_the_run() {
    let world = World::new();
    world.import(&SIX).await;
    world.ledger.books().poison = Some("INV-1".to_owned());
    let end = world.sync().await;
    assert_eq!((end.counts.posted, cause(&end)), (5, Some(StopCause::Unexpected)));
    assert_eq!(world.state("INV-1").await, StateName::Ready);
}

#[tokio::test]
async fn a_preview_looks_up_the_four_oldest_too() {
    let world = World::new();
    world.import(&SIX).await;
    let shown = world.engine().preview(None, None).await.unwrap();
    let posts = |preview: &Preview| matches!(preview.outcome, PreviewOutcome::WouldPost);
    assert!(shown.len() == 6 && shown.iter().all(posts), "{shown:?}");
    assert_eq!(world.ledger.books().asked_numbers(), SIX[..4]);
}
