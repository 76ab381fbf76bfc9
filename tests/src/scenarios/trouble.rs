//! A ledger that fails, is too busy, denies access, or whose adapter has a bug.

use std::time::Duration;

use postonce_domain::{BlockCode, NotSentCause, RunStatus, StateName, StopCause};

use super::books::{Answer, Preparing};
use super::world::{QUIET, TOO_LONG, World, cause, company_file};

#[tokio::test]
async fn a_panic_costs_its_invoice_and_not_the_run() {
    let world = World::new();
    world.import(&["INV-1", "INV-2", "INV-3"]).await;
    world.ledger.books().answers.extend([Answer::Posted, Answer::Panics]);
    let end = world.sync().await;
    assert_eq!((end.counts.posted, end.counts.in_doubt), (2, 1));
    assert_eq!(cause(&end), Some(StopCause::Unexpected));
    assert_eq!(world.state("INV-2").await, StateName::InDoubt);
    assert_eq!(world.ledger.books().posted_numbers(), ["INV-1", "INV-2", "INV-3"]);
    // The lock is free again.
    world.sync().await;
}

#[tokio::test]
async fn after_failures_in_a_row_the_run_stops_by_itself() {
    for (answer, then) in [
        (Answer::Loses, StateName::InDoubt),
        (Answer::NotSent(NotSentCause::NoConnection), StateName::Ready),
    ] {
        let world = World::new();
        let numbers: Vec<String> = (1..=8).map(|n| format!("INV-{n}")).collect();
        world.import(&numbers.iter().map(String::as_str).collect::<Vec<_>>()).await;
        world.ledger.books().always = Some(answer);
        let end = world.sync().await;
        assert_eq!(cause(&end), Some(StopCause::LedgerUnavailable));
        assert_eq!((end.status(), end.counts.claimed), (RunStatus::Failed, 5));
        assert_eq!(world.ledger.books().posts.len(), 5);
        assert_eq!(world.state("INV-1").await, then);
        assert_eq!(world.state("INV-6").await, StateName::Ready);
    }
}

#[tokio::test]
async fn failures_that_are_not_in_a_row_do_not_stop_the_run() {
    let world = World::new();
    let numbers: Vec<String> = (1..=12).map(|n| format!("INV-{n}")).collect();
    world.import(&numbers.iter().map(String::as_str).collect::<Vec<_>>()).await;
    for _ in 0..2 {
        let failures = (0..4).map(|_| Answer::Loses);
        world.ledger.books().answers.extend(failures.chain([Answer::Posted]));
    }
    let end = world.sync().await;
    assert_eq!((end.counts.in_doubt, end.counts.posted, cause(&end)), (8, 4, None));
}

#[tokio::test]
async fn a_busy_ledger_is_given_time_and_then_gets_the_invoice() {
    let world = World::new();
    world.import(&["INV-1"]).await;
    let busy = Answer::NotSent(NotSentCause::RateLimited);
    world.ledger.books().answers.extend([busy.clone(), busy]);
    let end = world.sync().await;
    assert_eq!((end.counts.not_sent, end.counts.posted, cause(&end)), (2, 1, None));
    let books = world.ledger.books();
    let [first, second, third] = books.posts.as_slice() else { panic!("{:?}", books.posts) };
    assert_eq!(second.1, first.1 + Duration::from_secs(1));
    assert_eq!(third.1, second.1 + Duration::from_secs(2));
}

#[tokio::test]
async fn an_invoice_is_claimed_three_times_in_a_run_and_no_more() {
    for not_sent in
        [NotSentCause::RateLimited, NotSentCause::Expired, NotSentCause::CommitUnanswered]
    {
        let world = World::new();
        world.import(&["INV-1", "INV-2"]).await;
        world.ledger.books().answers.extend((0..6).map(|_| Answer::NotSent(not_sent)));
        let end = world.sync().await;
        assert_eq!((end.counts.claimed, end.counts.not_sent), (6, 6));
        assert_eq!(world.ledger.books().posts_of("INV-1"), 3);
        assert_eq!(world.state("INV-1").await, StateName::Ready);
        assert_eq!(world.sync().await.counts.posted, 2);
    }
}

