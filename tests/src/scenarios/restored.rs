//! A database that goes back, or that is not alone: what its oldest invoices tell, and what comes
//! of that.

use std::task::{Context, Poll, Waker};
use std::time::Duration;

use postonce_adapter_memory::MemoryStore;
use postonce_domain::{RunResult, RunStatus, StateName, StopCause};
use postonce_engine::{Preview, PreviewOutcome, SyncRequest};
use postonce_ports::history::RunHistory as _;
use postonce_ports::registry::Registry as _;

use super::books::Answer;
use super::ports::GoOn;
use super::world::{QUIET, World, cause, company_file, request};

const EIGHT: [&str; 8] = ["INV-1", "INV-2", "INV-3", "INV-4", "INV-5", "INV-6", "INV-7", "INV-8"];

/// `INV-1` to `INV-8` are imported, a backup is made, and `posted` of them are posted after it.
async fn backed_up(posted: u64) -> (World, MemoryStore) {
    let world = World::new();
    world.import(&EIGHT).await;
    let backup = world.database.store.backup();
    let some = SyncRequest { limit: Some(posted), ..request() };
    assert_eq!(world.sync_by(&some).await.counts.posted, posted);
    world.ledger.books().asked.clear();
    (world, backup)
}

async fn restored(posted: u64) -> World {
    let (world, backup) = backed_up(posted).await;
    world.database.store.restore(&backup);
    world
}

#[tokio::test]
async fn a_backup_restored_in_the_middle_of_a_month_posts_nothing_twice() {
    const ALMOST_QUIET: Duration = Duration::from_secs(299);
    let world = restored(5).await;
    let end = world.sync().await;
    assert_eq!((end.counts.claimed, end.counts.adopted), (0, 4));
    assert_eq!(
        (cause(&end), end.status()),
        (Some(StopCause::Alarm), RunStatus::CompletedWithErrors)
    );

    // Quiet: nothing is sent, and nothing is asked.
    world.clock.pass(ALMOST_QUIET);
    world.ledger.books().asked.clear();
    let end = world.sync().await;
    assert_eq!((end.counts.claimed, cause(&end)), (0, Some(StopCause::Alarm)));
    assert!(world.ledger.books().asked.is_empty());

    // It goes on by itself, and looks everything up.
    world.clock.pass(Duration::from_secs(1));
    let end = world.sync().await;
    assert_eq!((end.counts.adopted, end.counts.posted, cause(&end)), (1, 3, None));
    assert_eq!(world.ledger.books().asked_numbers(), ["INV-5", "INV-6", "INV-7", "INV-8"]);
    assert_eq!(world.ledger.books().posted_numbers(), EIGHT);
    for number in EIGHT {
        assert_eq!(world.state(number).await, StateName::Posted);
    }
}

#[tokio::test]
async fn the_run_says_what_was_found_and_until_when_nothing_is_sent() {
    let world = restored(1).await;
    let uid = world.ledger.books().documents[0].uid.clone();
    let (_, words) = world.sync().await.stopped.unwrap();
    let known = world.database.store.company_file_settings(&company_file("shop")).await.unwrap();
    let until = known.unwrap().alarm.unwrap().quiet_until.to_string();
    let found = format!("INV-1 as {uid} (now posted)");
    for part in ["company file shop", &found, &until, "cut-over of the company file"] {
        assert!(words.contains(part), "{part}: {words}");
    }
    assert_eq!(world.database.store.runs(1).await.unwrap()[0].reason, words);
    let (_, words) = world.sync().await.stopped.unwrap();
    for part in ["company file shop", &until, "cut-over of the company file"] {
        assert!(words.contains(part), "{part}: {words}");
    }
}

