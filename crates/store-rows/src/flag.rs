//! Flags as rows.

use diesel::prelude::*;
use postonce_domain::InvoiceId;
use postonce_ports::error::StoreError;
use postonce_ports::flag::Flag;

use crate::schema::postonce_invoice_flag;
use crate::time::timestamp;

/// A flag on record.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = postonce_invoice_flag)]
#[expect(missing_docs, reason = "each field is the column of its name")]
pub struct FlagRow {
    pub invoice_id: i64,
    pub text: String,
    pub raised_at: i64,
}

impl FlagRow {
    /// The flag that the row tells of.
    pub fn flag(self) -> Result<Flag, StoreError> {
        Ok(Flag {
            invoice: InvoiceId(self.invoice_id),
            raised_at: timestamp("postonce_invoice_flag", self.invoice_id, self.raised_at)?,
            text: self.text,
        })
    }
}
