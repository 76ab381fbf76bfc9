//! A run lock that lets the server notice.
//!
//! In a schedule a lock that was dropped is free at once. A server needs a moment to see that a
//! session has been closed; whoever looks at the lock next waits for that, and for nothing else:
//! where somebody still has the lock, the first answer counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use postonce_domain::{CompanyFile, Epoch};
use postonce_ports::lock::{HeldLock, LockAnswer, LockError, LockState, RunLock};

/// How often a lock is looked at that nobody has any more. Each look is a round trip or more.
const LOOKS: u32 = 5_000;

/// The lock of one process of a world.
pub(super) struct Patient {
    pub(super) inner: Arc<dyn RunLock>,
    /// Holds of all processes of the world that were neither dropped nor released.
    pub(super) held: Arc<AtomicUsize>,
}

impl Patient {
    fn is_held(&self) -> bool {
        self.held.load(Ordering::SeqCst) > 0
    }
}

#[async_trait]
impl RunLock for Patient {
    async fn try_acquire(&self) -> Result<LockAnswer, LockError> {
        let mut looks = 0;
        loop {
            looks += 1;
            match self.inner.try_acquire().await? {
                LockAnswer::Acquired(lock) => {
                    self.held.fetch_add(1, Ordering::SeqCst);
                    let held = Arc::clone(&self.held);
                    return Ok(LockAnswer::Acquired(Box::new(Counted { lock: Some(lock), held })));
                }
                LockAnswer::Busy(holder) if self.is_held() || looks == LOOKS => {
                    return Ok(LockAnswer::Busy(holder));
                }
                LockAnswer::Busy(_) => {}
            }
        }
    }

    async fn state(&self) -> Result<LockState, LockError> {
        let mut looks = 0;
        loop {
            looks += 1;
            let state = self.inner.state().await?;
            if state == LockState::Free || self.is_held() || looks == LOOKS {
                return Ok(state);
            }
        }
    }
}

struct Counted {
    /// Until it is released.
    lock: Option<Box<dyn HeldLock>>,
    held: Arc<AtomicUsize>,
}

impl Counted {
    fn lock(&self) -> Result<&dyn HeldLock, LockError> {
        self.lock.as_deref().ok_or(LockError::Lost)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        drop(self.lock.take());
        self.held.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl HeldLock for Counted {
    fn owner(&self) -> String {
        self.lock.as_ref().map_or_else(String::new, |lock| lock.owner())
    }

    fn connection_id(&self) -> Option<u64> {
        self.lock.as_ref().and_then(|lock| lock.connection_id())
    }

    async fn raise_epoch(&self, company_file: &CompanyFile) -> Result<Epoch, LockError> {
        self.lock()?.raise_epoch(company_file).await
    }

    fn is_lost(&self) -> bool {
        self.lock.as_ref().is_none_or(|lock| lock.is_lost())
    }

    async fn prove(&self) -> Result<(), LockError> {
        self.lock()?.prove().await
    }

    async fn release(mut self: Box<Self>) -> Result<(), LockError> {
        match self.lock.take() {
            Some(lock) => lock.release().await,
            None => Err(LockError::Lost),
        }
    }
}
