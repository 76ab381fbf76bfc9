//! The host's clocks.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use postonce_ports::clock::Clock;
use rustix::time::{ClockId, clock_gettime};

/// The clocks of this host; sleeps on tokio's timer.
#[derive(Clone, Copy, Debug, Default)]
pub struct HostClock;

#[async_trait]
impl Clock for HostClock {
    fn boot(&self) -> Duration {
        let now = clock_gettime(ClockId::Boottime);
        let seconds = u64::try_from(now.tv_sec).unwrap_or_default();
        Duration::new(seconds, u32::try_from(now.tv_nsec).unwrap_or_default())
    }

    #[expect(clippy::disallowed_methods, reason = "this is the clock that everybody else takes")]
    fn wall(&self) -> Timestamp {
        let now = Timestamp::now();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }

    #[expect(clippy::disallowed_methods, reason = "this is the clock that everybody else takes")]
    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

#[cfg(test)]
mod tests;
