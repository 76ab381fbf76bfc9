//! Schedulers over a store in memory, runs that do as they are told, and what became of both.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use jiff::Timestamp;
use postonce_adapter_host::StopFlag;
use postonce_adapter_memory::MemoryStore;
use postonce_app_cron::schedule::Schedule;
use postonce_domain::{InstallationId, RunCounts, RunEnd, RunId, RunResult, StopCause};
use postonce_engine::{CronEvent, CronPolicy, CronPorts, CronWatcher, Scheduler};
use postonce_ports::clock::{Clock as _, Stop as _};
use postonce_ports::cron::{CronFires as _, Fire, FireEnd, FireState};
use uuid::Uuid;

use super::clock::VirtualClock;

pub(super) const MINUTE: Duration = Duration::from_mins(1);
pub(super) const HOUR: Duration = Duration::from_hours(1);
pub(super) const DAY: Duration = Duration::from_hours(24);

/// What the next runs are like.
#[derive(Clone, Debug)]
pub(super) enum Runs {
    /// They take so long.
    Take(Duration),
    /// Somebody else has the lock until then.
    Busy(Timestamp),
    /// A bug.
    Panic,
    /// They do not begin.
    Refused,
}

/// One store, and everybody who works on it.
#[derive(Clone)]
pub(super) struct World {
    pub(super) clock: VirtualClock,
    pub(super) store: MemoryStore,
    pub(super) policy: CronPolicy,
    expression: String,
    zone: String,
    runs: Arc<Mutex<Runs>>,
    /// When each run began.
    begun: Arc<Mutex<Vec<Timestamp>>>,
    ids: Arc<AtomicI64>,
}

/// Keeps what it sees.
#[derive(Default)]
pub(super) struct Seen(Mutex<Vec<CronEvent>>);

impl Seen {
    pub(super) fn all(&self) -> Vec<CronEvent> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl CronWatcher for Seen {
    fn see(&self, event: &CronEvent) {
        if !matches!(event, CronEvent::Waiting(_)) {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(event.clone());
        }
    }
}

impl World {
    /// A world in which `expression` fires in Sydney, from `wall` on.
    pub(super) fn new(expression: &str, wall: &str) -> Self {
        let clock = VirtualClock::at(wall);
        let store = MemoryStore::new(InstallationId(Uuid::from_u128(7)), Arc::new(clock.clone()));
        let policy = CronPolicy {
            schedule: "sync".to_owned(),
            taker: "one".to_owned(),
            retry: 10 * MINUTE,
            catch_up: 12 * HOUR,
            lease: MINUTE,
            takes_max: 3,
        };
        Self {
            clock,
            store,
            policy,
            expression: expression.to_owned(),
            zone: "Australia/Sydney".to_owned(),
            runs: Arc::new(Mutex::new(Runs::Take(MINUTE))),
            begun: Arc::default(),
            ids: Arc::default(),
        }
    }

    pub(super) fn runs(&self, runs: Runs) {
        *self.runs.lock().unwrap_or_else(PoisonError::into_inner) = runs;
    }

    pub(super) fn schedule(&self) -> Schedule {
        Schedule::new(&self.expression, &self.zone).unwrap()
    }

    pub(super) fn reschedule(&mut self, expression: &str) {
        expression.clone_into(&mut self.expression);
    }

    /// When the runs began.
    pub(super) fn begun(&self) -> Vec<Timestamp> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A scheduler of this name works until `stop`.
    pub(super) async fn work(&self, name: &str, stop: &StopFlag, seen: &Seen) {
        let ports = CronPorts {
            fires: Arc::new(self.store.clone()),
            clock: Arc::new(self.clock.clone()),
            timetable: Arc::new(self.schedule()),
        };
        let policy = CronPolicy { taker: name.to_owned(), ..self.policy.clone() };
        let scheduler = Scheduler::new(ports, policy);
        let start =
            || -> BoxFuture<'_, Result<RunResult<String>, String>> { self.one_run(stop).boxed() };
        scheduler.run(&start, stop, seen).await.unwrap();
    }

    /// The same for so long, and then it is asked to stop. What it told.
    pub(super) fn work_for(&self, name: &str, time: Duration) -> Vec<CronEvent> {
        let (stop, seen) = (StopFlag::default(), Seen::default());
        let ends = async {
            self.clock.sleep(time).await;
            stop.request();
        };
        self.clock.drive(futures::future::join(self.work(name, &stop, &seen), ends));
        seen.all()
    }

    /// The same for so long, and then it is gone without a word.
    pub(super) fn work_and_die(&self, name: &str, time: Duration) {
        let (stop, seen) = (StopFlag::default(), Seen::default());
        let work = self.work(name, &stop, &seen);
        let (work, dies) = (std::pin::pin!(work), std::pin::pin!(self.clock.sleep(time)));
        let ended = self.clock.drive(futures::future::select(work, dies));
        assert!(matches!(ended, futures::future::Either::Right(_)), "it works on until it dies");
    }

    async fn one_run(&self, stop: &StopFlag) -> Result<RunResult<String>, String> {
        let runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let took = match runs {
            Runs::Take(took) => took,
            Runs::Busy(until) if self.clock.wall() < until => {
                return Ok(RunResult::Skipped(Some("run 99, by hand".to_owned())));
            }
            Runs::Busy(_) => MINUTE,
            Runs::Panic => panic!("a bug"),
            Runs::Refused => return Err("the database does not answer".to_owned()),
        };
        self.begun.lock().unwrap_or_else(PoisonError::into_inner).push(self.clock.wall());
        let run = RunId(self.ids.fetch_add(1, Ordering::Relaxed) + 1);
        let until = self.clock.boot() + took;
        while self.clock.boot() < until && !stop.requested() {
            self.clock.sleep(Duration::from_secs(5)).await;
        }
        let cancelled = stop.requested().then(|| (StopCause::Cancelled, "on request".to_owned()));
        let counts = RunCounts::default();
        Ok(RunResult::Ran(RunEnd { run, counts, stopped: cancelled, duration_ms: 0 }))
    }

    /// Every fire on record, oldest first.
    pub(super) fn fires(&self) -> Vec<Fire> {
        let fires = self.store.fires(u32::MAX);
        // A store in memory answers at once.
        let mut fires = fires.now_or_never().unwrap().unwrap();
        fires.reverse();
        fires
    }

    /// Every fire on record, as the clock on the wall showed it, and its state in a word.
    pub(super) fn record(&self) -> Vec<String> {
        let schedule = self.schedule();
        let line = |fire: Fire| {
            let at = schedule.show(fire.planned.at).at;
            format!("{} {}", at.strftime("%m-%d %H:%M"), word(&fire.state))
        };
        self.fires().into_iter().map(line).collect()
    }
}

fn word(state: &FireState) -> &'static str {
    match state {
        FireState::Taken => "taken",
        FireState::Left => "left",
        FireState::Ended(FireEnd::Ran { .. }) => "ran",
        FireState::Ended(FireEnd::Skipped { .. }) => "skipped",
        FireState::Ended(FireEnd::Failed { .. }) => "failed",
        FireState::Ended(FireEnd::Missed { .. }) => "missed",
    }
}
