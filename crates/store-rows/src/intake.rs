//! What may come in: the rules of an import that need no database.

use std::collections::HashMap;

use postonce_domain::{Attempt, CompanyFile, Invoice, Side};
use postonce_ports::error::StoreError;
use postonce_ports::intake::ImportProblem;

use crate::rows::InvoiceRow;

/// What tells one invoice from another: company file and external id.
pub type Key = (CompanyFile, String);

/// The key of an invoice.
pub fn key(invoice: &Invoice) -> Key {
    let parts = invoice.parts();
    (parts.company_file.clone(), parts.external_id.to_string())
}

/// Whose a number is that a list gives, or takes from an invoice that had it on record.
#[derive(Debug, Default)]
pub struct Numbers {
    held: HashMap<(CompanyFile, String), Key>,
}

impl Numbers {
    /// Gives a number to an invoice, unless another of the list has it.
    pub fn hold(&mut self, invoice: &Invoice, number: &str) {
        let number = (invoice.parts().company_file.clone(), number.to_ascii_uppercase());
        self.held.entry(number).or_insert_with(|| key(invoice));
    }

    /// The external id of another invoice that has the number of this one, or had it before.
    /// `on_record` is the external id of the invoice that has it in the database.
    pub fn holder(&self, invoice: &Invoice, on_record: Option<String>) -> Option<String> {
        let parts = invoice.parts();
        let key = key(invoice);
        if let Some(external_id) = on_record {
            return (external_id != key.1).then_some(external_id);
        }
        let number = (parts.company_file.clone(), parts.number.as_str().to_ascii_uppercase());
        let holder = self.held.get(&number).filter(|holder| **holder != key);
        holder.map(|(_, other)| other.clone())
    }
}

/// Why a known invoice cannot take other content.
pub fn why_not(row: &InvoiceRow, invoice: &Invoice) -> Result<Option<ImportProblem>, StoreError> {
    let life = row.life()?;
    let (old, new) = (&row.content, invoice.parts());
    if life.renew().is_none() {
        return Ok(Some(ImportProblem::TooLate { state: life.state.name() }));
    }
    if old.side != new.side.as_str() {
        let side = if new.side == Side::Platform { Side::Ordering } else { Side::Platform };
        return Ok(Some(ImportProblem::OtherSide { side }));
    }
    let same = old.number.eq_ignore_ascii_case(new.number.as_str())
        && old.customer_code == new.customer.code.as_str();
    Ok((life.attempt > Attempt(0) && !same).then(|| ImportProblem::Fixed {
        number: old.number.clone(),
        customer: old.customer_code.clone(),
    }))
}
