//! Places in the ledger's rate, which all company files of one API key share.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use postonce_ports::clock::Clock;
use postonce_ports::ledger::LedgerError;

use crate::api::unavailable;
use crate::refusal::RateLimit;

/// The most that one refusal keeps everybody waiting, whatever the ledger asks for: whoever wants
/// to stop the program waits for it too.
const BACK_OFF_MAX: Duration = Duration::from_secs(8);

/// How long nothing is asked once the limit of the day is used up. Nobody says when MYOB's day
/// begins.
const DAILY_PAUSE: Duration = Duration::from_secs(600);

/// Spaces requests evenly, and leaves a pause when the ledger wants fewer.
pub(crate) struct Rate {
    limiter: Option<RateLimiter<NotKeyed, InMemoryState, BootClock, NoOpMiddleware<Nanos>>>,
    pause: Mutex<Pause>,
    clock: Arc<dyn Clock>,
}

/// The rate of one ledger, for others of the same API key to share.
#[derive(Clone, Debug)]
pub struct SharedRate(pub(crate) Arc<Rate>);

/// What the ledger's refusals have led to.
#[derive(Debug, Default)]
struct Pause {
    /// Refusals in a row, those of requests that were under way together counted once.
    refusals: u32,
    until: Duration,
    /// The limit of the day is used up: until when that is believed, and what the ledger said.
    day: Option<(Duration, String)>,
}

/// The limiter's time is the host's.
struct BootClock(Arc<dyn Clock>);

impl Clone for BootClock {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl GovernorClock for BootClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.boot().into()
    }
}

impl Rate {
    /// `share_percent` of `per_second` requests a second, one after the other; 0 for no limit.
    ///
    /// Without bursts: a burst that the network bunches up would pass MYOB's limit, since nobody
    /// knows how it counts a second.
    pub(crate) fn new(per_second: u32, share_percent: u32, clock: Arc<dyn Clock>) -> Self {
        const WHOLE: Duration = Duration::from_secs(100);
        let quota = NonZeroU32::new(per_second.saturating_mul(share_percent))
            .and_then(|share| WHOLE.checked_div(share.get()))
            .and_then(Quota::with_period);
        let limiter =
            quota.map(|quota| RateLimiter::direct_with_clock(quota, BootClock(Arc::clone(&clock))));
        Self { limiter, pause: Mutex::default(), clock }
    }

    /// Waits for a place and takes it. An error if there is none for a long time.
    pub(crate) async fn take(&self) -> Result<(), LedgerError> {
        loop {
            let wait = self.wait()?;
            if wait.is_zero() {
                return Ok(());
            }
            self.clock.sleep(wait).await;
        }
    }

    /// Takes a place, or says how long there is none.
    fn wait(&self) -> Result<Duration, LedgerError> {
        let now = self.clock.boot();
        let mut pause = self.pause();
        pause.day.take_if(|(until, _)| *until <= now);
        if let Some((_, why)) = &pause.day {
            return Err(unavailable(format!(
                "the API key's limit of the day is used up ({why}); nothing more is asked for some \
                 minutes. Sync again tomorrow, or have MYOB raise the limit"
            )));
        }
        let left = pause.until.saturating_sub(now);
        drop(pause);
        let limiter = self.limiter.as_ref().filter(|_| left.is_zero());
        let too_early = limiter.and_then(|limiter| limiter.check().err());
        Ok(too_early.map_or(left, |too_early| too_early.wait_time_from(now.into())))
    }

    /// The ledger refused a request, since there were too many: nobody sends anything for one
    /// second, then two, then four.
    pub(crate) fn refused(&self, limit: &RateLimit) {
        let now = self.clock.boot();
        let mut pause = self.pause();
        if limit.daily {
            pause.day = Some((now + DAILY_PAUSE, limit.why.clone()));
        }
        let asked = limit.retry_after.unwrap_or_default().min(BACK_OFF_MAX);
        let mut wait = asked;
        // What was under way together is refused once.
        if now >= pause.until {
            wait = asked.max(Duration::from_secs(1_u64 << pause.refusals.min(3)));
            pause.refusals += 1;
        }
        pause.until = pause.until.max(now + wait);
    }

    /// The ledger took a request. One that was under way when another was refused says nothing of
    /// the rate since.
    pub(crate) fn taken(&self) {
        let now = self.clock.boot();
        let mut pause = self.pause();
        if now >= pause.until {
            pause.refusals = 0;
        }
    }

    fn pause(&self) -> MutexGuard<'_, Pause> {
        self.pause.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rate").field("limited", &self.limiter.is_some()).finish_non_exhaustive()
    }
}
