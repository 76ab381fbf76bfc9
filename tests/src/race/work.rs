//! The runtime of a factory whose stores need one.

use std::time::Duration;

use futures::future::BoxFuture;
use tokio::runtime::{Builder, Runtime};

/// A step that takes longer waits for something that the schedule holds.
const LIMIT: Duration = Duration::from_secs(20);

/// Brings the steps of stores to their end, one at a time.
#[derive(Debug)]
pub struct Work(Runtime);

impl Work {
    /// A worker of its own keeps locks and connections going between two steps.
    pub(super) fn new() -> std::io::Result<Self> {
        Ok(Self(Builder::new_multi_thread().worker_threads(1).enable_all().build()?))
    }

    /// Runs a step; false if it does not end in time.
    pub(super) fn drive(&self, step: BoxFuture<'static, ()>) -> bool {
        self.0.block_on(async { tokio::time::timeout(LIMIT, step).await.is_ok() })
    }

    /// Runs something of the caller's own.
    pub(super) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.0.block_on(work)
    }
}
