//! Fires of schedules.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use postonce_domain::RunId;
use postonce_ports::cron::{CronFires, Fire, FireEnd, FireState, Planned, Take, Taker};

use crate::contract::Fixture;
use crate::contract::runtime::at_once;
use crate::contract::scene::LONG;

const MINUTE: Duration = Duration::from_mins(1);

const FIRST: Take = Take::Ours { takes: 1 };
const SECOND: Take = Take::Ours { takes: 2 };

/// A fire that is planned for so many hours after an instant that all tests share.
fn planned(hours: i64) -> Planned {
    let start: Timestamp = "2026-10-03T10:00:00Z".parse().unwrap();
    let at = start + SignedDuration::from_hours(hours);
    Planned { schedule: "sync".to_owned(), at }
}

fn taker(name: &str) -> Taker {
    Taker { name: name.to_owned(), timetable: "0 20 * * * — Australia/Sydney".to_owned() }
}

fn ran(run: i64) -> FireEnd {
    FireEnd::Ran { run: RunId(run) }
}

fn skipped() -> FireEnd {
    FireEnd::Skipped { holder: "run 7, by é".to_owned() }
}

fn failed(run: Option<i64>) -> FireEnd {
    FireEnd::Failed { run: run.map(RunId), reason: "MYOB does not answer".to_owned() }
}

async fn take(store: &impl CronFires, hours: i64, me: &str, lease: Duration) -> Take {
    store.take(&planned(hours), &taker(me), lease).await.unwrap()
}

async fn the_newest(store: &impl CronFires) -> Fire {
    store.newest("sync").await.unwrap().expect("one is on record")
}

async fn left(store: &impl CronFires, lease: Duration) -> Vec<Planned> {
    let left = store.left("sync", lease).await.unwrap();
    left.into_iter().map(|fire| fire.planned).collect()
}

pub async fn a_fire_is_taken_once_and_ends_once(fixture: &impl Fixture<Adapter: CronFires>) {
    let (store, other) = (fixture.adapter(), fixture.other());
    assert_eq!(take(&store, 0, "one", LONG).await, FIRST, "nobody had it");
    assert_eq!(take(&other, 0, "two", LONG).await, Take::Theirs, "one has it");
    assert_eq!(take(&store, 0, "one", LONG).await, FIRST, "who has it has it still");
    assert_eq!(take(&other, 24, "two", LONG).await, FIRST, "the next day's is another one");
    let late = other.end(&planned(0), &taker("two"), ran(1)).await.unwrap();
    assert!(!late, "nobody ends what another one has");
    assert!(store.end(&planned(0), &taker("one"), ran(7)).await.unwrap());
    for me in ["one", "two"] {
        assert_eq!(take(&other, 0, me, LONG).await, Take::Over, "it is over for {me}");
        let again = store.end(&planned(0), &taker(me), skipped()).await.unwrap();
        assert!(!again, "{me} does not end it again");
        let kept = store.keep(&planned(0), &taker(me), LONG).await.unwrap();
        assert!(!kept, "{me} does not keep what is over");
    }
    let fires = other.fires(10).await.unwrap();
    let states: Vec<_> = fires.into_iter().map(|fire| (fire.planned, fire.state)).collect();
    let expected = [(planned(24), FireState::Taken), (planned(0), FireState::Ended(ran(7)))];
    assert_eq!(states, expected, "newest first");
}

pub async fn of_concurrent_takes_of_a_fire_one_has_it(fixture: &impl Fixture<Adapter: CronFires>) {
    let stores = [fixture.adapter(), fixture.other()];
    for hours in 0..4 {
        let tasks = (0..8).map(|n| {
            let store = stores[n % 2].clone();
            async move { take(&store, hours, &n.to_string(), LONG).await }
        });
        let takes = at_once(fixture, tasks).await;
        let ours = takes.iter().filter(|take| **take == FIRST).count();
        let theirs = takes.iter().filter(|take| **take == Take::Theirs).count();
        assert_eq!((ours, theirs), (1, 7), "one has it, and no other: {takes:?}");
    }
}

