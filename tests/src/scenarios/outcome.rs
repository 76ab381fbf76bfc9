//! Commits, outcomes and the lock, when the database fails.

use postonce_domain::{BlockCode, NoteKind, RunStatus, StateName, StopCause};
use postonce_engine::SyncRequest;
use postonce_ports::history::RunHistory as _;
use postonce_ports::lock::LockError;
use postonce_ports::reader::InvoiceReader as _;
use postonce_ports::registry::Registry as _;
use postonce_ports::store::ClaimRefusal;

use super::books::Answer;
use super::ports::Commit;
use super::world::{QUIET, World, cause, company_file, request};

#[tokio::test]
async fn a_run_that_loses_its_lock_claims_nothing_more() {
    let world = World::new();
    world.import(&["INV-1", "INV-2", "INV-3"]).await;
    world.database.trouble().lock_lost_after = Some(1);
    let end = world.sync().await;
    assert_eq!(cause(&end), Some(StopCause::LockLost));
    assert_eq!((end.status(), end.counts.posted), (RunStatus::LockLost, 1));
    assert_eq!(world.database.trouble().claims, 1);
    assert_eq!(world.ledger.books().posted_numbers(), ["INV-1"]);
    assert_eq!(world.state("INV-2").await, StateName::Ready);
    let runs = world.database.store.runs(1).await.unwrap();
    assert_eq!(runs[0].status, RunStatus::LockLost);
}

#[tokio::test]
async fn an_outcome_that_cannot_be_written_stops_the_run_and_is_written_at_its_end() {
    for (answer, then) in [
        (Answer::Posted, StateName::Posted),
        (Answer::Rejected, StateName::Rejected),
        (Answer::BooksAndLoses, StateName::InDoubt),
    ] {
        let world = World::new();
        world.import(&["INV-1", "INV-2"]).await;
        world.ledger.books().answers.push_back(answer);
        world.database.trouble().settles_fail = world.policy.settle_tries_max;
        let end = world.sync().await;
        assert_eq!(cause(&end), Some(StopCause::DatabaseUnavailable));
        assert_eq!((end.counts.claimed, world.database.trouble().claims), (1, 1));
        assert_eq!(world.state("INV-1").await, then);
        assert_eq!(world.state("INV-2").await, StateName::Ready);
        assert_eq!(world.ledger.books().posted_numbers(), ["INV-1"]);
    }
}

#[tokio::test]
async fn an_outcome_is_written_within_the_bound_of_tries() {
    let world = World::new();
    world.import(&["INV-1", "INV-2"]).await;
    world.database.trouble().settles_fail = world.policy.settle_tries_max - 1;
    let end = world.sync().await;
    assert_eq!((end.counts.posted, cause(&end)), (2, None));
}

#[tokio::test]
async fn an_outcome_that_nobody_could_write_leaves_an_invoice_in_doubt_that_is_found_later() {
    let world = World::new();
    world.import(&["INV-1"]).await;
    world.database.trouble().settles_fail = u32::MAX;
    let end = world.sync().await;
    assert_eq!(cause(&end), Some(StopCause::DatabaseUnavailable));
    assert_eq!(world.state("INV-1").await, StateName::Claimed);
    world.database.trouble().settles_fail = 0;
    // The next run sweeps it, and a later one finds its document.
    world.sync().await;
    assert_eq!(world.state("INV-1").await, StateName::InDoubt);
    world.clock.pass(QUIET);
    assert_eq!(world.sync().await.counts.adopted, 1);
    assert_eq!(world.ledger.books().posts_of("INV-1"), 1);
}

#[tokio::test]
async fn a_claim_that_stands_though_its_commit_went_unanswered_is_recorded_as_not_sent() {
    let world = World::new();
    world.import(&["INV-1"]).await;
    world.database.trouble().commits.push_back(Commit::WorksAndLoses);
    let request = SyncRequest { limit: Some(1), ..request() };
    let end = world.sync_by(&request).await;
    assert_eq!((end.counts.claimed, end.counts.not_sent), (1, 1));
    assert!(world.ledger.books().posts.is_empty());
    assert_eq!(world.state("INV-1").await, StateName::Ready);
    let trail = world.trail("INV-1").await;
    assert_eq!(trail.last().unwrap().note.kind, NoteKind::Outcome);
    assert!(trail.last().unwrap().note.text.contains("commit_unanswered"), "{trail:?}");
    assert!(world.database.store.pairs().await.unwrap().unpaired.is_empty());
    assert_eq!(world.sync().await.counts.posted, 1);
}

#[tokio::test]
async fn an_invoice_whose_claim_may_yet_be_committed_is_left_alone_by_the_run() {
    let world = World::new();
    world.import(&["INV-1"]).await;
    world.database.trouble().commits.push_back(Commit::Loses);
    let end = world.sync().await;
    assert_eq!((end.counts.claimed, world.database.trouble().claims), (0, 1));
    assert!(world.ledger.books().posts.is_empty());
    assert_eq!(world.state("INV-1").await, StateName::Ready);
    assert_eq!(world.sync().await.counts.posted, 1);
}

#[tokio::test]
async fn an_invoice_whose_claim_may_yet_be_committed_is_left_alone_while_others_are_sent() {
    let world = World::new();
    world.import(&["INV-1", "INV-2"]).await;
    world.database.trouble().commits.push_back(Commit::Loses);
    world.sync().await;
    assert_eq!(world.ledger.books().posted_numbers(), ["INV-2"]);
    assert_eq!(world.state("INV-1").await, StateName::Ready);
}

