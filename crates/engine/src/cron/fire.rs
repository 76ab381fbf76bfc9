//! One fire: from its taking to what came of it.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::{Either, select};
use jiff::{SignedDuration, Timestamp};
use postonce_domain::{RunEnd, RunResult, StopCause};
use postonce_ports::cron::{FireEnd, Take};
use postonce_ports::error::StoreError;

use super::{CronEvent, LOOK, ON_TIME, Watch};

/// A run that ends soon is noticed soon; one that goes on for minutes is not asked for every second.
const SOON: Duration = Duration::from_secs(1);
const LATER: Duration = Duration::from_secs(10);
const QUICK_TRIES: u32 = 5;

/// How often the database is asked to take what came of a fire.
const WRITES_MAX: u32 = 12;

impl Watch<'_> {
    /// Takes the fire, if it is to be had, and brings it to its end.
    pub(super) async fn fire(&self, at: Timestamp) {
        let Some(takes) = self.take(at).await else { return };
        self.watcher.see(&CronEvent::Took(at, takes));
        // Nobody else is to think that this one is gone.
        let worked = {
            let work = AssertUnwindSafe(self.bring_to_an_end(at, takes)).catch_unwind();
            match select(pin!(work), pin!(self.stay_alive(at))).await {
                Either::Left((worked, _)) => worked,
                Either::Right((never, _)) => match never {},
            }
        };
        let end = worked.unwrap_or_else(|_| {
            let reason = "a bug stopped the work on it".to_owned();
            Some(FireEnd::Failed { run: None, reason })
        });
        match end {
            Some(end) => self.write_end(at, end).await,
            None => self.let_go(at).await,
        }
    }

    /// Whether the fire is this scheduler's, and how often it was taken by now. A database that does
    /// not answer is asked again, for as long as the fire may still be of use.
    async fn take(&self, at: Timestamp) -> Option<u32> {
        let fire = self.fire_at(at);
        loop {
            match self.ports.fires.take(&fire, &self.me, self.policy.lease).await {
                Ok(Take::Ours { takes }) => return Some(takes),
                Ok(Take::Theirs | Take::Over) => return None,
                Err(error) if self.is_too_old(at) => {
                    self.trouble(at, &error);
                    return None;
                }
                Err(_) => self.pause(LATER).await,
            }
            if self.stop.requested() {
                return None;
            }
        }
    }

    /// What came of a fire that this scheduler has; `None` if it was asked to stop before its work
    /// was done.
    async fn bring_to_an_end(&self, at: Timestamp, takes: u32) -> Option<FireEnd> {
        if takes > self.policy.takes_max {
            let reason = format!("{} processes took it, and all were gone", takes - 1);
            return Some(FireEnd::Failed { run: None, reason });
        }
        if self.is_too_old(at) {
            let reason = match takes {
                1 => "the database did not answer at its time",
                _ => "the process that took it was gone, and it is too old to be made up for",
            };
            return Some(FireEnd::Missed { reason: reason.to_owned() });
        }
        let until = self.ports.clock.boot() + self.policy.retry;
        let mut tries = 0;
        loop {
            let end = match (self.start)().await {
                Ok(RunResult::Ran(end)) => return of_run(end),
                Ok(RunResult::Skipped(holder)) => {
                    let holder = holder.unwrap_or_else(|| "who runs it is not known".to_owned());
                    FireEnd::Skipped { holder }
                }
                Err(reason) => FireEnd::Failed { run: None, reason },
            };
            if self.stop.requested() {
                return None;
            }
            let rest = until.saturating_sub(self.ports.clock.boot());
            if rest.is_zero() {
                return Some(end);
            }
            if let FireEnd::Skipped { holder: why } | FireEnd::Failed { reason: why, .. } = end {
                self.watcher.see(&CronEvent::Again(at, why));
            }
            tries += 1;
            let pause = if tries <= QUICK_TRIES { SOON } else { LATER };
            self.pause(pause.min(rest)).await;
            if self.stop.requested() {
                return None;
            }
        }
    }

    /// Says again and again that the fire has its taker.
    async fn stay_alive(&self, at: Timestamp) -> std::convert::Infallible {
        // Often enough that one word may be lost.
        const PART: u32 = 4;
        let fire = self.fire_at(at);
        loop {
            let pause = self.policy.lease.checked_div(PART).unwrap_or(LOOK);
            self.ports.clock.sleep(pause).await;
            // Whoever takes it over meanwhile finds the run lock taken; the end tells of it.
            drop(self.ports.fires.keep(&fire, &self.me, self.policy.lease).await);
        }
    }

    /// Writes what came of the fire.
    async fn write_end(&self, at: Timestamp, end: FireEnd) {
        let fire = self.fire_at(at);
        let written =
            self.insist(async || self.ports.fires.end(&fire, &self.me, end.clone()).await).await;
        match written {
            Ok(true) => self.watcher.see(&CronEvent::Ended(at, end)),
            Ok(false) => {
                let why = "another process had taken it over meanwhile".to_owned();
                self.watcher.see(&CronEvent::Trouble(at, why));
            }
            Err(error) => self.trouble(at, &error),
        }
    }

    /// Lets anybody else have the fire at once.
    async fn let_go(&self, at: Timestamp) {
        let fire = self.fire_at(at);
        match self.ports.fires.keep(&fire, &self.me, Duration::ZERO).await {
            Ok(_) => self.watcher.see(&CronEvent::LetGo(at)),
            // Its lease ends by itself.
            Err(error) => self.trouble(at, &error),
        }
    }

    /// Writes down that nobody took these.
    pub(super) async fn missed(&self, times: Vec<Timestamp>, reason: String) {
        let fires: Vec<_> = times.iter().map(|at| self.fire_at(*at)).collect();
        let written =
            self.insist(async || self.ports.fires.missed(&fires, &self.me, &reason).await).await;
        match (written, times.first()) {
            (Err(error), Some(at)) => self.trouble(*at, &error),
            _ => self.watcher.see(&CronEvent::Missed(times, reason)),
        }
    }

    /// Asks a database that does not answer again, a minute at most.
    async fn insist<T>(
        &self,
        step: impl AsyncFn() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut writes = 1;
        loop {
            let done = step().await;
            if done.is_ok() || writes >= WRITES_MAX || self.stop.requested() {
                return done;
            }
            writes += 1;
            self.pause(LATER.min(self.policy.lease)).await;
        }
    }

    /// Whether a fire is of no use any more.
    fn is_too_old(&self, at: Timestamp) -> bool {
        let retry = SignedDuration::try_from(self.policy.retry).unwrap_or(SignedDuration::MAX);
        let on_time = ON_TIME.saturating_add(retry);
        self.ports.clock.wall().duration_since(at) > self.catch_up().max(on_time)
    }

    /// Sleeps, in steps that notice the wish to stop.
    async fn pause(&self, time: Duration) {
        let until = self.ports.clock.boot() + time;
        loop {
            let rest = until.saturating_sub(self.ports.clock.boot());
            if rest.is_zero() || self.stop.requested() {
                return;
            }
            self.ports.clock.sleep(rest.min(LOOK)).await;
        }
    }

    fn trouble(&self, at: Timestamp, error: &StoreError) {
        self.watcher.see(&CronEvent::Trouble(at, error.to_string()));
    }
}

/// What a run that began means for its fire: one that was asked to stop has left work behind.
fn of_run(end: RunEnd) -> Option<FireEnd> {
    match end.stopped {
        None => Some(FireEnd::Ran { run: end.run }),
        Some((StopCause::Cancelled, _)) => None,
        Some((_, reason)) => Some(FireEnd::Failed { run: Some(end.run), reason }),
    }
}
