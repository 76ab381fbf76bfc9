//! Runs by a schedule: each fire once, whoever watches.
//!
//! The wall clock may jump, so nothing sleeps until a fire: the scheduler looks at the clock every
//! second, and what it finds planned since its last look is due.
//!
//! **Invariant:** a run is started only for a fire that the store has given to this scheduler.
//!
//! **Invariant:** nothing hangs on a fire but when a run starts. Two runs of one fire, or none, are
//! as safe as two runs by hand, or none.

mod fire;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt as _};
use jiff::{SignedDuration, Timestamp};
use postonce_domain::RunResult;
use postonce_ports::clock::{Clock, Stop};
use postonce_ports::cron::{CronFires, FireEnd, Planned, Taker, Timetable};
use postonce_ports::error::StoreError;

use crate::room::meanwhile;

/// What a scheduler works with.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "ports are not `Debug`")]
#[expect(missing_docs, reason = "each field is the port of its type")]
pub struct CronPorts {
    pub fires: Arc<dyn CronFires>,
    pub clock: Arc<dyn Clock>,
    pub timetable: Arc<dyn Timetable>,
}

/// The bounds of a scheduler's work.
#[derive(Clone, Debug)]
pub struct CronPolicy {
    /// The name of the schedule.
    pub schedule: String,
    /// A name that no other scheduler has.
    pub taker: String,
    /// How long a fire tries to get its run begun.
    pub retry: Duration,
    /// How old a missed fire may be that is made up for.
    pub catch_up: Duration,
    /// How long after its last word the taker of a fire counts as gone.
    pub lease: Duration,
    /// How many may take one fire, before it counts as what they die of.
    pub takes_max: u32,
}

/// Begins a run that ends when it is through, or says in words who has the lock; an error says in
/// words why none began.
pub type StartRun<'a> =
    dyn Fn() -> BoxFuture<'a, Result<RunResult<String>, String>> + Send + Sync + 'a;

/// What a scheduler does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CronEvent {
    /// It has looked at the clock, and waits for this fire.
    Waiting(Option<Timestamp>),
    /// It has taken a fire, which was taken so often by now.
    Took(Timestamp, u32),
    /// The run of a fire has not begun, for this reason; it tries again.
    Again(Timestamp, String),
    /// A fire is over.
    Ended(Timestamp, FireEnd),
    /// It has let go of a fire, since it was asked to stop.
    LetGo(Timestamp),
    /// Fires were missed, the newest first, for this reason.
    Missed(Vec<Timestamp>, String),
    /// The database did not take what came of a fire, or another one had taken the fire over.
    Trouble(Timestamp, String),
}

/// Who looks on.
pub trait CronWatcher: Send + Sync {
    /// Told at once, and while nothing else goes on: it must not take long.
    fn see(&self, event: &CronEvent);
}

/// Runs by a schedule.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "ports are not `Debug`")]
pub struct Scheduler {
    ports: CronPorts,
    policy: CronPolicy,
}

/// How often the wall clock is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// How often a fire is looked for that somebody has left.
const LOOK_FOR_LEFT: Duration = Duration::from_secs(15);

/// A fire that is found this late is on time.
const ON_TIME: SignedDuration = SignedDuration::from_mins(1);

/// Fires that one scheduler has in hand at once. More come together only if their runs wait for a
/// long one.
const IN_HAND_MAX: usize = 16;

/// Missed fires that are written down one by one.
const MISSED_MAX: usize = 100;

/// A scheduler at work.
struct Watch<'a> {
    ports: &'a CronPorts,
    policy: &'a CronPolicy,
    me: Taker,
    start: &'a StartRun<'a>,
    stop: &'a dyn Stop,
    watcher: &'a dyn CronWatcher,
    /// The fires in hand, by their time.
    in_hand: Mutex<BTreeSet<Timestamp>>,
}

/// What is to be done, and how it comes out is on record.
enum Task {
    Fire(Timestamp),
    Missed(Vec<Timestamp>, String),
}

impl Scheduler {
    /// A scheduler over these ports, within these bounds.
    pub fn new(ports: CronPorts, policy: CronPolicy) -> Self {
        Self { ports, policy }
    }

    /// Takes every fire that comes, and starts its run, until `stop`; then it waits for the runs
    /// that it has begun.
    ///
    /// An error means that it could not find out where to begin. Later trouble is told to the
    /// watcher, and does not end it.
    pub async fn run<'a>(
        &'a self,
        start: &'a StartRun<'a>,
        stop: &'a dyn Stop,
        watcher: &'a dyn CronWatcher,
    ) -> Result<(), StoreError> {
        let timetable = self.ports.timetable.words();
        let watch = Watch {
            ports: &self.ports,
            policy: &self.policy,
            me: Taker { name: self.policy.taker.clone(), timetable },
            start,
            stop,
            watcher,
            in_hand: Mutex::default(),
        };
        watch.go().await
    }
}

