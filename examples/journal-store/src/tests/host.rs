//! The host under the tests: a runtime and a clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use jiff::Timestamp;
use postonce_ports::clock::Clock;
use postonce_race_kit::contract::Runtime;

/// The runtime that the suites run on.
pub(super) struct Tokio;

impl Runtime for Tokio {
    fn run(test: impl Future<Output = ()>) {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        runtime.worker_threads(2).enable_all().build().unwrap().block_on(test);
    }

    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        drop(tokio::spawn(task));
    }
}

/// The host's clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct HostClock;

#[async_trait]
#[expect(clippy::disallowed_methods, reason = "somebody has to look at the real clock")]
impl Clock for HostClock {
    fn boot(&self) -> Duration {
        Duration::ZERO
    }

    fn wall(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Timestamp::from_microsecond(since.as_micros().try_into().unwrap()).unwrap()
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}
