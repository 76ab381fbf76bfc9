//! Flags: what a person should look at on an invoice, wherever it stands.

use async_trait::async_trait;
use jiff::Timestamp;
use postonce_domain::{CompanyFile, InvoiceId};

use crate::error::StoreError;
use crate::store::Note;

/// A flag on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// The invoice.
    pub invoice: InvoiceId,
    /// What there is to see.
    pub text: String,
    /// Since when, by the store's clock.
    pub raised_at: Timestamp,
}

/// Keeps at most one flag for each invoice. A flag moves nothing and keeps nothing from moving.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Flags: Send + Sync {
    /// Flags an invoice; a later text replaces an earlier one.
    async fn raise(&self, invoice: InvoiceId, text: &str) -> Result<(), StoreError>;

    /// The flag of one invoice; `None` if it has none.
    async fn flag(&self, invoice: InvoiceId) -> Result<Option<Flag>, StoreError>;

    /// The flags of one company file, or of all, by rising invoice: those of a greater id than
    /// `after`, `limit` at most.
    async fn flags(
        &self,
        company_file: Option<CompanyFile>,
        after: InvoiceId,
        limit: u32,
    ) -> Result<Vec<Flag>, StoreError>;

    /// Takes the flag off, and writes the note, both or neither. Whether there was a flag; without
    /// one nothing is written.
    async fn lower(&self, invoice: InvoiceId, note: Note) -> Result<bool, StoreError>;
}
