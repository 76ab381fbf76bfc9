//! Until when a hold is certain, on the clock that also runs while the machine sleeps.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Where the time since the host started is read; suspend included.
pub(crate) type BootClock = fn() -> Duration;

/// Shared between the task that keeps a hold and whoever relies on it.
pub(crate) struct Watch {
    boot: BootClock,
    timeout: Duration,
    /// Milliseconds of the boot clock.
    certain_until: AtomicU64,
    lost: AtomicBool,
}

impl Watch {
    /// Of a hold that was proven by a statement sent at `sent`, and stays so for `timeout`.
    pub(crate) fn new(boot: BootClock, timeout: Duration, sent: Duration) -> Self {
        let watch =
            Self { boot, timeout, certain_until: AtomicU64::new(0), lost: AtomicBool::new(false) };
        watch.proven(sent);
        watch
    }

    /// For how long a proof counts.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Now, for the next [`Self::proven`].
    pub(crate) fn now(&self) -> Duration {
        (self.boot)()
    }

    /// The hold was proven by a statement sent at `sent`: the server counts from no earlier.
    pub(crate) fn proven(&self, sent: Duration) {
        self.certain_until.fetch_max(millis(sent + self.timeout), Ordering::SeqCst);
    }

    /// The hold is gone, or may be.
    pub(crate) fn lose(&self) {
        self.lost.store(true, Ordering::SeqCst);
    }

    /// How long the hold is certain if nothing more is heard.
    pub(crate) fn left(&self) -> Duration {
        let until = Duration::from_millis(self.certain_until.load(Ordering::SeqCst));
        until.saturating_sub(self.now())
    }

    /// Whether it is lost, or was not proven for so long that it may be. Never goes back to false.
    pub(crate) fn is_lost(&self) -> bool {
        if self.left().is_zero() {
            self.lose();
        }
        self.lost.load(Ordering::SeqCst)
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("lost", &self.lost).finish_non_exhaustive()
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// The host's boot clock.
pub(crate) fn boot() -> Duration {
    let now = clock_gettime(ClockId::Boottime);
    let seconds = u64::try_from(now.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(now.tv_nsec).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    std::thread_local! {
        static NOW: std::cell::Cell<Duration> = const { std::cell::Cell::new(Duration::ZERO) };
    }

    fn now() -> Duration {
        NOW.get()
    }

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_hold_is_lost_when_it_was_not_proven_for_the_timeout() {
        let watch = Watch::new(now, at(10), at(0));
        NOW.set(at(9));
        assert!(!watch.is_lost());
        NOW.set(at(10));
        assert!(watch.is_lost());
    }

    #[test]
    fn the_time_counts_from_when_the_proof_was_asked_for() {
        let watch = Watch::new(now, at(10), at(0));
        NOW.set(at(9));
        watch.proven(at(4));
        assert_eq!(watch.left(), at(5));
        // An older proof shortens nothing.
        watch.proven(at(1));
        assert_eq!(watch.left(), at(5));
    }

    #[test]
    fn what_was_told_to_be_lost_stays_lost() {
        let watch = Watch::new(now, at(10), at(0));
        NOW.set(at(10));
        assert!(watch.is_lost());
        watch.proven(at(10));
        assert!(watch.is_lost());
    }

    #[test]
    fn the_boot_clock_runs() {
        assert!(boot() > Duration::ZERO);
        assert!(boot() <= boot());
    }
}
