//! What people are told, once by each way.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use postonce_domain::{RunCounts, RunStatus, StateName, Trigger};
use postonce_engine::{Verdict, Watch, WatchPolicy, WatchPorts, Watched};
use postonce_ports::connection::{ConnectionEvent, ConnectionNote, Connections as _};
use postonce_ports::history::{NewRun, RunHistory as _};
use postonce_ports::notice::{Message, Messenger, NoticeState, Notices as _, Undelivered};

use super::books::Answer;
use super::world::{DAY, INSTALLATION, QUIET, World, company_file};

const HOUR: Duration = Duration::from_hours(1);

/// A way that remembers what it was given, and fails when it is told to.
#[derive(Clone, Default)]
struct Pager {
    seen: Arc<Mutex<Vec<Message>>>,
    is_broken: Arc<Mutex<bool>>,
}

#[async_trait]
impl Messenger for Pager {
    fn way(&self) -> String {
        "pager".to_owned()
    }

    async fn deliver(&self, message: &Message) -> Result<(), Undelivered> {
        self.seen.lock().unwrap().push(message.clone());
        let is_broken = *self.is_broken.lock().unwrap();
        if is_broken { Err(Undelivered("no answer".to_owned())) } else { Ok(()) }
    }
}

impl Pager {
    /// What it was given since it was last asked: kinds and texts.
    fn said(&self) -> Vec<(String, String)> {
        let seen = std::mem::take(&mut *self.seen.lock().unwrap());
        seen.into_iter().map(|message| (message.kind, message.text)).collect()
    }

    fn kinds(&self) -> Vec<String> {
        self.said().into_iter().map(|(kind, _)| kind).collect()
    }
}

fn watch(world: &World, ways: Vec<Arc<dyn Messenger>>) -> Watch {
    let store = Arc::new(world.database.store.clone());
    let ports = WatchPorts {
        history: store.clone(),
        reader: store.clone(),
        connections: store.clone(),
        notices: store,
        clock: Arc::new(world.clock.clone()),
        messengers: ways,
    };
    let policy = WatchPolicy { not_older: 3 * DAY, silence: Some(26 * HOUR), tries_max: 3 };
    Watch::new(ports, policy, INSTALLATION)
}

fn paged(world: &World) -> (Watch, Pager) {
    let pager = Pager::default();
    (watch(world, vec![Arc::new(pager.clone())]), pager)
}

async fn run(world: &World, status: RunStatus, reason: &str) {
    let run = NewRun {
        trigger: Trigger::Scheduled,
        actor: "cron".to_owned(),
        host: "here".to_owned(),
        pid: 1,
        boot_id: "boot".to_owned(),
        lock_owner: "me".to_owned(),
        connection_id: None,
    };
    let id = world.database.store.start(run).await.unwrap();
    let counts = RunCounts { posted: 7, ..RunCounts::default() };
    world.database.store.finish(id, status, counts, reason).await.unwrap();
}

#[tokio::test]
async fn new_doubt_is_told_once_and_again_only_for_another_claim() {
    let world = World::new();
    world.import(&["INV-1", "INV-2"]).await;
    world.ledger.books().answers.extend([Answer::Loses, Answer::BooksAndLoses]);
    world.sync().await;
    let (watch, pager) = paged(&world);
    assert_eq!(watch.once().await.unwrap().events, 2);
    let said = pager.said();
    assert_eq!(said.len(), 1, "one message for both: {said:?}");
    assert_eq!(said[0].0, "in_doubt");
    let lines: Vec<&str> = said[0].1.lines().collect();
    assert!(lines[0].starts_with("shop:INV-1 (") && lines[1].starts_with("shop:INV-2 ("));
    assert!(lines[0].ends_with("do not enter it by hand"), "{lines:?}");
    assert_eq!(watch.once().await.unwrap(), Watched::default(), "it was told");
    world.resolve("INV-1", Verdict::Forgotten).await.unwrap();
    assert_eq!(watch.once().await.unwrap(), Watched::default(), "a person knows what he did");
}

