//! Sending again what the ledger has refused.

use postonce_domain::{InvoiceId, RunResult, StateName};
use postonce_engine::{ReprocessRefusal, Reprocessed};

use super::books::Answer;
use super::ports::GoOn;
use super::world::{World, request};

/// `INV-1` was rejected.
async fn rejected() -> World {
    let world = World::new();
    world.import(&["INV-1"]).await;
    world.ledger.books().answers.push_back(Answer::Rejected);
    world.sync().await;
    assert_eq!(world.state("INV-1").await, StateName::Rejected);
    world
}

fn only_refusal(answer: &Reprocessed) -> &ReprocessRefusal {
    assert!(answer.run.is_none(), "{answer:?}");
    &answer.refused[0].1
}

#[tokio::test]
async fn a_rejected_invoice_is_looked_up_and_sent_again() {
    let world = rejected().await;
    // No run does that by itself.
    assert_eq!(world.sync().await.counts.claimed, 0);
    world.ledger.books().asked.clear();
    let answer = world.reprocess(&["INV-1"]).await;
    assert!(answer.refused.is_empty());
    let summary = world.summary("INV-1").await;
    assert_eq!((summary.state, summary.attempt.0), (StateName::Posted, 2));
    let books = world.ledger.books();
    let asked = (books.asked_for("number INV-1"), books.asked_for("reference order INV-1"));
    assert_eq!((asked, books.posts_of("INV-1")), ((1, 1), 2));
}

#[tokio::test]
async fn a_rejected_invoice_that_is_in_the_ledger_after_all_is_not_sent_again() {
    let world = rejected().await;
    let uid = world.ledger.books().add("INV-1", "typed by hand", "");
    world.reprocess(&["INV-1"]).await;
    assert_eq!(world.state("INV-1").await, StateName::NeedsHuman);
    assert_eq!(world.summary("INV-1").await.uids, [uid]);
    assert_eq!(world.ledger.books().posts_of("INV-1"), 1);
}

#[tokio::test]
async fn only_rejected_invoices_are_reprocessed_and_others_are_refused_by_name() {
    let world = World::new();
    world.import(&["INV-1"]).await;
    let ready = world.reprocess(&["INV-1"]).await;
    assert_eq!(*only_refusal(&ready), ReprocessRefusal::NotRejected(StateName::Ready));
    world.sync().await;
    let posted = world.reprocess(&["INV-1"]).await;
    assert_eq!(*only_refusal(&posted), ReprocessRefusal::NotRejected(StateName::Posted));
    let unknown = [InvoiceId(404)];
    let unknown = world.engine().reprocess(&unknown, "why", &request(), &GoOn).await.unwrap();
    assert_eq!(*only_refusal(&unknown), ReprocessRefusal::NotFound);
    assert_eq!(world.ledger.books().posts.len(), 1);
}

#[tokio::test]
async fn reprocess_of_an_invoice_in_doubt_answers_with_the_evidence() {
    let world = World::new();
    world.import(&["INV-1"]).await;
    world.ledger.books().answers.push_back(Answer::BooksAndLoses);
    world.sync().await;
    let answer = world.reprocess(&["INV-1"]).await;
    let ReprocessRefusal::InDoubt { evidence } = only_refusal(&answer) else {
        panic!("{answer:?}")
    };
    assert!(evidence.contains("0 inquiries") && evidence.contains("quiet until"), "{evidence}");
    assert_eq!(world.ledger.books().posts.len(), 1);
}

#[tokio::test]
async fn a_held_invoice_is_not_reprocessed_until_the_hold_is_off() {
    let world = rejected().await;
    let id = world.id("INV-1").await;
    world.engine().hold(id, true, "grace").await.unwrap();
    let answer = world.reprocess(&["INV-1"]).await;
    assert_eq!(*only_refusal(&answer), ReprocessRefusal::Held);
    world.engine().hold(id, false, "grace").await.unwrap();
    world.reprocess(&["INV-1"]).await;
    assert_eq!(world.state("INV-1").await, StateName::Posted);
}

#[tokio::test]
async fn one_refusal_does_not_keep_the_others_from_being_sent() {
    let world = rejected().await;
    world.import(&["INV-2"]).await;
    let answer = world.reprocess(&["INV-2", "INV-1"]).await;
    assert_eq!(answer.refused.len(), 1);
    let Some(RunResult::Ran(end)) = answer.run else { panic!("{answer:?}") };
    assert_eq!(end.counts.posted, 1);
    assert_eq!(world.state("INV-1").await, StateName::Posted);
    assert_eq!(world.state("INV-2").await, StateName::Ready);
}

#[tokio::test]
async fn of_two_who_reprocess_at_once_one_sends_and_one_is_told_of_the_other() {
    let world = rejected().await;
    let (engine, other) = (world.engine(), world.engine());
    let ids = [world.id("INV-1").await];
    let (wish, again) = (request(), request());
    let (first, second) = futures::join!(
        engine.reprocess(&ids, "mended", &wish, &GoOn),
        other.reprocess(&ids, "mended", &again, &GoOn),
    );
    assert!(matches!(first.unwrap().run, Some(RunResult::Ran(_))));
    let second = second.unwrap().run;
    assert!(matches!(second, Some(RunResult::Skipped(Some(_)))), "{second:?}");
    assert_eq!(world.ledger.books().posts_of("INV-1"), 2);
}

#[tokio::test]
async fn an_invoice_that_is_named_twice_is_sent_once() {
    let mut world = rejected().await;
    world.policy.concurrency = 2.try_into().unwrap();
    world.reprocess(&["INV-1", "INV-1"]).await;
    assert_eq!(world.state("INV-1").await, StateName::Posted);
    assert_eq!(world.ledger.books().posts_of("INV-1"), 2);
}

#[tokio::test]
async fn an_invoice_of_one_company_file_is_reprocessed_there_though_another_has_work() {
    let world = rejected().await;
    world.import_into("depot", &["DEP-1"]).await;
    world.reprocess(&["INV-1"]).await;
    assert_eq!(world.state("INV-1").await, StateName::Posted);
    assert_eq!(world.state("DEP-1").await, StateName::Ready);
    world.import(&["INV-2"]).await;
    world.ledger.books().answers.push_back(Answer::Rejected);
    world.sync().await;
    world.import_into("depot", &["DEP-2"]).await;
    world.reprocess(&["INV-2"]).await;
    assert_eq!(world.state("INV-2").await, StateName::Posted);
}
