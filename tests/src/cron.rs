//! Runs by a schedule: over a clock that the test owns, and by real processes.

mod clock;
mod processes;
mod systemd;
mod world;

pub(crate) use self::processes::a_hundred_fires_of_three_processes;

use futures::future::join4;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use postonce_adapter_host::StopFlag;
use postonce_engine::CronEvent;
use postonce_ports::clock::Clock as _;
use postonce_ports::cron::{FireEnd, FireState};

use self::world::{DAY, HOUR, MINUTE, Runs, Seen, World};

/// Three schedulers on one store, over a week on both sides of each change of Sydney's clocks. The
/// host is busy: it notices a fire up to twenty seconds late.
#[test]
fn each_day_has_one_run_over_both_changes_of_the_clocks() {
    for (from, change) in [("2026-09-26T12:00:00Z", "10-04"), ("2027-03-27T12:00:00Z", "04-04")] {
        for (expression, hour) in [("0 20 * * *", "20:00"), ("30 2 * * *", "02:30")] {
            let world = World::new(expression, from);
            world.clock.grain(std::time::Duration::from_secs(20));
            let stops = [(); 3].map(|()| StopFlag::default());
            let seen = [(); 3].map(|()| Seen::default());
            let ends = async {
                world.clock.sleep(15 * DAY).await;
                stops.iter().for_each(StopFlag::request);
            };
            world.clock.drive(join4(
                world.work("one", &stops[0], &seen[0]),
                world.work("two", &stops[1], &seen[1]),
                world.work("three", &stops[2], &seen[2]),
                ends,
            ));
            let mut day = world.schedule().show(from.parse().unwrap()).at.date();
            let expected: Vec<String> = std::iter::repeat_with(|| {
                day = day.checked_add(1.day()).unwrap();
                let day = day.strftime("%m-%d").to_string();
                // The clocks go from 02:00 to 03:00: 02:30 does not come.
                let skipped = (day.as_str(), hour) == ("10-04", "02:30");
                format!("{day} {} ran", if skipped { "03:00" } else { hour })
            })
            .take(15)
            .collect();
            // The window begins in the evening and is fifteen days long.
            let record = world.record();
            assert_eq!(record.len(), 15, "{expression} around {change}: {record:?}");
            for line in &record {
                let known = expected.contains(line)
                    || line.starts_with(&from[5..10]) && line.ends_with("ran");
                assert!(known, "{line} is not of {expected:?}");
            }
            assert!(record.iter().any(|line| line.starts_with(change)), "{record:?}");
            let begun = world.begun();
            assert_eq!(begun.len(), 15, "a run for each, and no other");
            for (fire, begun) in world.fires().iter().zip(&begun) {
                let late = begun.duration_since(fire.planned.at);
                assert!(late <= SignedDuration::from_secs(40), "{late:?} late");
                assert_eq!(fire.takes, 1, "{fire:?}");
            }
        }
    }
}

#[test]
fn the_newest_missed_fire_is_made_up_for_once_and_the_others_are_written_down() {
    let world = World::new("0 20 * * *", "2026-06-01T09:59:00Z");
    world.work_for("one", HOUR);
    world.clock.jump(SignedDuration::from_hours(3 * 24 + 6));
    world.work_for("two", HOUR);
    let record = world.record();
    let expected =
        ["06-01 20:00 ran", "06-02 20:00 missed", "06-03 20:00 missed", "06-04 20:00 ran"];
    assert_eq!(record, expected);
    assert_eq!(world.begun().len(), 2);
    world.work_for("three", HOUR);
    assert_eq!(world.record(), expected, "once, whoever starts next");
}

#[test]
fn a_missed_fire_that_is_too_old_is_written_down_alone() {
    for (hours, down_for) in [(12, 24 + 13), (0, 24 + 1)] {
        let mut world = World::new("0 20 * * *", "2026-06-01T09:59:00Z");
        world.policy.catch_up = hours * HOUR;
        world.work_for("one", 2 * MINUTE);
        world.clock.jump(SignedDuration::from_hours(down_for));
        let told = world.work_for("two", MINUTE);
        let expected = ["06-01 20:00 ran", "06-02 20:00 missed"];
        assert_eq!(world.record(), expected, "within {hours} hours");
        let is_said = |event: &CronEvent| matches!(event, CronEvent::Missed(_, why) if why.contains("too old"));
        assert!(told.iter().any(is_said), "{told:?}");
    }
}

#[test]
fn a_first_start_and_a_new_schedule_make_up_for_nothing() {
    let mut world = World::new("0 20 * * *", "2026-06-01T11:00:00Z");
    world.work_for("one", HOUR);
    assert_eq!(world.record(), Vec::<String>::new(), "nothing was planned before the first start");
    world.work_for("one", DAY);
    world.reschedule("0 6,22 * * *");
    world.clock.jump(SignedDuration::from_hours(4));
    world.work_for("one", MINUTE);
    assert_eq!(world.record(), ["06-02 20:00 ran"], "another timetable has missed nothing");
}

