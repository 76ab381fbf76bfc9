//! How invoices come in.

use std::collections::HashMap;

use async_trait::async_trait;
use postonce_domain::{Invoice, InvoiceState, Life};
use postonce_ports::error::StoreError;
use postonce_ports::intake::{ImportProblem, ImportRefusal, Imported, Intake};

use crate::JournalStore;
use crate::invoice::InvoiceRow;
use crate::rows::{Put, next_id};
use crate::step::Step;

#[async_trait]
impl Intake for JournalStore {
    async fn import(&self, invoices: Vec<Invoice>) -> Result<Imported, StoreError> {
        let imported = self.commit(|step| {
            let mut list = List::new(step);
            for (index, invoice) in invoices.iter().enumerate() {
                list.take(index, invoice)?;
            }
            Ok(list.end())
        });
        Ok(imported?)
    }
}

/// What is unique in a company file, with the alias of that.
type Key = (String, String);

/// A list on its way in: what is on record, with what came earlier in the list.
struct List<'a, 's> {
    step: &'a mut Step<'s>,
    /// By external id.
    rows: HashMap<Key, InvoiceRow>,
    /// The external ids that have a number or had it before the list, by the number in capitals.
    numbers: HashMap<Key, String>,
    changed: Vec<Key>,
    next_id: i64,
    counts: [u64; 3],
    refusals: Vec<ImportRefusal>,
}

impl<'a, 's> List<'a, 's> {
    fn new(step: &'a mut Step<'s>) -> Self {
        let rows = step.state.invoices.values();
        let number = |row: &InvoiceRow| number_key(&row.company_file, &row.number);
        Self {
            numbers: rows.clone().map(|row| (number(row), row.external_id.clone())).collect(),
            rows: rows.map(|row| (row.key(), row.clone())).collect(),
            changed: Vec::new(),
            next_id: next_id(&step.state.invoices),
            counts: [0; 3],
            refusals: Vec::new(),
            step,
        }
    }

    fn take(&mut self, index: usize, invoice: &Invoice) -> Result<(), StoreError> {
        let parts = invoice.parts();
        let key = (parts.company_file.as_str().to_owned(), parts.external_id.as_str().to_owned());
        let known = self.rows.get(&key).cloned();
        if known.as_ref().is_some_and(|row| row.invoice().as_ref() == Ok(invoice)) {
            self.counts[2] += 1;
            return Ok(());
        }
        let number = number_key(parts.company_file.as_str(), parts.number.as_str());
        let owner = self.numbers.entry(number).or_insert_with(|| key.1.clone());
        let taken = (*owner != key.1).then(|| ImportProblem::NumberTaken { other: owner.clone() });
        let renewed = match &known {
            None => Ok(Life::new(InvoiceState::Ready)),
            Some(row) => renewed(row, invoice)?,
        };
        let life = match renewed {
            Ok(life) if taken.is_none() => life,
            renewed => {
                let problems = renewed.err().into_iter().chain(taken);
                let refusals = problems.map(|problem| ImportRefusal { index, problem });
                self.refusals.extend(refusals);
                return Ok(());
            }
        };
        let now = self.step.now;
        let row = if let Some(row) = known {
            self.counts[1] += 1;
            row.renewed(invoice, &life, now)
        } else {
            self.counts[0] += 1;
            self.next_id += 1;
            InvoiceRow::new(self.next_id - 1, invoice, &life, now)
        };
        self.rows.insert(key.clone(), row);
        self.changed.push(key);
        Ok(())
    }

    fn end(mut self) -> Imported {
        if !self.refusals.is_empty() {
            return Imported::Refused(self.refusals);
        }
        for key in self.changed {
            // One that is twice in the list is written once.
            if let Some(row) = self.rows.remove(&key) {
                let id = row.id;
                self.step.put(Put::Invoice(Box::new(row)));
                self.step.forget_misses(id);
            }
        }
        let [created, replaced, unchanged] = self.counts;
        Imported::Done { created, replaced, unchanged }
    }
}

/// Where new content leads an invoice, or why it cannot take it.
fn renewed(row: &InvoiceRow, invoice: &Invoice) -> Result<Result<Life, ImportProblem>, StoreError> {
    let parts = invoice.parts();
    let Some(life) = row.life()?.renew() else {
        return Ok(Err(ImportProblem::TooLate { state: row.state.name() }));
    };
    if row.side != parts.side.as_str() {
        let side = row.side.parse().map_err(|why| crate::rows::corrupt("invoices", row.id, why))?;
        return Ok(Err(ImportProblem::OtherSide { side }));
    }
    let number = row.number.eq_ignore_ascii_case(parts.number.as_str());
    let customer = row.customer_code == parts.customer.code.as_str();
    if row.attempt > 0 && !(number && customer) {
        let (number, customer) = (row.number.clone(), row.customer_code.clone());
        return Ok(Err(ImportProblem::Fixed { number, customer }));
    }
    Ok(Ok(life))
}

impl InvoiceRow {
    fn key(&self) -> Key {
        (self.company_file.clone(), self.external_id.clone())
    }
}

/// Numbers that differ in case alone are one number.
fn number_key(company_file: &str, number: &str) -> Key {
    (company_file.to_owned(), number.to_ascii_uppercase())
}
