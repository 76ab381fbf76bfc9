//! Invoices that another integration has posted, taken over as what they are.

use crate::{InvoiceState, LedgerUid, Life, StateName, Version};

/// What another integration left of one invoice in the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TakenOver {
    /// This one document.
    Posted(LedgerUid),
    /// Documents that a person has to look at.
    NeedsHuman {
        /// The documents.
        uids: Vec<LedgerUid>,
        /// Why.
        reason: String,
    },
}

impl TakenOver {
    fn state(&self) -> InvoiceState {
        match self {
            Self::Posted(uid) => InvoiceState::Posted { uid: uid.clone() },
            Self::NeedsHuman { uids, reason } => {
                InvoiceState::NeedsHuman { uids: uids.clone(), reason: reason.clone() }
            }
        }
    }

    /// Whether an invoice in `state` says so already. A person may have picked one of the documents
    /// since.
    fn is_known(&self, state: &InvoiceState) -> bool {
        match (self, state) {
            (Self::Posted(uid), InvoiceState::Posted { uid: known }) => uid == known,
            (Self::NeedsHuman { uids, .. }, InvoiceState::Posted { uid }) => uids.contains(uid),
            (Self::NeedsHuman { uids, .. }, InvoiceState::NeedsHuman { uids: known, .. }) => {
                uids.len() == known.len() && uids.iter().all(|uid| known.contains(uid))
            }
            (Self::Posted(_) | Self::NeedsHuman { .. }, _) => false,
        }
    }
}

impl Life {
    /// Takes over what another integration has posted. `None` if that is on record already.
    ///
    /// What a claim of ours may have sent is not taken over, since that claim tells more than a
    /// file does: an inquiry or a person settles it. An invoice that waits for a person because
    /// documents were found that nobody here has sent becomes the one of them that is named.
    pub fn taken_over(&self, past: &TakenOver) -> Result<Option<Self>, StateName> {
        if past.is_known(&self.state) {
            return Ok(None);
        }
        match (&self.state, past) {
            (
                InvoiceState::Draft
                | InvoiceState::Ready
                | InvoiceState::Blocked { .. }
                | InvoiceState::Rejected { .. },
                _,
            ) => {}
            (InvoiceState::NeedsHuman { uids, .. }, TakenOver::Posted(uid))
                if self.attempt.0 == 0 && uids.contains(uid) => {}
            (state, _) => return Err(state.name()),
        }
        let version = Version(self.version.0 + 1);
        Ok(Some(Self { state: past.state(), version, ..self.clone() }))
    }
}

#[cfg(test)]
mod tests;
