//! Places in the ledger's rate, which all company files of one API key share.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use postonce_ports::clock::Clock;

/// Spaces requests evenly.
pub(crate) struct Rate {
    limiter: Option<RateLimiter<NotKeyed, InMemoryState, BootClock, NoOpMiddleware<Nanos>>>,
    clock: Arc<dyn Clock>,
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
    /// `per_second` requests a second, one after the other; 0 for no limit.
    ///
    /// Without bursts: a burst that the network bunches up would pass MYOB's limit, since nobody
    /// knows how it counts a second.
    pub(crate) fn new(per_second: u32, clock: Arc<dyn Clock>) -> Self {
        let quota = NonZeroU32::new(per_second)
            .and_then(|per_second| Duration::from_secs(1).checked_div(per_second.get()))
            .and_then(Quota::with_period);
        let limiter =
            quota.map(|quota| RateLimiter::direct_with_clock(quota, BootClock(Arc::clone(&clock))));
        Self { limiter, clock }
    }

    /// Waits for a place and takes it.
    pub(crate) async fn take(&self) {
        let Some(limiter) = &self.limiter else { return };
        while let Err(too_early) = limiter.check() {
            let wait = too_early.wait_time_from(self.clock.boot().into());
            self.clock.sleep(wait).await;
        }
    }
}

impl fmt::Debug for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rate").field("limited", &self.limiter.is_some()).finish_non_exhaustive()
    }
}
