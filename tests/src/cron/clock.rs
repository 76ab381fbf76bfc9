//! A clock of which a test is the master: time passes when everybody sleeps.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use postonce_ports::clock::Clock;

#[derive(Debug)]
struct Time {
    boot: Duration,
    wall: Timestamp,
    /// What no sleep is shorter than.
    grain: Duration,
    /// By when they wake, and by a number of their own.
    sleepers: BTreeMap<(Duration, u64), Waker>,
    sleeps: u64,
}

/// The clock. Clones share the time.
#[derive(Clone, Debug)]
pub(super) struct VirtualClock(Arc<Mutex<Time>>);

impl VirtualClock {
    /// One whose wall clock shows this.
    pub(super) fn at(wall: &str) -> Self {
        let wall = wall.parse().unwrap();
        let (boot, grain) = (Duration::from_secs(1_000), Duration::ZERO);
        Self(Arc::new(Mutex::new(Time { boot, wall, grain, sleepers: BTreeMap::new(), sleeps: 0 })))
    }

    /// Sleeps take at least so long, as on a busy host.
    pub(super) fn grain(&self, grain: Duration) {
        self.time().grain = grain;
    }

    /// Sets the wall clock forward, or back.
    pub(super) fn jump(&self, by: SignedDuration) {
        self.time().wall += by;
    }

    fn time(&self) -> MutexGuard<'_, Time> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets time pass until the first sleeper wakes.
    fn pass(&self) {
        let mut time = self.time();
        let (first, _) = time.sleepers.first_key_value().expect("nobody waits without a sleep");
        let until = first.0.max(time.boot);
        let passed = until.saturating_sub(time.boot);
        time.boot = until;
        time.wall += passed;
        let asleep = time.sleepers.split_off(&(until, u64::MAX));
        let awake = std::mem::replace(&mut time.sleepers, asleep);
        drop(time);
        awake.into_values().for_each(Waker::wake);
    }

    /// Does `work`, and lets time pass whenever it waits.
    pub(super) fn drive<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        let mut context = Context::from_waker(Waker::noop());
        loop {
            match work.as_mut().poll(&mut context) {
                Poll::Ready(done) => return done,
                Poll::Pending => self.pass(),
            }
        }
    }
}

#[async_trait]
impl Clock for VirtualClock {
    fn boot(&self) -> Duration {
        self.time().boot
    }

    fn wall(&self) -> Timestamp {
        self.time().wall
    }

    async fn sleep(&self, time: Duration) {
        let (until, number) = {
            let mut now = self.time();
            now.sleeps += 1;
            (now.boot + time.max(now.grain), now.sleeps)
        };
        poll_fn(|context| {
            let mut now = self.time();
            if now.boot >= until {
                return Poll::Ready(());
            }
            now.sleepers.insert((until, number), context.waker().clone());
            Poll::Pending
        })
        .await;
    }
}
