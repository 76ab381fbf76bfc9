//! What became of the wish to send invoices again.

use postonce_domain::InvoiceId;
use postonce_engine::ReprocessRefusal;
use serde::Serialize;
use utoipa::ToSchema;

use crate::SyncJson;

/// What became of a reprocess: the fields of a run, and the invoices that were refused.
#[derive(Debug, Serialize, ToSchema)]
#[expect(missing_docs, reason = "programs read the names")]
pub struct ReprocessJson {
    #[serde(flatten)]
    pub run: SyncJson,
    pub refused: Vec<RefusedJson>,
}

/// An invoice that is not sent again.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefusedJson {
    invoice: i64,
    reason: String,
}

impl RefusedJson {
    /// As programs read it.
    pub fn new((invoice, why): &(InvoiceId, ReprocessRefusal)) -> Self {
        Self { invoice: invoice.0, reason: why.to_string() }
    }
}
