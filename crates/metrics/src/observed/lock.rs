//! A run lock that is counted.

use std::sync::Arc;

use async_trait::async_trait;
use postonce_ports::lock::{LockAnswer, LockError, LockState, RunLock};

use crate::family::ACQUIRES;
use crate::meter::Meter;

pub(super) struct Observed {
    pub(super) inner: Arc<dyn RunLock>,
    pub(super) meter: Meter,
}

#[async_trait]
impl RunLock for Observed {
    async fn try_acquire(&self) -> Result<LockAnswer, LockError> {
        let answer = self.inner.try_acquire().await;
        let result = match &answer {
            Ok(LockAnswer::Acquired(_)) => "acquired",
            Ok(LockAnswer::Busy(_)) => "busy",
            Err(_) => "error",
        };
        self.meter.add(&ACQUIRES, &[result], 1);
        answer
    }

    async fn state(&self) -> Result<LockState, LockError> {
        self.inner.state().await
    }
}
