//! Which invoices a run takes, and what keeps the others out.

use std::time::Duration;

use postonce_domain::{BlockCode, NoteKind, RunStatus, StateName};
use postonce_engine::{PreviewOutcome, SyncRequest};
use postonce_ports::history::RunHistory as _;

use super::books::{Answer, Preparing};
use super::world::{World, cause, company_file, request};

#[tokio::test]
async fn a_blocked_invoice_is_tried_in_every_run_and_sent_when_it_is_mended() {
    let world = World::new();
    world.ledger.books().unknown.insert("NEW".to_owned());
    world.import_for("INV-1", "NEW").await;
    world.import(&["INV-2"]).await;
    let end = world.sync().await;
    assert_eq!((end.counts.blocked, end.counts.posted), (1, 1));
    assert_eq!(end.status(), RunStatus::CompletedWithErrors);
    let summary = world.summary("INV-1").await;
    assert_eq!(summary.code.as_deref(), Some(BlockCode::CustomerMissing.as_str()));

    // Still blocked: counted, and no second line in its trail.
    let end = world.sync().await;
    assert_eq!((end.counts.blocked, end.counts.claimed), (1, 0));
    assert_eq!(world.trail("INV-1").await.len(), 1);

    world.ledger.books().unknown.clear();
    let end = world.sync().await;
    assert_eq!((end.counts.blocked, end.counts.posted), (0, 1));
    assert_eq!(world.state("INV-1").await, StateName::Posted);
}

#[tokio::test]
async fn what_cannot_be_sent_anyway_is_not_looked_up() {
    let world = World::unsettled();
    world.ledger.books().unknown.insert("CUS1".to_owned());
    world.ledger.books().add("INV-1", "typed by hand", "");
    world.import(&["INV-1"]).await;
    assert_eq!(world.sync().await.counts.blocked, 1);
    assert_eq!(world.state("INV-1").await, StateName::Blocked);
    world.ledger.books().unknown.clear();
    assert_eq!(world.sync().await.counts.needs_human, 1);
}

#[tokio::test]
async fn a_run_over_one_company_file_leaves_the_others_alone() {
    let world = World::new();
    world.import_into("depot", &["DEP-1"]).await;
    world.import(&["INV-1"]).await;
    let only = SyncRequest { company_file: Some(company_file("shop")), ..request() };
    assert_eq!(world.sync_by(&only).await.counts.posted, 1);
    assert_eq!(world.ledger.books().posted_numbers(), ["INV-1"]);
    assert_eq!(world.state("DEP-1").await, StateName::Ready);
    assert_eq!(world.sync().await.counts.posted, 1);
}

#[tokio::test]
async fn a_run_makes_no_more_claims_than_its_limit() {
    for concurrency in [1, 4] {
        let mut world = World::new();
        world.policy.concurrency = concurrency.try_into().unwrap();
        world.import(&["INV-1", "INV-2", "INV-3", "INV-4", "INV-5"]).await;
        let two = SyncRequest { limit: Some(2), ..request() };
        let end = world.sync_by(&two).await;
        assert_eq!((end.counts.posted, cause(&end)), (2, None));
        assert_eq!(world.ledger.books().posts.len(), 2);
        assert_eq!(world.ledger.books().prepared, 2, "nothing is prepared in vain");
        let none = SyncRequest { limit: Some(0), ..request() };
        assert_eq!(world.sync_by(&none).await.counts.claimed, 0);
        assert_eq!(world.sync().await.counts.posted, 3);
    }
}

/// With one place: while an answer is written down the next invoice is on its way, and no more.
#[tokio::test]
async fn the_ledger_does_not_wait_for_an_answer_to_be_written_down() {
    let world = World::new();
    world.import(&["INV-1", "INV-2", "INV-3", "INV-4"]).await;
    world.database.trouble().settles_take = 50;
    assert_eq!(world.sync().await.counts.posted, 4);
    assert_eq!(world.database.trouble().claims_when_settled, [2, 3, 4, 4]);
}

#[tokio::test]
async fn after_anything_but_an_answer_the_next_invoice_waits_until_it_is_written_down() {
    let world = World::new();
    world.import(&["INV-1", "INV-2", "INV-3"]).await;
    world.database.trouble().settles_take = 50;
    world.ledger.books().answers = [Answer::Loses].into();
    let end = world.sync().await;
    assert_eq!((end.counts.in_doubt, end.counts.posted), (1, 2));
    assert_eq!(world.database.trouble().claims_when_settled, [1, 3, 3]);
}