#[tokio::test]
async fn access_denied_blocks_the_invoice_if_the_company_file_answers() {
    let world = World::new();
    world.import(&["INV-1", "INV-2"]).await;
    world.ledger.books().answers.push_back(Answer::NotSent(NotSentCause::AccessDenied));
    let end = world.sync().await;
    assert_eq!((end.counts.not_sent, end.counts.blocked, end.counts.posted), (1, 1, 1));
    assert_eq!(cause(&end), None);
    let summary = world.summary("INV-1").await;
    assert_eq!(summary.state, StateName::Blocked);
    assert_eq!(summary.code.as_deref(), Some(BlockCode::AccessDenied.as_str()));
    assert_eq!(world.ledger.books().posts_of("INV-1"), 1);
}

#[tokio::test]
async fn access_denied_to_the_company_file_stops_it_and_not_the_next() {
    let world = World::new();
    world.cut_over("depot");
    world.import_into("depot", &["DEP-1", "DEP-2"]).await;
    world.import(&["INV-1"]).await;
    world.ledger.books().unreachable.insert(company_file("depot"));
    world.ledger.books().answers.push_back(Answer::NotSent(NotSentCause::AccessDenied));
    let end = world.sync().await;
    assert_eq!(world.ledger.books().posted_numbers(), ["DEP-1", "INV-1"]);
    assert_eq!((end.counts.blocked, end.counts.posted), (0, 1));
    assert_eq!(cause(&end), Some(StopCause::LedgerUnavailable));
    assert_eq!(world.state("DEP-1").await, StateName::Ready);
    assert_eq!(world.state("DEP-2").await, StateName::Ready);
}

#[tokio::test]
async fn a_company_file_that_does_not_let_us_in_is_left_and_the_next_one_is_not() {
    let world = World::new();
    world.import_into("depot", &["DEP-1", "DEP-2"]).await;
    world.import(&["INV-1"]).await;
    world.ledger.books().preparing.push_back(Preparing::NotAuthorised);
    let end = world.sync().await;
    assert_eq!(world.ledger.books().posted_numbers(), ["INV-1"]);
    assert_eq!((end.counts.claimed, end.counts.posted), (1, 1));
    assert_eq!(cause(&end), Some(StopCause::NotAuthorised));
    assert_eq!(world.state("DEP-2").await, StateName::Ready);
}

#[tokio::test]
async fn a_token_that_is_always_refused_stops_the_file() {
    let world = World::new();
    world.import(&["INV-1", "INV-2", "INV-3", "INV-4"]).await;
    world.ledger.books().always = Some(Answer::NotSent(NotSentCause::Unauthorised));
    let end = world.sync().await;
    assert_eq!(cause(&end), Some(StopCause::NotAuthorised));
    assert_eq!(world.ledger.books().posts.len(), 3);
    world.ledger.books().always = None;
    assert_eq!(world.sync().await.counts.posted, 4);
}

#[tokio::test]
async fn what_was_in_doubt_in_bad_times_is_settled_in_good_ones() {
    let world = World::new();
    let numbers = ["INV-1", "INV-2", "INV-3", "INV-4"];
    world.import(&numbers).await;
    world.ledger.books().always = Some(Answer::BooksAndLoses);
    assert_eq!(world.sync().await.counts.in_doubt, 4);
    world.ledger.books().always = None;
    world.clock.pass(QUIET);
    assert_eq!(world.sync().await.counts.adopted, 4);
    for number in numbers {
        assert_eq!(world.ledger.books().posts_of(number), 1);
    }
}

#[tokio::test]
async fn trouble_that_is_over_before_the_run_is_not_told() {
    let world = World::unsettled();
    world.import(&["INV-1", "INV-2"]).await;
    world.ledger.books().preparing = (0..3).map(|_| Preparing::Takes(TOO_LONG)).collect();
    let end = world.sync().await;
    assert_eq!(world.ledger.books().posted_numbers(), ["INV-2", "INV-1"]);
    assert_eq!((end.counts.posted, cause(&end)), (2, None));
}

#[tokio::test]
async fn a_run_that_has_given_an_invoice_up_says_so() {
    let world = World::new();
    world.import(&["INV-1", "INV-2"]).await;
    let busy = Answer::NotSent(NotSentCause::RateLimited);
    world.ledger.books().answers.extend([busy.clone(), Answer::Posted, busy.clone(), busy]);
    let end = world.sync().await;
    assert_eq!((end.counts.not_sent, end.counts.posted), (3, 1));
    assert_eq!(cause(&end), Some(StopCause::LedgerUnavailable));
}