pub async fn of_concurrent_takes_of_a_fire_that_is_left_one_has_it(
    fixture: &impl Fixture<Adapter: CronFires>,
) {
    let stores = [fixture.adapter(), fixture.other()];
    assert_eq!(take(&stores[0], 0, "dead", Duration::ZERO).await, FIRST, "nobody had it");
    let tasks = (0..8).map(|n| {
        let store = stores[n % 2].clone();
        async move { take(&store, 0, &n.to_string(), LONG).await }
    });
    let takes = at_once(fixture, tasks).await;
    let ours = takes.iter().filter(|take| **take == SECOND).count();
    let theirs = takes.iter().filter(|take| **take == Take::Theirs).count();
    assert_eq!((ours, theirs), (1, 7), "one takes it over, and no other: {takes:?}");
}

pub async fn a_fire_whose_lease_is_over_is_taken_over(fixture: &impl Fixture<Adapter: CronFires>) {
    let (store, other) = (fixture.adapter(), fixture.other());
    assert_eq!(take(&store, 0, "one", Duration::ZERO).await, FIRST, "nobody had it");
    assert_eq!(the_newest(&other).await.state, FireState::Left, "its lease is over");
    assert_eq!(take(&other, 0, "two", LONG).await, SECOND, "so it may be taken");
    let fire = the_newest(&store).await;
    assert_eq!((fire.taker, fire.takes, fire.state), (taker("two"), 2, FireState::Taken));
    let kept = store.keep(&planned(0), &taker("one"), LONG).await.unwrap();
    assert!(!kept, "the first one has it no more");
    let ended = store.end(&planned(0), &taker("one"), ran(1)).await.unwrap();
    assert!(!ended, "and does not end it");
    assert_eq!(the_newest(&store).await.state, FireState::Taken, "nothing was changed");
}

pub async fn a_late_end_counts_while_nobody_else_has_the_fire(
    fixture: &impl Fixture<Adapter: CronFires>,
) {
    let (store, other) = (fixture.adapter(), fixture.other());
    assert_eq!(take(&store, 0, "one", Duration::ZERO).await, FIRST, "nobody had it");
    assert!(store.end(&planned(0), &taker("one"), ran(3)).await.unwrap());
    assert_eq!(take(&other, 0, "two", LONG).await, Take::Over, "it is over");
}

pub async fn a_lease_of_a_clock_that_was_set_back_is_over(
    fixture: &impl Fixture<Adapter: CronFires>,
) {
    let (store, other) = (fixture.adapter(), fixture.other());
    assert_eq!(take(&store, 0, "one", LONG).await, FIRST, "nobody had it");
    assert_eq!(left(&other, LONG).await, [], "it is one's");
    assert_eq!(left(&other, MINUTE).await, [planned(0)], "no lease of a minute ends in an hour");
    assert_eq!(take(&other, 0, "two", MINUTE).await, SECOND, "so it may be taken");
}

pub async fn a_fire_is_kept_or_let_go(fixture: &impl Fixture<Adapter: CronFires>) {
    let (store, other) = (fixture.adapter(), fixture.other());
    assert_eq!(take(&store, 0, "one", Duration::ZERO).await, FIRST, "nobody had it");
    assert!(store.keep(&planned(0), &taker("one"), LONG).await.unwrap());
    assert_eq!(take(&other, 0, "two", LONG).await, Take::Theirs, "it was kept");
    assert!(!other.keep(&planned(0), &taker("two"), Duration::ZERO).await.unwrap());
    assert_eq!(take(&other, 0, "two", LONG).await, Take::Theirs, "nobody lets go for another");
    assert!(store.keep(&planned(0), &taker("one"), Duration::ZERO).await.unwrap());
    assert_eq!(left(&other, LONG).await, [planned(0)], "it was let go");
    assert_eq!(take(&other, 0, "two", LONG).await, SECOND, "so it may be taken");
}

