//! Claims on customers and items that are being created.

use std::time::Duration;

use async_trait::async_trait;
use postonce_domain::{ClaimId, CompanyFile, MappingKey, Misses};
use postonce_ports::creation::{
    CreationAbsence, CreationClaim, CreationClaims, OpenCreation, kept_as, kept_key,
};
use postonce_ports::error::StoreError;

use crate::JournalStore;
use crate::rows::{CustomerKey, CustomerRow, Put};
use crate::step::later;

#[async_trait]
impl CreationClaims for JournalStore {
    async fn claim_creation(
        &self,
        company_file: &CompanyFile,
        key: &MappingKey,
        claim: ClaimId,
        quiet: Duration,
    ) -> Result<CreationClaim, StoreError> {
        let key = key_of(company_file, key);
        let claimed = self.commit(|step| {
            if step.state.customers.contains_key(&key) {
                return Ok(CreationClaim::Open);
            }
            let (since, quiet_until) = (step.now, later(step.now, quiet));
            let row = CustomerRow { key, claim: claim.0, since, quiet_until, first_miss: None };
            step.put(Put::Customer(row));
            Ok(CreationClaim::Granted)
        });
        Ok(claimed?)
    }

    async fn release_creation(
        &self,
        company_file: &CompanyFile,
        key: &MappingKey,
        claim: ClaimId,
    ) -> Result<(), StoreError> {
        let key = key_of(company_file, key);
        let released = self.commit(|step| {
            if step.state.customers.get(&key).is_some_and(|row| row.claim == claim.0) {
                step.put(Put::NoCustomer(key));
            }
            Ok(())
        });
        Ok(released?)
    }

    async fn creation_found(
        &self,
        company_file: &CompanyFile,
        key: &MappingKey,
    ) -> Result<bool, StoreError> {
        let key = key_of(company_file, key);
        let found = self.commit(|step| {
            let is_there = step.state.customers.contains_key(&key);
            if is_there {
                step.put(Put::NoCustomer(key));
            }
            Ok(is_there)
        });
        Ok(found?)
    }

    async fn creation_missed(
        &self,
        company_file: &CompanyFile,
        key: &MappingKey,
        took: Duration,
        recheck: Duration,
    ) -> Result<CreationAbsence, StoreError> {
        let key = key_of(company_file, key);
        let missed = self.commit(|step| {
            let now = step.now;
            let Some(row) = step.state.customers.get(&key) else {
                return Ok(CreationAbsence::Unproven);
            };
            let begun = now.saturating_sub(took).unwrap_or(now);
            let misses = Misses { first: row.first_miss, proven: None };
            let misses = misses.and(begun, now, row.quiet_until, recheck);
            if misses.proven.is_some() {
                step.put(Put::NoCustomer(key));
                return Ok(CreationAbsence::Proven);
            }
            if misses.first != row.first_miss {
                let row = CustomerRow { first_miss: misses.first, ..row.clone() };
                step.put(Put::Customer(row));
            }
            Ok(CreationAbsence::Unproven)
        });
        Ok(missed?)
    }

    async fn open_creations(&self) -> Result<Vec<OpenCreation>, StoreError> {
        let open = self.commit(|step| {
            let mut open: Vec<OpenCreation> = step
                .state
                .customers
                .values()
                .filter_map(|row| {
                    Some(OpenCreation {
                        company_file: CompanyFile::parse(&row.key.0).ok()?,
                        key: kept_key(&row.key.1)?,
                        claim: ClaimId(row.claim),
                        since: row.since,
                        quiet_until: row.quiet_until,
                        missed_at: row.first_miss,
                    })
                })
                .collect();
            open.sort_by_key(|creation| creation.since);
            Ok(open)
        });
        Ok(open?)
    }
}

fn key_of(company_file: &CompanyFile, key: &MappingKey) -> CustomerKey {
    (company_file.as_str().to_owned(), kept_as(key))
}
