//! Looking an invoice up before it is sent.

use std::time::Duration;

use postonce_domain::{InvoiceId, Marker, NoteKind, StateName, StopCause};
use postonce_engine::Verdict;

use super::books::{Answer, Preparing};
use super::ports::Commit;
use super::world::{QUIET, TOO_LONG, World, cause};

#[tokio::test]
async fn a_document_that_was_hidden_when_a_person_said_absent_is_adopted_by_the_next_run() {
    let world = World::new();
    world.import(&["INV-1"]).await;
    world.ledger.books().answers.push_back(Answer::BooksAndLoses);
    assert_eq!(world.sync().await.counts.in_doubt, 1);
    world.ledger.books().hide_all();
    world.clock.pass(QUIET);
    let resolved = world.resolve("INV-1", Verdict::Absent).await.unwrap();
    assert_eq!(resolved.state, StateName::Ready);

    world.ledger.books().hidden.clear();
    let end = world.sync().await;
    assert_eq!((end.counts.adopted, end.counts.claimed), (1, 0));
    assert_eq!(world.state("INV-1").await, StateName::Posted);
    assert_eq!(world.ledger.books().posts_of("INV-1"), 1);
}

#[tokio::test]
async fn an_invoice_with_a_settled_past_is_sent_without_a_search() {
    let world = World::new();
    // But for the oldest four of each run.
    world.import(&["INV-1", "INV-2", "INV-3", "INV-4", "INV-5"]).await;
    assert_eq!(world.sync().await.counts.posted, 5);
    assert_eq!(world.ledger.books().asked_for("number INV-4"), 1);
    assert_eq!(world.ledger.books().asked_for("number INV-5"), 0);
}

#[tokio::test]
async fn an_inquiry_that_has_grown_old_is_made_again_before_the_claim() {
    let world = World::unsettled();
    world.import(&["INV-1"]).await;
    world.ledger.books().preparing.push_back(Preparing::Takes(TOO_LONG));
    assert_eq!(world.sync().await.counts.posted, 1);
    let books = world.ledger.books();
    let asked = (books.asked_for("number INV-1"), books.asked_for("reference order INV-1"));
    // Once as one of the oldest, and twice before the claim.
    assert_eq!((asked, books.posts_of("INV-1")), ((3, 3), 1));
}

#[tokio::test]
async fn a_ledger_too_slow_to_be_asked_and_told_at_once_is_told_nothing() {
    let world = World::unsettled();
    world.import(&["INV-1"]).await;
    world.ledger.books().preparing = (0..3).map(|_| Preparing::Takes(TOO_LONG)).collect();
    let end = world.sync().await;
    assert_eq!((end.counts.claimed, cause(&end)), (0, Some(StopCause::LedgerUnavailable)));
    assert_eq!(world.state("INV-1").await, StateName::Ready);
    assert!(world.ledger.books().posts.is_empty());
}

#[tokio::test]
async fn a_claim_that_takes_too_long_in_the_database_sends_nothing() {
    let world = World::new();
    world.import(&["INV-1"]).await;
    world.database.trouble().commits = (0..3).map(|_| Commit::Takes(TOO_LONG)).collect();
    let end = world.sync().await;
    assert_eq!((end.counts.claimed, end.counts.not_sent), (3, 3));
    assert!(world.ledger.books().posts.is_empty());
    assert_eq!(world.state("INV-1").await, StateName::Ready);
    let expired = world.trail("INV-1").await.into_iter().filter(|record| {
        record.note.kind == NoteKind::Outcome && record.note.text.contains("(expired)")
    });
    assert_eq!(expired.count(), 3);
    // The next run is not held up by it.
    assert_eq!(world.sync().await.counts.posted, 1);
}

#[tokio::test]
async fn an_inquiry_that_has_grown_old_in_the_database_sends_nothing() {
    const SIX_SECONDS: Duration = Duration::from_secs(6);
    let world = World::unsettled();
    world.import(&["INV-1"]).await;
    world.ledger.books().preparing.push_back(Preparing::Takes(SIX_SECONDS));
    world.database.trouble().commits.push_back(Commit::Takes(SIX_SECONDS));
    let end = world.sync().await;
    // The claim is in time, and the inquiry before it is not: the second claim has a new one.
    assert_eq!((end.counts.not_sent, end.counts.posted), (1, 1));
    let books = world.ledger.books();
    assert_eq!((books.asked_for("number INV-1"), books.posts_of("INV-1")), (3, 1));
}