pub async fn fires_that_are_left_are_listed_oldest_first(
    fixture: &impl Fixture<Adapter: CronFires>,
) {
    let store = fixture.adapter();
    for (hours, lease) in [(48, Duration::ZERO), (24, LONG), (0, Duration::ZERO)] {
        assert_eq!(take(&store, hours, "one", lease).await, FIRST, "nobody had it");
    }
    assert_eq!(take(&store, 12, "one", Duration::ZERO).await, FIRST, "nobody had it");
    assert!(store.end(&planned(12), &taker("one"), skipped()).await.unwrap());
    let other = Planned { schedule: "Sync".to_owned(), ..planned(0) };
    let taken = store.take(&other, &taker("one"), Duration::ZERO).await.unwrap();
    assert_eq!(taken, FIRST, "names of schedules differ by case");
    assert_eq!(left(&store, LONG).await, [planned(0), planned(48)]);
}

pub async fn missed_fires_are_written_beside_those_on_record(
    fixture: &impl Fixture<Adapter: CronFires>,
) {
    let (store, other) = (fixture.adapter(), fixture.other());
    assert_eq!(take(&store, 24, "one", LONG).await, FIRST, "nobody had it");
    assert_eq!(take(&store, 48, "one", LONG).await, FIRST, "nobody had it");
    assert!(store.end(&planned(48), &taker("one"), ran(5)).await.unwrap());
    let fires = [0, 24, 48, 72].map(planned);
    for reason in ["nobody was there", "once more"] {
        other.missed(&fires, &taker("two"), reason).await.unwrap();
    }
    let fires = store.fires(10).await.unwrap();
    let missed = FireState::Ended(FireEnd::Missed { reason: "nobody was there".to_owned() });
    let states: Vec<_> = fires.iter().map(|it| (it.planned.clone(), it.state.clone())).collect();
    let expected = [
        (planned(72), missed.clone()),
        (planned(48), FireState::Ended(ran(5))),
        (planned(24), FireState::Taken),
        (planned(0), missed),
    ];
    assert_eq!(states, expected);
    assert_eq!((fires[0].takes, &fires[0].taker), (0, &taker("two")), "nobody took it");
    assert_eq!(take(&store, 0, "one", LONG).await, Take::Over, "it is over");
}

pub async fn a_fire_on_record_tells_all(fixture: &impl Fixture<Adapter: CronFires>) {
    let (store, other) = (fixture.adapter(), fixture.other());
    assert_eq!(store.newest("sync").await.unwrap(), None, "there is none at first");
    let ends = [ran(1), skipped(), failed(None), failed(Some(2))];
    for (hours, end) in (0..).zip(ends) {
        assert_eq!(take(&store, hours, "one", LONG).await, FIRST, "nobody had it");
        let open = the_newest(&other).await;
        assert_eq!((&open.planned, open.ended_at), (&planned(hours), None));
        assert!(store.end(&planned(hours), &taker("one"), end.clone()).await.unwrap());
        let fire = the_newest(&other).await;
        assert_eq!((&fire.taker, fire.takes), (&taker("one"), 1));
        assert_eq!(fire.state, FireState::Ended(end));
        assert_eq!(fire.taken_at, open.taken_at, "it was taken once");
        assert!(fire.ended_at.is_some_and(|ended| ended >= fire.taken_at), "{fire:?}");
    }
    // By the time they are planned for, not by that of their taking.
    assert_eq!(take(&store, -24, "one", LONG).await, FIRST, "nobody had it");
    assert_eq!(the_newest(&store).await.planned, planned(3));
    let fires = store.fires(2).await.unwrap();
    let planned_for: Vec<_> = fires.into_iter().map(|fire| fire.planned).collect();
    assert_eq!(planned_for, [planned(3), planned(2)], "a list has a limit");
    assert_eq!(store.newest("other").await.unwrap(), None, "each schedule has its own");
}