#[tokio::test]
async fn a_post_in_the_air_while_the_backup_is_restored_is_not_made_again() {
    let (world, backup) = backed_up(1).await;
    world.ledger.books().answers.push_back(Answer::BooksAndLoses);
    let one = SyncRequest { limit: Some(1), ..request() };
    assert_eq!(world.sync_by(&one).await.counts.in_doubt, 1);
    // Until it lands, no search shows it.
    let flying = world.ledger.books().documents[1].uid.clone();
    world.ledger.books().hidden.insert(flying);
    world.database.store.restore(&backup);
    assert_eq!(cause(&world.sync().await), Some(StopCause::Alarm));
    world.sync().await;
    world.clock.pass(QUIET);
    world.ledger.books().hidden.clear();
    let end = world.sync().await;
    assert_eq!((end.counts.adopted, end.counts.posted), (1, 6));
    assert!(world.ledger.books().duplicates().is_empty());
}

#[tokio::test]
async fn after_the_cut_over_that_ends_an_alarm_nothing_is_looked_up_without_need() {
    let world = restored(1).await;
    world.sync().await;
    world.clock.pass(QUIET);
    world.cut_over("shop");
    world.ledger.books().asked.clear();
    assert_eq!(world.sync().await.counts.posted, 7);
    // The oldest four, as in any run.
    assert_eq!(world.ledger.books().asked_numbers(), ["INV-2", "INV-3", "INV-4", "INV-5"]);
}

#[tokio::test]
async fn what_another_installation_has_posted_is_shown_to_a_person_and_not_posted_again() {
    let one = World::new();
    one.import(&EIGHT[..6]).await;
    assert_eq!(one.sync().await.counts.posted, 6);
    let other = one.another();
    other.import(&EIGHT).await;
    let end = other.sync().await;
    assert_eq!((end.counts.needs_human, end.counts.claimed), (4, 0));
    assert_eq!(cause(&end), Some(StopCause::Alarm));
    other.clock.pass(QUIET);
    let end = other.sync().await;
    assert_eq!((end.counts.needs_human, end.counts.posted), (2, 2));
    assert_eq!(other.state("INV-6").await, StateName::NeedsHuman);
    assert!(one.ledger.books().duplicates().is_empty());
}

#[tokio::test]
async fn an_alarm_in_one_company_file_does_not_stop_the_next() {
    let world = restored(1).await;
    world.cut_over("yard");
    world.import_into("yard", &["YARD-1"]).await;
    let end = world.sync().await;
    assert_eq!((end.counts.posted, cause(&end)), (1, Some(StopCause::Alarm)));
    assert_eq!(world.ledger.books().posted_numbers(), ["INV-1", "YARD-1"]);
}

#[tokio::test]
async fn the_alarms_of_two_company_files_are_both_told() {
    let world = World::new();
    for (file, number) in [("depot", "DEP-1"), ("shop", "INV-1")] {
        world.import_into(file, &[number]).await;
        world.ledger.books().add(number, "typed by hand", "");
    }
    let (_, words) = world.sync().await.stopped.unwrap();
    assert!(words.contains("company file depot") && words.contains("company file shop"), "{words}");
}

#[tokio::test]
async fn a_crash_between_the_alarm_and_the_moves_leaves_the_alarm() {
    let world = restored(5).await;
    world.database.trouble().adopting_hangs = true;
    {
        let (engine, wish) = (world.engine(), request());
        let mut sync = Box::pin(engine.sync(&wish, &GoOn));
        for _ in 0..10 {
            let polled = sync.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(matches!(polled, Poll::Pending), "{polled:?}");
        }
    }
    world.database.trouble().adopting_hangs = false;
    assert_eq!(world.state("INV-1").await, StateName::Ready);
    let end = world.sync().await;
    assert_eq!((end.counts.claimed, cause(&end)), (0, Some(StopCause::Alarm)));
    world.clock.pass(QUIET);
    let end = world.sync().await;
    assert_eq!((end.counts.adopted, end.counts.posted, cause(&end)), (5, 3, None));
}

#[tokio::test]
async fn without_an_alarm_on_record_nothing_that_was_found_is_moved() {
    let world = restored(5).await;
    world.database.trouble().alarms_fail = true;
    let end = world.sync().await;
    assert_eq!((end.counts.claimed, end.counts.adopted), (0, 0));
    assert_eq!(cause(&end), Some(StopCause::DatabaseUnavailable));
    assert_eq!(world.state("INV-1").await, StateName::Ready);
}

