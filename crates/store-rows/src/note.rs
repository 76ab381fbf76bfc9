//! Lines of the audit trail.
//!
//! The fields are the columns; the migrations say what they hold.

#![expect(missing_docs, reason = "each field is the column of its name")]

use diesel::prelude::*;
use postonce_domain::{ClaimId, InvoiceId, NoteKind};
use postonce_ports::error::StoreError;
use postonce_ports::reader::NoteRecord;
use postonce_ports::store::{Note, POSTONCE};

use crate::rows::{claim_id, corrupt};
use crate::schema::postonce_invoice_note;
use crate::time::timestamp;

const TABLE: &str = "postonce_invoice_note";

/// A note on record.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = postonce_invoice_note)]
pub struct NoteRow {
    pub id: i64,
    pub invoice_id: i64,
    pub kind: String,
    pub claim_id: Option<String>,
    pub actor: String,
    pub text: String,
    pub payload: Option<String>,
    pub created_at: i64,
}

impl NoteRow {
    /// The note that the row tells of.
    pub fn record(self) -> Result<NoteRecord, StoreError> {
        let kind = NoteKind::from_name(&self.kind)
            .ok_or_else(|| corrupt(TABLE, self.id, "its kind is unknown"))?;
        let claim = self.claim_id.as_deref().map(|text| claim_id(TABLE, self.id, text));
        Ok(NoteRecord {
            id: self.id,
            invoice: InvoiceId(self.invoice_id),
            at: timestamp(TABLE, self.id, self.created_at)?,
            note: Note { kind, claim: claim.transpose()?, actor: self.actor, text: self.text },
            payload: self.payload,
        })
    }
}

/// A note of a claim by PostOnce itself.
pub fn ours(kind: NoteKind, claim: ClaimId, text: String) -> Note {
    Note { kind, claim: Some(claim), actor: POSTONCE.to_owned(), text }
}