#[tokio::test]
async fn an_invoice_that_needs_a_person_is_told() {
    let world = World::new();
    world.import(&["INV-1"]).await;
    world.ledger.books().answers.push_back(Answer::BooksAndLoses);
    world.sync().await;
    // Somebody has entered it by hand meanwhile.
    world.ledger.books().add("INV-1", "", "");
    world.clock.pass(QUIET);
    world.check("INV-1").await;
    assert_eq!(world.state("INV-1").await, StateName::NeedsHuman);
    let (watch, pager) = paged(&world);
    watch.once().await.unwrap();
    assert_eq!(pager.kinds(), ["needs_human"]);
}

#[tokio::test]
async fn a_run_that_failed_lost_its_lock_or_was_gone_is_told() {
    for (status, reason, kind) in [
        (RunStatus::Failed, "the ledger is unavailable", Some("run_failed")),
        (RunStatus::Abandoned, "", Some("run_failed")),
        (RunStatus::CompletedWithErrors, "shop is under alarm", Some("run_failed")),
        (RunStatus::LockLost, "the run lock was lost", Some("lock_lost")),
        (RunStatus::CompletedWithErrors, "", None),
        (RunStatus::Cancelled, "a person stopped it", None),
        (RunStatus::Completed, "", None),
    ] {
        let world = World::new();
        run(&world, status, reason).await;
        let (watch, pager) = paged(&world);
        watch.once().await.unwrap();
        watch.once().await.unwrap();
        let said = pager.said();
        let kinds: Vec<&str> = said.iter().map(|(kind, _)| kind.as_str()).collect();
        assert_eq!(kinds, kind.into_iter().collect::<Vec<_>>(), "{status}");
        if let Some((_, text)) = said.first() {
            let head = format!("run 1 (scheduled, by cron on here), {status}: ");
            assert!(text.starts_with(&head) && text.ends_with("; it had posted 7"), "{text}");
            assert!(text.contains(reason), "{text}");
        }
    }
}

#[tokio::test]
async fn what_was_over_before_anybody_asked_is_not_told() {
    let world = World::new();
    run(&world, RunStatus::Failed, "long ago").await;
    world.clock.pass(4 * DAY);
    run(&world, RunStatus::Completed, "").await;
    let (watch, pager) = paged(&world);
    watch.once().await.unwrap();
    assert_eq!(pager.kinds(), Vec::<String>::new());
}

#[tokio::test]
async fn silence_is_told_once_for_each_time_that_it_has_lasted() {
    let world = World::new();
    let (watch, pager) = paged(&world);
    watch.once().await.unwrap();
    assert_eq!(pager.kinds(), Vec::<String>::new(), "nobody has tried yet");
    run(&world, RunStatus::Completed, "").await;
    for (hours, expected) in [(25, 0), (2, 1), (1, 0), (25, 1), (1, 0)] {
        world.clock.pass(hours * HOUR);
        watch.once().await.unwrap();
        let said = pager.said();
        assert_eq!(said.len(), expected, "{hours} more hours: {said:?}");
        assert!(
            said.iter().all(|(kind, text)| kind == "silence" && text.contains("run 1 completed"))
        );
    }
    run(&world, RunStatus::CompletedWithErrors, "").await;
    watch.once().await.unwrap();
    assert_eq!(pager.kinds(), Vec::<String>::new(), "a run has gone through");
}

#[tokio::test]
async fn a_refusal_is_told_until_the_company_file_lets_us_in() {
    let world = World::new();
    let (watch, pager) = paged(&world);
    let add = async |event, text: &str| {
        let (actor, text) = ("cron".to_owned(), text.to_owned());
        let note = ConnectionNote { event, actor, text, consent: None };
        world.database.store.add(&company_file("shop"), &note).await.unwrap();
    };
    add(ConnectionEvent::Refused, "the token is used up\nconnect again").await;
    watch.once().await.unwrap();
    let said = pager.said();
    assert_eq!(said[0].0, "refused");
    assert_eq!(said[0].1, "company file shop: the token is used up connect again", "one line");
    add(ConnectionEvent::Reached, "").await;
    watch.once().await.unwrap();
    assert_eq!(pager.kinds(), Vec::<String>::new());
}