#[tokio::test]
async fn doubtful_invoices_are_looked_up_while_an_alarm_is_quiet() {
    let (world, backup) = backed_up(0).await;
    world.ledger.books().answers.push_back(Answer::BooksAndLoses);
    let one = SyncRequest { limit: Some(1), ..request() };
    world.sync_by(&one).await;
    world.clock.pass(QUIET);
    let end = {
        let raised = world.database.store.alarm(&company_file("shop"), QUIET).await.unwrap();
        assert!(!raised.quiet_over);
        world.sync().await
    };
    assert_eq!((end.counts.adopted, end.counts.claimed), (1, 0));
    assert_eq!(world.state("INV-1").await, StateName::Posted);
    drop(backup);
}

#[tokio::test]
async fn an_alarm_that_keeps_nothing_from_being_sent_is_not_told() {
    let world = World::new();
    world.import(&["INV-1"]).await;
    world.ledger.books().answers.push_back(Answer::Loses);
    world.sync().await;
    world.database.store.alarm(&company_file("shop"), QUIET).await.map(drop).unwrap();
    // It has an invoice in doubt, and none that waits.
    assert_eq!(cause(&world.sync().await), None);
    world.import(&["INV-2"]).await;
    let none = SyncRequest { limit: Some(0), ..request() };
    assert_eq!(cause(&world.sync_by(&none).await), None);
    assert_eq!(cause(&world.sync().await), Some(StopCause::Alarm));
}

#[tokio::test]
async fn nothing_is_reprocessed_while_an_alarm_is_quiet() {
    let world = World::new();
    world.import(&["INV-1"]).await;
    world.ledger.books().answers.push_back(Answer::Rejected);
    world.sync().await;
    world.database.store.alarm(&company_file("shop"), QUIET).await.map(drop).unwrap();
    let run = world.reprocess(&["INV-1"]).await.run;
    let Some(RunResult::Ran(end)) = run else { panic!("{run:?}") };
    assert_eq!(
        (cause(&end), world.state("INV-1").await),
        (Some(StopCause::Alarm), StateName::Rejected)
    );
    world.clock.pass(QUIET);
    world.reprocess(&["INV-1"]).await;
    assert_eq!(world.state("INV-1").await, StateName::Posted);
}

#[tokio::test]
async fn a_preview_says_what_is_there_and_what_would_wait() {
    let world = restored(2).await;
    let shown = previews(&world).await;
    let there = |preview: &Preview| matches!(preview.outcome, PreviewOutcome::AlreadyThere { .. });
    assert!(shown[..2].iter().all(there), "{shown:?}");
    assert_eq!(withheld(&shown[2..]), [StopCause::Alarm; 6]);
    // It has changed nothing.
    assert_eq!(world.database.store.runs(9).await.unwrap().len(), 0);
    world.sync().await;
    assert_eq!(withheld(&previews(&world).await), [StopCause::Alarm; 6]);
    world.clock.pass(QUIET);
    let shown = previews(&world).await;
    let posts = |preview: &Preview| matches!(preview.outcome, PreviewOutcome::WouldPost);
    assert!(shown.len() == 6 && shown.iter().all(posts), "{shown:?}");
}

async fn previews(world: &World) -> Vec<Preview> {
    world.engine().preview(None, None).await.unwrap()
}

fn withheld(previews: &[Preview]) -> Vec<StopCause> {
    let causes = previews.iter().filter_map(|preview| match &preview.outcome {
        PreviewOutcome::Withheld { cause, .. } => Some(*cause),
        PreviewOutcome::WouldPost
        | PreviewOutcome::Blocked(_)
        | PreviewOutcome::AlreadyThere { .. }
        | PreviewOutcome::Unavailable { .. } => None,
    });
    causes.collect()
}