#[tokio::test]
async fn a_run_claims_nothing_after_its_time() {
    let mut world = World::new();
    world.policy.run_max = Duration::from_secs(60);
    world.import(&["INV-1", "INV-2", "INV-3"]).await;
    world.ledger.books().preparing =
        (0..2).map(|_| Preparing::Takes(Duration::from_secs(30))).collect();
    let end = world.sync().await;
    // The second one is prepared when the time is over, and is not claimed any more.
    assert_eq!((end.counts.claimed, end.counts.posted), (1, 1));
    assert_eq!(world.ledger.books().posted_numbers(), ["INV-1"]);
    let row = world.database.store.runs(1).await.unwrap().remove(0);
    assert_eq!(row.reason, "the run's time was up");
    assert_eq!(world.sync().await.counts.posted, 2);
    let row = world.database.store.runs(1).await.unwrap().remove(0);
    assert_eq!((row.reason.as_str(), row.done, row.total), ("", 2, 2));
}

#[tokio::test]
async fn an_unreadable_row_is_blocked_with_its_reason_and_hides_no_other() {
    let world = World::new();
    world.import(&["INV-1", "INV-2", "INV-3"]).await;
    let id = world.id("INV-2").await;
    world.database.trouble().unreadable = Some(id);
    let end = world.sync().await;
    assert_eq!((end.counts.blocked, end.counts.posted, cause(&end)), (1, 2, None));
    assert_eq!(world.ledger.books().posted_numbers(), ["INV-1", "INV-3"]);
    let summary = world.summary("INV-2").await;
    assert_eq!(summary.state, StateName::Blocked);
    assert_eq!(summary.code.as_deref(), Some(BlockCode::Unreadable.as_str()));
    assert_eq!(summary.reason.as_deref(), Some("the date is not a date"));
    assert_eq!(world.trail("INV-2").await[0].note.kind, NoteKind::Event);
    // Still unreadable: counted, and no second line in its trail.
    let end = world.sync().await;
    assert_eq!((end.counts.blocked, end.counts.claimed), (1, 0));
    assert_eq!(world.trail("INV-2").await.len(), 1);
    // Somebody mends the row.
    world.database.trouble().unreadable = None;
    assert_eq!(world.sync().await.counts.posted, 1);
}

#[tokio::test]
async fn a_held_invoice_is_left_alone() {
    let world = World::new();
    world.import(&["INV-1", "INV-2"]).await;
    let id = world.id("INV-1").await;
    world.engine().hold(id, true, "grace").await.unwrap();
    assert_eq!(world.sync().await.counts.posted, 1);
    assert_eq!(world.ledger.books().posted_numbers(), ["INV-2"]);
    world.engine().hold(id, false, "grace").await.unwrap();
    assert_eq!(world.sync().await.counts.posted, 1);
}

#[tokio::test]
async fn every_page_is_read() {
    let world = World::new();
    world.ledger.books().unknown.insert("CUS1".to_owned());
    let numbers: Vec<String> = (1..=10).map(|n| format!("INV-{n}")).collect();
    world.import(&numbers.iter().map(String::as_str).collect::<Vec<_>>()).await;
    assert_eq!(world.sync().await.counts.blocked, 10);
    world.ledger.books().unknown.clear();
    assert_eq!(world.sync().await.counts.posted, 10);
    assert_eq!(world.ledger.books().posted_numbers(), numbers);
}

#[tokio::test]
async fn a_preview_of_one_company_file_leaves_the_others_out() {
    let world = World::new();
    world.import_into("depot", &["DEP-1"]).await;
    world.import(&["INV-1"]).await;
    let shop = company_file("shop");
    let shown = world.engine().preview(Some(&shop), None).await.unwrap();
    let numbers: Vec<&str> = shown.iter().map(|preview| preview.number.as_str()).collect();
    assert_eq!(numbers, ["INV-1"]);
}

#[tokio::test]
async fn a_preview_looks_up_what_a_run_would_look_up() {
    for (world, is_looked_up) in [(World::unsettled(), true), (World::new(), false)] {
        // The oldest four are looked up all the same.
        world.import(&["INV-1", "INV-2", "INV-3", "INV-4", "INV-5"]).await;
        world.ledger.books().add("INV-5", "typed by hand", "");
        let shown = world.engine().preview(None, None).await.unwrap();
        let is_there = matches!(shown[4].outcome, PreviewOutcome::AlreadyThere { .. });
        assert_eq!(is_there, is_looked_up, "{shown:?}");
    }
}
