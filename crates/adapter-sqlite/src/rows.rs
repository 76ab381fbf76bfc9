//! Rows of invoices and lines, and the one way in which they become values.

pub(crate) use postonce_store_rows::life::LifeRow;
pub(crate) use postonce_store_rows::rows::{
    CLAIM, ContentRow, INVOICE, InvoiceRow, LineRow, claim_id, corrupt, parsed,
};
