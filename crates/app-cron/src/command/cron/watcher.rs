//! What a scheduler does, told to the log and to the service manager.

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use postonce_engine::{CronEvent, CronWatcher};
use postonce_ports::cron::FireEnd;

use crate::output::talk;
use crate::schedule::Schedule;
use crate::service_manager;
use crate::table::{plain, time};

/// What was said last.
#[derive(Default)]
struct Said {
    ready: bool,
    next: Option<Timestamp>,
}

/// Tells.
pub(super) struct Told {
    schedule: Schedule,
    said: Mutex<Said>,
}

impl Told {
    pub(super) fn new(schedule: Schedule) -> Self {
        Self { schedule, said: Mutex::default() }
    }

    fn waiting(&self, next: Option<Timestamp>) {
        service_manager::alive();
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.ready && said.next == next {
            return;
        }
        if !said.ready {
            service_manager::ready();
        }
        *said = Said { ready: true, next };
        let words = match next {
            Some(next) => format!("Next: {}.", self.schedule.show(next).line()),
            None => "It never fires again.".to_owned(),
        };
        service_manager::status(&words);
        talk(&words);
    }
}

impl CronWatcher for Told {
    fn see(&self, event: &CronEvent) {
        match event {
            CronEvent::Waiting(next) => self.waiting(*next),
            CronEvent::Took(at, 1) => talk(&format!("Fire of {}: taken.", time(*at))),
            CronEvent::Took(at, takes) => {
                talk(&format!("Fire of {}: taken over, take {takes}.", time(*at)));
            }
            CronEvent::Again(at, why) => {
                let (at, why) = (time(*at), plain(why));
                talk(&format!("Fire of {at}: no run yet: {why}. It is tried again."));
            }
            CronEvent::Ended(at, end) => talk(&format!("Fire of {}: {}.", time(*at), words(end))),
            CronEvent::LetGo(at) => talk(&format!(
                "Fire of {}: let go; whoever takes it over does the rest.",
                time(*at)
            )),
            CronEvent::Missed(times, why) => {
                let times: Vec<String> = times.iter().rev().map(|at| time(*at)).collect();
                talk(&format!("Missed: {}: {}.", times.join(", "), plain(why)));
            }
            CronEvent::Trouble(at, why) => {
                talk(&format!(
                    "Fire of {}: what came of it is not on record: {}.",
                    time(*at),
                    plain(why)
                ));
            }
        }
    }
}

fn words(end: &FireEnd) -> String {
    match end {
        FireEnd::Ran { run } => format!("run {run} is through"),
        FireEnd::Skipped { holder } => {
            format!("skipped, since another run went on: {}", plain(holder))
        }
        FireEnd::Failed { run: Some(run), reason } => {
            format!("run {run} stopped: {}", plain(reason))
        }
        FireEnd::Failed { run: None, reason } => format!("no run: {}", plain(reason)),
        FireEnd::Missed { reason } => format!("missed: {}", plain(reason)),
    }
}
