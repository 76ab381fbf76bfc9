//! A run lock that keeps nobody out, to show what the claim alone is worth.

use async_trait::async_trait;
use postonce_domain::{CompanyFile, Epoch};
use postonce_ports::lock::{HeldLock, LockAnswer, LockError, LockState, RunLock};

/// Always says yes.
pub(crate) struct UselessLock;

#[async_trait]
impl RunLock for UselessLock {
    async fn try_acquire(&self) -> Result<LockAnswer, LockError> {
        Ok(LockAnswer::Acquired(Box::new(Self)))
    }

    async fn state(&self) -> Result<LockState, LockError> {
        Ok(LockState::Free)
    }
}

#[async_trait]
impl HeldLock for UselessLock {
    fn owner(&self) -> String {
        "nobody".to_owned()
    }

    fn connection_id(&self) -> Option<u64> {
        None
    }

    /// The epoch of a database that no other run has touched: nobody is fenced out.
    async fn raise_epoch(&self, _company_file: &CompanyFile) -> Result<Epoch, LockError> {
        Ok(Epoch(0))
    }

    fn is_lost(&self) -> bool {
        false
    }

    async fn release(self: Box<Self>) -> Result<(), LockError> {
        Ok(())
    }
}