#[tokio::test]
async fn what_does_not_arrive_is_tried_again_with_growing_pauses_and_then_parked() {
    let world = World::new();
    run(&world, RunStatus::Failed, "no").await;
    let (watch, pager) = paged(&world);
    *pager.is_broken.lock().unwrap() = true;
    let first = watch.once().await.unwrap();
    assert_eq!((first.events, first.failed), (1, 1));
    for (minutes, tries) in [(0, 0), (1, 1), (1, 0), (1, 1)] {
        world.clock.pass(Duration::from_mins(minutes));
        let looked = watch.once().await.unwrap();
        assert_eq!(looked.failed + looked.parked, tries, "{minutes} more minutes: {looked:?}");
    }
    let notice = world.database.store.notices(1).await.unwrap().remove(0);
    assert_eq!((notice.state, notice.tries), (NoticeState::Parked, 3));
    assert_eq!(notice.trouble, "no answer");
    let ids: Vec<String> = pager.seen.lock().unwrap().iter().map(|it| it.id.clone()).collect();
    assert_eq!(ids, vec![format!("{INSTALLATION}-{}", notice.id); 3], "it keeps its id");
    *pager.is_broken.lock().unwrap() = false;
    world.clock.pass(DAY);
    pager.said();
    watch.once().await.unwrap();
    assert!(!pager.kinds().contains(&"run_failed".to_owned()), "it was given up");
}

#[tokio::test]
async fn a_way_that_fails_is_left_alone_for_this_look_and_keeps_no_other_one_waiting() {
    struct Postman(Pager);

    #[async_trait]
    impl Messenger for Postman {
        fn way(&self) -> String {
            "postman".to_owned()
        }

        async fn deliver(&self, message: &Message) -> Result<(), Undelivered> {
            self.0.deliver(message).await
        }
    }

    let world = World::new();
    run(&world, RunStatus::Failed, "no").await;
    run(&world, RunStatus::LockLost, "no").await;
    let (pager, postman) = (Pager::default(), Pager::default());
    *pager.is_broken.lock().unwrap() = true;
    let watch = watch(&world, vec![Arc::new(pager.clone()), Arc::new(Postman(postman.clone()))]);
    let looked = watch.once().await.unwrap();
    assert_eq!((looked.delivered, looked.failed), (2, 1), "{looked:?}");
    assert_eq!(postman.kinds(), ["run_failed", "lock_lost"]);
    assert_eq!(pager.kinds(), ["run_failed"]);
}

#[tokio::test]
async fn a_notice_over_which_every_process_dies_is_given_up() {
    let world = World::new();
    run(&world, RunStatus::Failed, "no").await;
    let (watch, pager) = paged(&world);
    *pager.is_broken.lock().unwrap() = true;
    watch.once().await.unwrap();
    pager.said();
    for _ in 0..3 {
        world.clock.pass(DAY);
        // Taken by somebody who is gone before an answer.
        let taken = world.database.store.take(vec!["pager".to_owned()], HOUR).await.unwrap();
        assert!(taken.is_some());
    }
    world.clock.pass(DAY);
    watch.once().await.unwrap();
    let notices = world.database.store.notices(50).await.unwrap();
    let notice = notices.iter().find(|notice| notice.text.contains("failed")).unwrap();
    assert_eq!(notice.state, NoticeState::Parked);
    assert!(notice.trouble.contains("every process that tried it was gone"), "{notice:?}");
    assert!(!pager.kinds().contains(&"run_failed".to_owned()), "it is not tried once more");
}
