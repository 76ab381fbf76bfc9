//! Rows of invoices as lists show them.
//!
//! The fields are the columns; the migrations say what they hold.

#![expect(missing_docs, reason = "each field is the column of its name")]

use diesel::prelude::*;
use jiff::civil::Date;
use postonce_domain::{
    Attempt, CompanyFile, ExternalId, InvoiceId, InvoiceNumber, LedgerUid, Money, Version,
};
use postonce_ports::error::StoreError;
use postonce_ports::reader::Summary;

use crate::life::LifeRow;
use crate::rows::{INVOICE, parsed};
use crate::schema::postonce_invoice;
use crate::time::timestamp;

/// The columns of a summary: all of them are checked by the table itself.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = postonce_invoice)]
pub struct SummaryRow {
    pub id: i64,
    pub company_file: String,
    pub side: String,
    pub external_id: String,
    pub number: String,
    pub invoice_date: String,
    pub total_minor: i64,
    #[diesel(embed)]
    pub life: LifeRow,
    pub updated_at: i64,
}

impl SummaryRow {
    /// The summary that the row tells of.
    pub fn summary(self) -> Result<Summary, StoreError> {
        let id = self.id;
        let life = &self.life;
        let uid = life.ledger_uid.as_deref().map(LedgerUid::parse).transpose();
        let total = Money::from_minor(self.total_minor).ok_or("its total is out of range");
        Ok(Summary {
            id: InvoiceId(id),
            company_file: parsed(INVOICE, id, CompanyFile::parse(&self.company_file))?,
            side: parsed(INVOICE, id, self.side.parse())?,
            external_id: parsed(INVOICE, id, ExternalId::parse(&self.external_id))?,
            number: parsed(INVOICE, id, InvoiceNumber::parse(&self.number))?,
            date: parsed(INVOICE, id, self.invoice_date.parse::<Date>())?,
            state: parsed(INVOICE, id, life.parse_name())?,
            attempt: Attempt(parsed(INVOICE, id, u32::try_from(life.attempt))?),
            total: parsed(INVOICE, id, total)?,
            ledger_uid: parsed(INVOICE, id, uid)?,
            uids: parsed(INVOICE, id, life.parse_uids())?,
            held: life.held,
            version: Version(life.version),
            updated_at: timestamp(INVOICE, id, self.updated_at)?,
            reason: self.life.state_reason,
            code: self.life.state_code,
        })
    }
}