#[test]
fn a_fire_waits_for_the_lock_and_runs_as_soon_as_it_is_free() {
    let world = World::new("0 20 * * *", "2026-06-01T09:59:00Z");
    let free: Timestamp = "2026-06-01T10:07:00Z".parse().unwrap();
    world.runs(Runs::Busy(free));
    let told = world.work_for("one", HOUR);
    assert_eq!(world.record(), ["06-01 20:00 ran"]);
    let late = world.begun()[0].duration_since(free);
    assert!(!late.is_negative() && late <= SignedDuration::from_secs(10), "{late:?} late");
    let again = told.iter().filter(|event| matches!(event, CronEvent::Again(_, _))).count();
    assert!((20..=60).contains(&again), "asked {again} times");
}

#[test]
fn a_fire_that_finds_the_lock_taken_all_the_time_is_skipped_with_its_holder() {
    let world = World::new("0 * * * *", "2026-06-01T09:59:00Z");
    world.runs(Runs::Busy("2026-06-01T10:30:00Z".parse().unwrap()));
    world.work_for("one", 2 * HOUR);
    assert_eq!(world.record(), ["06-01 20:00 skipped", "06-01 21:00 ran"], "the next as planned");
    let fire = world.fires().remove(0);
    let holder = "run 99, by hand".to_owned();
    assert_eq!(fire.state, FireState::Ended(FireEnd::Skipped { holder }));
    let after = fire.ended_at.unwrap().duration_since(fire.planned.at);
    assert!((600..=615).contains(&after.as_secs()), "after {after:?}");
}

/// One scheduler, whose own run goes on while further fires come.
#[test]
fn fires_that_come_while_a_run_goes_on_are_tried_and_skipped_too() {
    let world = World::new("0 * * * *", "2026-06-01T09:59:00Z");
    let (stop, seen) = (StopFlag::default(), Seen::default());
    let ends = async {
        world.clock.sleep(5 * MINUTE).await;
        // The run that has begun has the lock.
        world.runs(Runs::Busy("2026-06-01T13:00:00Z".parse().unwrap()));
        world.clock.sleep(6 * HOUR).await;
        stop.request();
    };
    world.runs(Runs::Take(3 * HOUR));
    world.clock.drive(futures::future::join(world.work("one", &stop, &seen), ends));
    let expected = [
        "06-01 20:00 ran",
        "06-01 21:00 skipped",
        "06-01 22:00 skipped",
        "06-01 23:00 ran",
        "06-02 00:00 ran",
        "06-02 01:00 ran",
        "06-02 02:00 ran",
    ];
    assert_eq!(world.record()[..expected.len()], expected);
}

#[test]
fn a_fire_whose_taker_died_is_taken_over_and_run_again() {
    let world = World::new("0 20 * * *", "2026-06-01T09:59:00Z");
    world.runs(Runs::Take(HOUR));
    world.work_and_die("one", 10 * MINUTE);
    assert_eq!(world.record(), ["06-01 20:00 taken"], "it is still its own");
    world.runs(Runs::Take(MINUTE));
    let died = world.clock.wall();
    let told = world.work_for("two", 10 * MINUTE);
    assert_eq!(world.record(), ["06-01 20:00 ran"]);
    let fire = world.fires().remove(0);
    assert_eq!((fire.takes, fire.taker.name.as_str()), (2, "two"));
    let after = world.begun()[1].duration_since(died);
    let lease_and_a_look = SignedDuration::from_secs(60 + 15 + 1);
    assert!(after <= lease_and_a_look, "after {after:?}");
    assert!(told.iter().any(|event| matches!(event, CronEvent::Took(_, 2))), "{told:?}");
}

#[test]
fn a_fire_that_its_takers_die_of_ends() {
    let world = World::new("0 20 * * *", "2026-06-01T09:59:00Z");
    world.runs(Runs::Take(HOUR));
    for name in ["one", "two", "three", "four"] {
        if name == "four" {
            world.work_for(name, 10 * MINUTE);
        } else {
            world.work_and_die(name, 10 * MINUTE);
        }
    }
    let fire = world.fires().remove(0);
    let reason = "3 processes took it, and all were gone".to_owned();
    assert_eq!(fire.state, FireState::Ended(FireEnd::Failed { run: None, reason }));
    assert_eq!(world.begun().len(), 3, "it was not run a fourth time");
}

