//! Claims that this process has made, with where each left its invoice, until they are settled.
//!
//! What was just written is not read again: an outcome is written over it if it still stands there,
//! and else on what is read under a lock. A claim that is settled elsewhere stays in here; there are
//! no more of those than a run has claims.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use postonce_domain::{ClaimId, InvoiceId, Life};

/// Where a claim left its invoice.
pub(crate) type Standing = (InvoiceId, Life);

#[derive(Default)]
pub(crate) struct OwnClaims(Mutex<HashMap<ClaimId, Standing>>);

impl OwnClaims {
    pub(crate) fn put(&self, claim: ClaimId, standing: Standing) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(claim, standing);
    }

    pub(crate) fn take(&self, claim: ClaimId) -> Option<Standing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&claim)
    }
}
