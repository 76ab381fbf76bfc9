//! What the platform's codes are in the ledger.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use postonce_domain::{
    CompanyFile, InvoiceId, LedgerUid, MappingKey, MappingKind, MappingRow, MappingState, StateName,
};
use postonce_ports::error::StoreError;
use postonce_ports::mapping::{MappingChange, MappingStore, MappingWritten, WantedCode, stale};

use crate::MemoryStore;

#[async_trait]
impl MappingStore for MemoryStore {
    async fn rows(&self, company_file: &CompanyFile) -> Result<Vec<MappingRow>, StoreError> {
        let world = self.world();
        let rows = world.mappings.iter().filter(|((file, _), _)| file == company_file);
        Ok(rows.map(|(_, row)| row.clone()).collect())
    }

    async fn find(
        &self,
        company_file: &CompanyFile,
        keys: &[MappingKey],
    ) -> Result<Vec<MappingRow>, StoreError> {
        let world = self.world();
        let keys: BTreeSet<&MappingKey> = keys.iter().collect();
        let found = |key: &MappingKey| world.mappings.get(&(company_file.clone(), key.clone()));
        Ok(keys.into_iter().filter_map(found).cloned().collect())
    }

    async fn put(
        &self,
        changes: Vec<MappingChange>,
        _actor: &str,
    ) -> Result<MappingWritten, StoreError> {
        let mut world = self.world();
        let key = |change: &MappingChange| (change.company_file.clone(), change.key.clone());
        let version =
            |change: &MappingChange| world.mappings.get(&key(change)).map_or(0, |row| row.version);
        let late = stale(&changes, version);
        if !late.is_empty() {
            return Ok(MappingWritten::Stale(late));
        }
        let (mut made, mut unchanged) = (0, 0);
        for change in changes {
            if world.mappings.get(&key(&change)).is_some_and(|row| change.is_already(row)) {
                unchanged += 1;
                continue;
            }
            made += 1;
            let row = MappingRow {
                key: change.key.clone(),
                uid: change.uid.clone(),
                their_code: change.their_code.clone(),
                their_name: change.their_name.clone(),
                state: change.state,
                reason: change.reason.clone(),
                version: change.seen + 1,
            };
            world.mappings.insert(key(&change), row);
        }
        Ok(MappingWritten::Done { changed: made, unchanged })
    }

    async fn review(
        &self,
        company_file: &CompanyFile,
        uid: &LedgerUid,
        why: &str,
    ) -> Result<u64, StoreError> {
        let mut world = self.world();
        let mut count = 0;
        for ((file, _), row) in &mut world.mappings {
            let leads_there = file == company_file && row.uid.as_ref() == Some(uid);
            if leads_there && row.state == MappingState::Confirmed {
                row.state = MappingState::Review;
                why.clone_into(&mut row.reason);
                row.version += 1;
                count += 1;
            }
        }
        Ok(count)
    }

    async fn wanted(&self, company_file: &CompanyFile) -> Result<Vec<WantedCode>, StoreError> {
        let world = self.world();
        let mut found: BTreeMap<MappingKey, (String, BTreeSet<InvoiceId>)> = BTreeMap::new();
        let mut add = |kind: MappingKind, code: &str, name: &str, id: InvoiceId| {
            let Some(key) = MappingKey::of(kind, code) else { return };
            let (known, ids) = found.entry(key).or_default();
            if known.as_str() < name {
                name.clone_into(known);
            }
            ids.insert(id);
        };
        for (id, row) in &world.invoices {
            let parts = row.invoice.parts();
            if parts.company_file != *company_file || !may_be_sent(row.life.state.name()) {
                continue;
            }
            add(MappingKind::Customer, parts.customer.code.as_str(), &parts.customer.name, *id);
            for line in &parts.lines {
                add(MappingKind::TaxCode, line.tax_code.as_str(), "", *id);
                match &line.item {
                    Some(item) => add(MappingKind::Item, item.as_str(), &line.description, *id),
                    None => add(MappingKind::Account, "*", "", *id),
                }
            }
        }
        let count = |ids: BTreeSet<InvoiceId>| u64::try_from(ids.len()).unwrap_or(u64::MAX);
        let wanted = found.into_iter();
        Ok(wanted
            .map(|(key, (name, ids))| WantedCode { key, name, invoices: count(ids) })
            .collect())
    }
}

fn may_be_sent(state: StateName) -> bool {
    match state {
        StateName::Draft | StateName::Ready | StateName::Blocked | StateName::Rejected => true,
        StateName::Claimed
        | StateName::Posted
        | StateName::InDoubt
        | StateName::NeedsHuman
        | StateName::Forgotten => false,
    }
}