#[tokio::test]
async fn a_document_of_ours_is_adopted_before_the_first_claim() {
    let lost = World::unsettled();
    lost.import(&["INV-1"]).await;
    lost.sync().await;
    let document = lost.ledger.books().documents[0].clone();

    // A database that was restored from a backup does not know the claim.
    let world = World::unsettled();
    world.import(&["INV-1", "INV-2"]).await;
    world.ledger.books().documents.push(document.clone());
    let end = world.sync().await;
    assert_eq!((end.counts.adopted, end.counts.claimed), (1, 0));
    assert_eq!(cause(&end), Some(StopCause::Alarm));
    let summary = world.summary("INV-1").await;
    assert_eq!((summary.state, summary.attempt.0), (StateName::Posted, 0));
    assert_eq!(summary.ledger_uid, Some(document.uid));
    world.clock.pass(QUIET);
    assert_eq!(world.sync().await.counts.posted, 1);
    assert_eq!(world.ledger.books().posted_numbers(), ["INV-2"]);
}

#[tokio::test]
async fn a_strangers_document_with_the_number_needs_a_person_before_the_first_claim() {
    let world = World::unsettled();
    world.import(&["INV-1"]).await;
    let uid = world.ledger.books().add("INV-1", "typed by hand", "");
    let end = world.sync().await;
    assert_eq!((end.counts.needs_human, end.counts.claimed), (1, 0));
    let summary = world.summary("INV-1").await;
    assert_eq!((summary.state, summary.uids), (StateName::NeedsHuman, vec![uid]));
    assert!(world.ledger.books().posts.is_empty());
}

#[tokio::test]
async fn a_document_that_is_recorded_for_another_invoice_needs_a_person() {
    let world = World::unsettled();
    world.import(&["INV-1"]).await;
    world.sync().await;
    let uid = world.uid("INV-1").await;
    // In the ledger somebody gives the document another invoice's number.
    world.ledger.books().documents[0].number = "INV-2".to_owned();
    world.import(&["INV-2"]).await;
    let end = world.sync().await;
    assert_eq!((end.counts.needs_human, end.counts.claimed), (1, 0));
    let summary = world.summary("INV-2").await;
    assert_eq!((summary.state, summary.uids), (StateName::NeedsHuman, vec![uid]));
    assert_eq!(world.state("INV-1").await, StateName::Posted);
}

#[tokio::test]
async fn a_document_that_carries_another_invoices_marker_needs_a_person() {
    let world = World::unsettled();
    world.import(&["INV-1"]).await;
    world.ledger.books().answers.push_back(Answer::BooksAndLoses);
    world.sync().await;
    // In the ledger somebody makes it look like another invoice's document.
    {
        let mut books = world.ledger.books();
        books.documents[0].number = "INV-2".to_owned();
        books.documents[0].reference = "order INV-2".to_owned();
    }
    world.import(&["INV-2"]).await;
    assert_eq!(world.sync().await.counts.needs_human, 1);
    assert_eq!(world.state("INV-2").await, StateName::NeedsHuman);
    assert_eq!(world.ledger.books().posts_of("INV-2"), 0);
}

#[tokio::test]
async fn a_document_that_another_invoice_is_faster_to_record_needs_a_person() {
    let world = World::new();
    world.import(&["INV-1"]).await;
    world.ledger.books().answers.push_back(Answer::BooksAndLoses);
    world.sync().await;
    world.database.trouble().adopted_by = Some(InvoiceId(404));
    world.clock.pass(QUIET);
    let end = world.sync().await;
    assert_eq!((end.counts.needs_human, end.counts.adopted), (1, 0));
    let summary = world.summary("INV-1").await;
    assert_eq!((summary.state, summary.uids.len()), (StateName::NeedsHuman, 1));
}

#[tokio::test]
async fn two_documents_with_the_number_need_a_person_though_one_is_ours() {
    let world = World::new();
    world.import(&["INV-1"]).await;
    world.ledger.books().answers.push_back(Answer::BooksAndLoses);
    world.sync().await;
    let ours = world.ledger.books().documents[0].memo.clone();
    assert!(Marker::find(&ours).is_some());
    world.ledger.books().add("INV-1", "typed by hand", "");
    world.clock.pass(QUIET);
    assert_eq!(world.sync().await.counts.needs_human, 1);
    assert_eq!(world.summary("INV-1").await.uids.len(), 2);
    assert_eq!(world.ledger.books().posts_of("INV-1"), 1);
}

#[tokio::test]
async fn a_document_found_before_the_claim_that_another_invoice_records_first_needs_a_person() {
    let world = World::new();
    world.import(&["INV-1"]).await;
    world.ledger.books().answers.push_back(Answer::BooksAndLoses);
    world.sync().await;
    world.ledger.books().hide_all();
    world.clock.pass(QUIET);
    world.resolve("INV-1", Verdict::Absent).await.unwrap();
    world.ledger.books().hidden.clear();
    world.database.trouble().adopted_by = Some(InvoiceId(404));
    let end = world.sync().await;
    assert_eq!((end.counts.needs_human, end.counts.adopted, end.counts.claimed), (1, 0, 0));
    assert_eq!(world.state("INV-1").await, StateName::NeedsHuman);
}
