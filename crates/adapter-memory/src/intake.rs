//! How invoices come in.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use postonce_domain::{Attempt, CompanyFile, Invoice, InvoiceId, InvoiceState, Life};
use postonce_ports::error::StoreError;
use postonce_ports::intake::{ImportProblem, ImportRefusal, Imported, Intake};

use crate::MemoryStore;
use crate::world::{InvoiceRow, World};

#[async_trait]
impl Intake for MemoryStore {
    async fn import(&self, invoices: Vec<Invoice>) -> Result<Imported, StoreError> {
        let now = self.now();
        let mut world = self.world();
        let mut batch = Batch::new(&world, now);
        let mut refusals = Vec::new();
        for (index, invoice) in invoices.into_iter().enumerate() {
            let problems = batch.take(invoice);
            refusals.extend(problems.into_iter().map(|problem| ImportRefusal { index, problem }));
        }
        if !refusals.is_empty() {
            return Ok(Imported::Refused(refusals));
        }
        let Batch { created, replaced, unchanged, rows, .. } = batch;
        world.invoices = rows;
        Ok(Imported::Done { created, replaced, unchanged })
    }
}

type Key = (CompanyFile, postonce_domain::ExternalId);
type NumberKey = (CompanyFile, String);

/// An import on a copy of the invoices, which counts only if nothing is refused.
pub(crate) struct Batch {
    pub(crate) rows: BTreeMap<InvoiceId, InvoiceRow>,
    ids: BTreeMap<Key, InvoiceId>,
    /// Whose a number is: that of the first who has it, on record before or in the list.
    numbers: BTreeMap<NumberKey, Key>,
    now: Timestamp,
    pub(crate) created: u64,
    replaced: u64,
    unchanged: u64,
}

impl Batch {
    pub(crate) fn new(world: &World, now: Timestamp) -> Self {
        let rows = world.invoices.clone();
        let ids = rows.iter().map(|(id, row)| (key(&row.invoice), *id)).collect();
        let numbers =
            rows.values().map(|row| (number_key(&row.invoice), key(&row.invoice))).collect();
        Self { rows, ids, numbers, now, created: 0, replaced: 0, unchanged: 0 }
    }

    pub(crate) fn take(&mut self, invoice: Invoice) -> Vec<ImportProblem> {
        let key = key(&invoice);
        let known = self.ids.get(&key).copied();
        let row = known.and_then(|id| self.rows.get(&id));
        if row.is_some_and(|row| row.invoice == invoice) {
            self.unchanged += 1;
            return Vec::new();
        }
        let mut problems: Vec<_> = row.and_then(|row| why_not(row, &invoice)).into_iter().collect();
        let holder = self.numbers.entry(number_key(&invoice)).or_insert_with(|| key.clone());
        if *holder != key {
            problems.push(ImportProblem::NumberTaken { other: holder.1.to_string() });
        }
        if problems.is_empty() {
            match known {
                Some(id) => self.replace(id, invoice),
                None => self.create(key, invoice),
            }
        }
        problems
    }

    fn create(&mut self, key: Key, invoice: Invoice) {
        let id = InvoiceId(self.rows.last_key_value().map_or(0, |(id, _)| id.0) + 1);
        let life = Life::new(InvoiceState::Ready);
        self.rows.insert(id, InvoiceRow { invoice, life, updated_at: self.now });
        self.ids.insert(key, id);
        self.created += 1;
    }

    fn replace(&mut self, id: InvoiceId, invoice: Invoice) {
        if let Some(row) = self.rows.get_mut(&id)
            && let Some(life) = row.life.renew()
        {
            *row = InvoiceRow { invoice, life, updated_at: self.now };
            self.replaced += 1;
        }
    }
}

/// Why a known invoice cannot take other content.
fn why_not(row: &InvoiceRow, invoice: &Invoice) -> Option<ImportProblem> {
    let (old, new) = (row.invoice.parts(), invoice.parts());
    if row.life.renew().is_none() {
        return Some(ImportProblem::TooLate { state: row.life.state.name() });
    }
    if old.side != new.side {
        return Some(ImportProblem::OtherSide { side: old.side });
    }
    let same = old.number == new.number && old.customer.code == new.customer.code;
    (row.life.attempt > Attempt(0) && !same).then(|| ImportProblem::Fixed {
        number: old.number.to_string(),
        customer: old.customer.code.to_string(),
    })
}

fn key(invoice: &Invoice) -> Key {
    let parts = invoice.parts();
    (parts.company_file.clone(), parts.external_id.clone())
}

fn number_key(invoice: &Invoice) -> NumberKey {
    let parts = invoice.parts();
    (parts.company_file.clone(), parts.number.as_str().to_ascii_uppercase())
}