#[tokio::test]
async fn nothing_is_sent_if_a_claim_cannot_be_read_back() {
    for commit in [Commit::WorksAndLoses, Commit::Loses] {
        let world = World::new();
        world.import(&["INV-1", "INV-2"]).await;
        world.database.trouble().commits.push_back(commit);
        world.database.trouble().read_back_fails = true;
        let end = world.sync().await;
        assert_eq!(cause(&end), Some(StopCause::DatabaseUnavailable));
        assert!(world.ledger.books().posts.is_empty());
        assert!(world.database.store.pairs().await.unwrap().unpaired.is_empty());
        // A claim that was never committed is no sign that the database went back.
        let shop = company_file("shop");
        let known = world.database.store.company_file_settings(&shop).await.unwrap();
        assert_eq!(known.unwrap().alarm, None);
    }
}

#[tokio::test]
async fn what_could_not_be_written_is_said_in_the_trail_if_only_doubt_can_be_written() {
    let world = World::new();
    world.import(&["INV-1"]).await;
    // The outcome is tried while the run goes on, and once more at its end.
    world.database.trouble().settles_fail = world.policy.settle_tries_max * 2;
    let end = world.sync().await;
    assert_eq!(cause(&end), Some(StopCause::DatabaseUnavailable));
    assert_eq!(world.state("INV-1").await, StateName::InDoubt);
    let trail = world.trail("INV-1").await;
    let last = &trail.last().unwrap().note.text;
    assert!(last.ends_with("the outcome could not be written: posted as doc-1"), "{last}");
}

#[tokio::test]
async fn why_an_outcome_could_not_be_written_is_said() {
    // An outcome that is known, and one that a bug hid.
    for answer in [Answer::Posted, Answer::Panics] {
        let world = World::new();
        world.import(&["INV-1"]).await;
        world.ledger.books().answers.push_back(answer);
        world.database.trouble().settles_fail = u32::MAX;
        let words = world.sync().await.stopped.unwrap().1;
        let said = words.contains("was not written: ") && words.ends_with("the disk is full");
        assert!(said, "{words}");
    }
}

#[tokio::test]
async fn a_document_that_two_invoices_are_answered_with_needs_a_person_and_is_counted() {
    let world = World::new();
    world.import(&["INV-1", "INV-2", "INV-3"]).await;
    world.ledger.books().answers =
        [Answer::Posted, Answer::PostedBefore, Answer::PostedBefore].into();
    let end = world.sync().await;
    assert_eq!((end.counts.posted, end.counts.needs_human), (3, 2));
    assert_eq!(world.state("INV-3").await, StateName::NeedsHuman);
}

/// What a run that meets `answers` stopped for, if the release of its lock ends with `error`.
async fn released(answers: Option<Answer>, error: LockError) -> Option<StopCause> {
    let world = World::new();
    world.import(&["INV-1"]).await;
    world.ledger.books().answers.extend(answers);
    world.database.trouble().release_fails = Some(error);
    cause(&world.sync().await)
}

#[tokio::test]
async fn a_release_that_fails_is_told_unless_something_graver_is() {
    let gone = || LockError::Unavailable { message: "no route".to_owned(), source: None };
    assert_eq!(released(None, LockError::Lost).await, Some(StopCause::LockLost));
    assert_eq!(released(None, gone()).await, Some(StopCause::DatabaseUnavailable));
    let bug = || Some(Answer::Panics);
    assert_eq!(released(bug(), LockError::Lost).await, Some(StopCause::LockLost));
    assert_eq!(released(bug(), gone()).await, Some(StopCause::DatabaseUnavailable));
    let world = World::new();
    world.import(&["INV-1"]).await;
    world.database.trouble().lock_lost_after = Some(0);
    world.database.trouble().release_fails = Some(gone());
    assert_eq!(cause(&world.sync().await), Some(StopCause::LockLost));
    let world = World::new();
    world.import(&["INV-1"]).await;
    world.database.trouble().settles_fail = u32::MAX;
    world.database.trouble().release_fails = Some(gone());
    let words = world.sync().await.stopped.unwrap().1;
    assert!(words.contains("was not written"), "the first of equal causes is told: {words}");
}

#[tokio::test]
async fn a_run_that_is_fenced_out_claims_nothing_more() {
    let world = World::new();
    world.import(&["INV-1", "INV-2"]).await;
    world.database.trouble().commits.push_back(Commit::Refuses(ClaimRefusal::Fenced));
    let end = world.sync().await;
    assert_eq!((cause(&end), end.counts.claimed), (Some(StopCause::LockLost), 0));
    assert_eq!(world.database.trouble().claims, 1);
    assert!(world.ledger.books().posts.is_empty());
}

#[tokio::test]
async fn an_invoice_that_is_not_what_was_declared_is_blocked_and_the_next_is_sent() {
    let world = World::new();
    world.import(&["INV-1", "INV-2"]).await;
    world.database.trouble().commits.push_back(Commit::Refuses(ClaimRefusal::TotalsDiffer));
    let end = world.sync().await;
    assert_eq!((end.counts.blocked, end.counts.posted, cause(&end)), (1, 1, None));
    let summary = world.summary("INV-1").await;
    assert_eq!(summary.code.as_deref(), Some(BlockCode::TotalsDiffer.as_str()));
}
