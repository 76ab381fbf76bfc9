//! The invoice that somebody acts on, as they saw it.

use postonce_domain::{InvoiceId, Life, Version};

/// An invoice, and the version on which a person decided; whatever it is now if `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Which one.
    pub invoice: InvoiceId,
    /// What was seen of it.
    pub version: Option<Version>,
}

impl From<InvoiceId> for Seen {
    fn from(invoice: InvoiceId) -> Self {
        Self { invoice, version: None }
    }
}

impl Seen {
    /// Whether it has moved on since.
    pub(crate) fn is_stale(&self, life: &Life) -> bool {
        self.version.is_some_and(|seen| seen != life.version)
    }
}
