//! Why a document is not taken for an invoice, even on a person's word.

use postonce_domain::{
    InstallationId, InvoiceId, InvoiceParts, LedgerDocument, LedgerUid, Marker, Owner,
};
use postonce_ports::error::StoreError;

use crate::Engine;

/// The invoice that a document is to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claimant<'a> {
    /// Our database.
    pub(crate) installation: InstallationId,
    /// Its id, if it is on record.
    pub(crate) id: Option<InvoiceId>,
    /// What it says.
    pub(crate) invoice: &'a InvoiceParts,
}

impl Claimant<'_> {
    /// Number or reference must be the invoice's, and no other invoice or marker may own the
    /// document.
    pub(crate) fn objection(&self, document: &LedgerDocument, owner: &Owner) -> Option<String> {
        let uid = &document.uid;
        let same_number = self.invoice.number.matches(&document.number);
        let same_reference = document.reference == self.invoice.external_id.as_str();
        if !same_number && !same_reference {
            return Some(format!(
                "document {uid} has number {} and reference `{}`, neither of which is the invoice's",
                document.number, document.reference
            ));
        }
        let other = |id: &&InvoiceId| Some(**id) != self.id;
        if let Some(other) = owner.uids.get(uid).filter(other) {
            return Some(format!("document {uid} is recorded for invoice {other}"));
        }
        let marker = Marker::find(&document.memo)?;
        if let Some(other) = owner.claims.get(&marker.claim).filter(other) {
            return Some(format!("document {uid} carries the marker of invoice {other}"));
        }
        (marker.installation != self.installation)
            .then(|| format!("document {uid} carries another installation's marker"))
    }
}

/// What is said of a document that the ledger does not have.
pub(crate) fn no_document(uid: &LedgerUid, file: &postonce_domain::CompanyFile) -> String {
    format!("the ledger has no document {uid} in {file}")
}

impl Engine {
    pub(crate) async fn installation(&self) -> Result<InstallationId, StoreError> {
        self.ports.store.installation().await
    }
}
