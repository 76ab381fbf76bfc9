//! Claims that this process has made, with where each left its invoice, until they are settled;
//! and those whose COMMIT went unanswered, with their invoice.
//!
//! What was just written is not read again: an outcome is written over it if it still stands there,
//! and else on what is read under a lock. A claim that is settled elsewhere stays in here; there are
//! no more of those than a run has claims.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use postonce_domain::{ClaimId, InvoiceId, Life};

/// Where a claim left its invoice.
pub(crate) type Standing = (InvoiceId, Life);

#[derive(Default)]
pub(crate) struct OwnClaims {
    made: Mutex<HashMap<ClaimId, Standing>>,
    unanswered: Mutex<HashMap<ClaimId, InvoiceId>>,
}

impl OwnClaims {
    pub(crate) fn put(&self, claim: ClaimId, standing: Standing) {
        locked(&self.made).insert(claim, standing);
    }

    pub(crate) fn take(&self, claim: ClaimId) -> Option<Standing> {
        locked(&self.made).remove(&claim)
    }

    pub(crate) fn put_unanswered(&self, claim: ClaimId, invoice: InvoiceId) {
        locked(&self.unanswered).insert(claim, invoice);
    }

    /// The invoice of a claim whose COMMIT went unanswered.
    pub(crate) fn unanswered(&self, claim: ClaimId) -> Option<InvoiceId> {
        locked(&self.unanswered).get(&claim).copied()
    }
}

fn locked<T>(claims: &Mutex<T>) -> MutexGuard<'_, T> {
    claims.lock().unwrap_or_else(PoisonError::into_inner)
}