#[test]
fn a_fire_that_is_too_old_is_not_taken_over() {
    let world = World::new("0 20 * * *", "2026-06-01T09:59:00Z");
    world.runs(Runs::Take(HOUR));
    world.work_and_die("one", 10 * MINUTE);
    world.clock.jump(SignedDuration::from_hours(13));
    world.work_for("two", MINUTE);
    assert_eq!(world.record(), ["06-01 20:00 missed"]);
    assert_eq!(world.begun().len(), 1);
}

#[test]
fn who_is_asked_to_stop_lets_go_of_its_fire_and_another_one_does_the_rest() {
    let world = World::new("0 20 * * *", "2026-06-01T09:59:00Z");
    world.runs(Runs::Take(HOUR));
    let asked = world.clock.wall() + 10 * MINUTE;
    let told = world.work_for("one", 10 * MINUTE);
    let took = world.clock.wall().duration_since(asked);
    assert!(took <= SignedDuration::from_secs(6), "it waits for its run alone: {took:?}");
    assert!(told.iter().any(|event| matches!(event, CronEvent::LetGo(_))), "{told:?}");
    assert_eq!(world.record(), ["06-01 20:00 left"]);
    world.runs(Runs::Take(MINUTE));
    world.work_for("two", 2 * MINUTE);
    assert_eq!(world.record(), ["06-01 20:00 ran"]);
    assert_eq!(world.begun().len(), 2);
}

#[test]
fn who_is_asked_to_stop_while_the_lock_is_taken_lets_go_too() {
    let world = World::new("0 20 * * *", "2026-06-01T09:59:00Z");
    world.runs(Runs::Busy("2026-06-01T12:00:00Z".parse().unwrap()));
    let asked = world.clock.wall() + 5 * MINUTE;
    world.work_for("one", 5 * MINUTE);
    let took = world.clock.wall().duration_since(asked);
    assert!(took <= SignedDuration::from_secs(2), "it does not wait on: {took:?}");
    assert_eq!(world.record(), ["06-01 20:00 left"]);
}

#[test]
fn a_clock_that_is_set_back_fires_nothing_twice() {
    let world = World::new("0 * * * *", "2026-06-01T09:59:00Z");
    world.work_for("one", 2 * HOUR);
    let (stop, seen) = (StopFlag::default(), Seen::default());
    let ends = async {
        world.clock.sleep(2 * MINUTE).await;
        world.clock.jump(SignedDuration::from_hours(-2));
        world.clock.sleep(2 * HOUR + 30 * MINUTE).await;
        stop.request();
    };
    world.clock.drive(futures::future::join(world.work("one", &stop, &seen), ends));
    assert_eq!(world.record(), ["06-01 20:00 ran", "06-01 21:00 ran", "06-01 22:00 ran"]);
    assert_eq!(world.begun().len(), 3);
}

#[test]
fn a_clock_that_is_set_forward_makes_up_for_one() {
    let world = World::new("0 * * * *", "2026-06-01T09:59:00Z");
    let (stop, seen) = (StopFlag::default(), Seen::default());
    let ends = async {
        world.clock.sleep(10 * MINUTE).await;
        world.clock.jump(SignedDuration::from_hours(3));
        world.clock.sleep(10 * MINUTE).await;
        stop.request();
    };
    world.clock.drive(futures::future::join(world.work("one", &stop, &seen), ends));
    let expected =
        ["06-01 20:00 ran", "06-01 21:00 missed", "06-01 22:00 missed", "06-01 23:00 ran"];
    assert_eq!(world.record(), expected);
}

#[test]
fn a_bug_and_a_run_that_does_not_begin_cost_their_fire_alone() {
    for (runs, why) in [(Runs::Panic, "a bug"), (Runs::Refused, "does not answer")] {
        let world = World::new("0 * * * *", "2026-06-01T09:59:00Z");
        world.runs(runs);
        world.work_for("one", 30 * MINUTE);
        let fire = world.fires().remove(0);
        let FireState::Ended(FireEnd::Failed { run: None, reason }) = fire.state else {
            panic!("{why}: {fire:?}")
        };
        assert!(reason.contains(why), "{reason}");
        world.runs(Runs::Take(MINUTE));
        world.work_for("one", HOUR);
        assert_eq!(world.record(), ["06-01 20:00 failed", "06-01 21:00 ran"]);
    }
}

#[test]
fn a_long_time_without_anybody_is_written_down_within_bounds() {
    let world = World::new("* * * * * *", "2026-06-01T09:59:58Z");
    world.work_for("one", std::time::Duration::from_secs(2));
    let before = world.fires().len();
    world.clock.jump(SignedDuration::from_hours(24 * 365));
    world.runs(Runs::Take(std::time::Duration::ZERO));
    world.work_for("two", std::time::Duration::from_secs(2));
    assert!(world.fires().len() <= before + 101 + 16, "{}", world.fires().len());
}
