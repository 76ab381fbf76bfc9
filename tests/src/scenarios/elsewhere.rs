//! A database that is on another server than it was: a failover, a copy, a staging system.

use postonce_domain::{RunCounts, RunResult, RunStatus, StateName, StopCause};
use postonce_engine::PreviewOutcome;
use postonce_ports::history::RunHistory as _;
use postonce_ports::registry::Registry as _;

use super::books::Answer;
use super::ports::FailOver;
use super::world::{QUIET, World, cause, company_file};

const SIX: [&str; 6] = ["INV-1", "INV-2", "INV-3", "INV-4", "INV-5", "INV-6"];

/// `INV-1` is posted, `INV-2` in doubt, `INV-3` left behind by a run that died, `INV-4` rejected;
/// the quiet period of all is over, and the database is elsewhere.
async fn moved() -> World {
    let world = World::new();
    world.cut_over("yard");
    world.import(&["INV-1", "INV-2", "INV-4"]).await;
    let answers = [Answer::Posted, Answer::BooksAndLoses, Answer::Rejected];
    world.ledger.books().answers.extend(answers);
    world.sync().await;
    world.import(&["INV-3"]).await;
    world.database.trouble().settles_fail = u32::MAX;
    world.sync().await;
    world.database.trouble().settles_fail = 0;
    assert_eq!(world.state("INV-3").await, StateName::Claimed);
    world.import(&["INV-5"]).await;
    world.import_into("yard", &["YARD-1"]).await;
    world.clock.pass(QUIET);
    world.database.store.move_to("elsewhere");
    world.ledger.books().asked.clear();
    world.ledger.books().posts.clear();
    world
}

#[tokio::test]
async fn a_database_that_has_moved_sends_nothing_and_changes_nothing() {
    let world = moved().await;
    for _ in 0..2 {
        let end = world.sync().await;
        assert_eq!((end.counts, end.status()), (RunCounts::default(), RunStatus::Failed));
        let (cause, words) = end.stopped.unwrap();
        assert_eq!(cause, StopCause::OtherServer);
        for part in ["from memory, to elsewhere", "postonce connect --take-over"] {
            assert!(words.contains(part), "{part}: {words}");
        }
        assert_eq!(world.database.store.runs(1).await.unwrap()[0].reason, words);
    }
    assert!(world.ledger.books().asked.is_empty() && world.ledger.books().posts.is_empty());
    for (number, state) in [
        ("INV-2", StateName::InDoubt),
        ("INV-3", StateName::Claimed),
        ("INV-5", StateName::Ready),
        ("YARD-1", StateName::Ready),
    ] {
        assert_eq!(world.state(number).await, state, "{number}");
    }
    let run = world.reprocess(&["INV-4"]).await.run;
    let Some(RunResult::Ran(end)) = run else { panic!("{run:?}") };
    assert_eq!(cause(&end), Some(StopCause::OtherServer));
    assert_eq!(world.state("INV-4").await, StateName::Rejected);
    let shown = world.engine().preview(None, None).await.unwrap();
    let withheld = shown.iter().filter(|preview| {
        matches!(&preview.outcome, PreviewOutcome::Withheld { cause: StopCause::OtherServer, .. })
    });
    assert_eq!(withheld.count(), 2);
}

#[tokio::test]
async fn each_company_file_with_work_has_an_alarm_even_if_the_database_moves_back() {
    let world = moved().await;
    world.sync().await;
    world.database.store.move_to("memory");
    let end = world.sync().await;
    assert_eq!((end.counts.claimed, cause(&end)), (0, Some(StopCause::Alarm)));
    let (_, words) = end.stopped.unwrap();
    assert!(words.contains("company file shop") && words.contains("company file yard"), "{words}");
}

#[tokio::test]
async fn what_a_person_takes_over_is_quiet_first_and_then_looks_everything_up() {
    let world = moved().await;
    world.sync().await;
    world.database.store.take_over(QUIET).await.map(drop).unwrap();
    let end = world.sync().await;
    assert_eq!((end.counts.claimed, end.counts.adopted), (0, 2));
    assert_eq!(cause(&end), Some(StopCause::Alarm));
    assert_eq!(world.state("INV-3").await, StateName::Posted);
    world.clock.pass(QUIET);
    world.ledger.books().asked.clear();
    let end = world.sync().await;
    assert_eq!((end.counts.posted, end.counts.adopted, cause(&end)), (2, 0, None));
    assert_eq!(world.ledger.books().posted_numbers(), ["INV-5", "YARD-1"]);
    for number in ["number INV-5", "number YARD-1"] {
        assert_eq!(world.ledger.books().asked_for(number), 1, "{number}");
    }
}

#[tokio::test]
async fn a_replica_without_the_last_claims_that_takes_over_in_a_run_posts_nothing_twice() {
    for (how, expected) in
        [(FailOver::Unnoticed, StopCause::OtherServer), (FailOver::TakenOver, StopCause::Alarm)]
    {
        let world = World::new();
        world.import(&SIX).await;
        // The last of the first page is not sent, so that nothing is in flight.
        let last = world.id("INV-3").await;
        world.database.trouble().unreadable = Some(last);
        world.database.trouble().fails_over = Some(how);
        let end = world.sync().await;
        assert_eq!((end.counts.posted, cause(&end)), (2, Some(expected)));
        world.database.trouble().unreadable = None;
        world.database.store.take_over(QUIET).await.map(drop).unwrap();
        world.clock.pass(QUIET);
        let end = world.sync().await;
        assert_eq!((end.counts.adopted, end.counts.posted), (2, 4));
        assert!(world.ledger.books().duplicates().is_empty());
    }
}

/// The same with a request on its way: nobody knows its claim any more.
#[tokio::test]
async fn what_was_in_flight_when_a_replica_took_over_is_found_and_not_sent_again() {
    let world = World::new();
    world.import(&SIX).await;
    world.database.trouble().fails_over = Some(FailOver::Unnoticed);
    let end = world.sync().await;
    assert_eq!((end.counts.posted, cause(&end)), (2, Some(StopCause::DatabaseUnavailable)));
    assert!(end.stopped.unwrap().1.contains("does not know the claim any more"));
    assert_eq!(world.ledger.books().posts.len(), 3);
    world.database.store.take_over(QUIET).await.map(drop).unwrap();
    world.clock.pass(QUIET);
    let end = world.sync().await;
    assert_eq!((end.counts.adopted, end.counts.posted), (3, 3));
    assert!(world.ledger.books().duplicates().is_empty());
}

#[tokio::test]
async fn an_alarm_that_cannot_be_written_does_not_let_a_moved_database_go_on() {
    let world = moved().await;
    world.database.trouble().alarms_fail = true;
    let end = world.sync().await;
    assert_eq!((end.counts.claimed, cause(&end)), (0, Some(StopCause::DatabaseUnavailable)));
    let known = world.database.store.company_file_settings(&company_file("shop")).await.unwrap();
    assert_eq!(known.unwrap().alarm, None);
    assert!(world.ledger.books().posts.is_empty());
}