impl Watch<'_> {
    async fn go(&self) -> Result<(), StoreError> {
        let mut seen = self.begin_after().await?;
        let mut next = None;
        let mut in_hand = FuturesUnordered::new();
        let mut look_for_left = Duration::ZERO;
        while !self.stop.requested() {
            let now = self.ports.clock.wall();
            // A clock that was set back comes by the same fires again; they are on record.
            if now < seen || next.is_none_or(|next| next <= now) {
                for task in self.due(seen.min(now), now) {
                    in_hand.push(Box::pin(self.work(task)));
                }
                next = self.ports.timetable.next(now);
            }
            seen = now;
            if self.ports.clock.boot() >= look_for_left {
                look_for_left = self.ports.clock.boot() + LOOK_FOR_LEFT;
                for task in meanwhile(&mut in_hand, self.left()).await {
                    in_hand.push(Box::pin(self.work(task)));
                }
            }
            self.watcher.see(&CronEvent::Waiting(next));
            meanwhile(&mut in_hand, self.ports.clock.sleep(self.until(next))).await;
        }
        while in_hand.next().await.is_some() {}
        Ok(())
    }

    /// The last fire that is on record, if it is of this timetable; a new one begins now.
    async fn begin_after(&self) -> Result<Timestamp, StoreError> {
        let newest = self.ports.fires.newest(&self.policy.schedule).await?;
        let newest = newest.filter(|fire| fire.taker.timetable == self.me.timetable);
        Ok(newest.map_or_else(|| self.ports.clock.wall(), |fire| fire.planned.at))
    }

    /// Until the next fire, or the next look.
    fn until(&self, next: Option<Timestamp>) -> Duration {
        let now = self.ports.clock.wall();
        let rest = next.and_then(|next| Duration::try_from(next.duration_since(now)).ok());
        rest.unwrap_or(LOOK).min(LOOK)
    }

    /// What to do about the fires planned after `seen`, up to `now`.
    fn due(&self, seen: Timestamp, now: Timestamp) -> Vec<Task> {
        let (on_time, mut late): (Vec<_>, Vec<_>) =
            self.planned(seen, now).into_iter().partition(|at| now.duration_since(*at) <= ON_TIME);
        let mut due = on_time;
        let mut reason = "nobody was there at its time, and a later one was made up for";
        // One run does the work of all that were missed.
        if due.is_empty()
            && let Some(newest) = late.first().copied()
        {
            if now.duration_since(newest) <= self.catch_up() {
                due = vec![late.remove(0)];
            } else {
                reason = "nobody was there at its time, and it is too old to be made up for";
            }
        }
        let mut tasks = Vec::new();
        if !late.is_empty() {
            tasks.push(Task::Missed(late, reason.to_owned()));
        }
        for at in due.into_iter().rev() {
            let mut in_hand = self.in_hand();
            if in_hand.len() < IN_HAND_MAX {
                in_hand.insert(at);
                tasks.push(Task::Fire(at));
            } else {
                let reason = format!("{IN_HAND_MAX} earlier ones still waited for their runs");
                tasks.push(Task::Missed(vec![at], reason));
            }
        }
        tasks
    }

    /// The fires planned after `seen`, up to `now`, newest first; no more than are written down.
    fn planned(&self, seen: Timestamp, now: Timestamp) -> Vec<Timestamp> {
        let just_after = now.checked_add(Duration::from_micros(1)).unwrap_or(now);
        let mut before = just_after;
        let mut planned = Vec::new();
        while planned.len() <= MISSED_MAX
            && let Some(at) = self.ports.timetable.last(before)
            && seen < at
        {
            planned.push(at);
            before = at;
        }
        planned
    }

    /// The fires that somebody has left.
    async fn left(&self) -> Vec<Task> {
        let left = self.ports.fires.left(&self.policy.schedule, self.policy.lease).await;
        // If the database does not answer, the next look may see them.
        let left = left.unwrap_or_default();
        let mut in_hand = self.in_hand();
        let room = IN_HAND_MAX.saturating_sub(in_hand.len());
        let times = left.into_iter().map(|fire| fire.planned.at).take(room);
        times.filter(|at| in_hand.insert(*at)).map(Task::Fire).collect()
    }

    async fn work(&self, task: Task) {
        match task {
            Task::Fire(at) => {
                self.fire(at).await;
                self.in_hand().remove(&at);
            }
            Task::Missed(times, reason) => self.missed(times, reason).await,
        }
    }

    fn fire_at(&self, at: Timestamp) -> Planned {
        Planned { schedule: self.policy.schedule.clone(), at }
    }

    fn catch_up(&self) -> SignedDuration {
        SignedDuration::try_from(self.policy.catch_up).unwrap_or(SignedDuration::MAX)
    }

    fn in_hand(&self) -> MutexGuard<'_, BTreeSet<Timestamp>> {
        // Nothing panics while it is locked.
        self.in_hand.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
