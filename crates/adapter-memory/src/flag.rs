//! Flags on invoices.

use async_trait::async_trait;
use postonce_domain::{CompanyFile, InvoiceId};
use postonce_ports::error::StoreError;
use postonce_ports::flag::{Flag, Flags};
use postonce_ports::store::Note;

use crate::MemoryStore;

#[async_trait]
impl Flags for MemoryStore {
    async fn raise(&self, invoice: InvoiceId, text: &str) -> Result<(), StoreError> {
        let raised_at = self.now();
        let mut world = self.world();
        world.invoice(invoice)?;
        world.flags.insert(invoice, Flag { invoice, text: text.to_owned(), raised_at });
        Ok(())
    }

    async fn flag(&self, invoice: InvoiceId) -> Result<Option<Flag>, StoreError> {
        Ok(self.world().flags.get(&invoice).cloned())
    }

    async fn flags(
        &self,
        company_file: Option<CompanyFile>,
        after: InvoiceId,
        limit: u32,
    ) -> Result<Vec<Flag>, StoreError> {
        let world = self.world();
        let is_of_file = |flag: &&Flag| {
            let row = world.invoices.get(&flag.invoice);
            company_file
                .as_ref()
                .is_none_or(|file| row.is_some_and(|row| row.company_file() == file))
        };
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let later = world.flags.values().filter(|flag| flag.invoice > after);
        Ok(later.filter(is_of_file).take(limit).cloned().collect())
    }

    async fn lower(&self, invoice: InvoiceId, note: Note) -> Result<bool, StoreError> {
        let now = self.now();
        let mut world = self.world();
        let was_there = world.flags.remove(&invoice).is_some();
        if was_there {
            world.write_note(invoice, now, note, None);
        }
        Ok(was_there)
    }
}
