//! Flags, which move nothing and are no part of what is raced.

use async_trait::async_trait;
use postonce_domain::{CompanyFile, InvoiceId};
use postonce_ports::error::StoreError;
use postonce_ports::flag::{Flag, Flags};
use postonce_ports::store::Note;

/// Keeps none.
pub(super) struct Unflagged;

#[async_trait]
impl Flags for Unflagged {
    async fn raise(&self, _: InvoiceId, _: &str) -> Result<(), StoreError> {
        Ok(())
    }

    async fn flag(&self, _: InvoiceId) -> Result<Option<Flag>, StoreError> {
        Ok(None)
    }

    async fn flags(
        &self,
        _: Option<CompanyFile>,
        _: InvoiceId,
        _: u32,
    ) -> Result<Vec<Flag>, StoreError> {
        Ok(Vec::new())
    }

    async fn lower(&self, _: InvoiceId, _: Note) -> Result<bool, StoreError> {
        Ok(false)
    }
}
