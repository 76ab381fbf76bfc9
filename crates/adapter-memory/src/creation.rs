//! Claims on customers and items that are being created.

use std::collections::btree_map::Entry;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use postonce_domain::{ClaimId, CompanyFile, MappingKey, Misses};
use postonce_ports::creation::{CreationAbsence, CreationClaim, CreationClaims, OpenCreation};
use postonce_ports::error::StoreError;

use crate::MemoryStore;
use crate::world::{CreationRow, later};

#[async_trait]
impl CreationClaims for MemoryStore {
    async fn claim_creation(
        &self,
        company_file: &CompanyFile,
        key: &MappingKey,
        claim: ClaimId,
        quiet: Duration,
    ) -> Result<CreationClaim, StoreError> {
        let since = self.now();
        let quiet_until = later(since, quiet);
        match self.world().creations.entry((company_file.clone(), key.clone())) {
            Entry::Occupied(_) => Ok(CreationClaim::Open),
            Entry::Vacant(free) => {
                free.insert(CreationRow { claim, since, quiet_until, misses: Misses::default() });
                Ok(CreationClaim::Granted)
            }
        }
    }

    async fn release_creation(
        &self,
        company_file: &CompanyFile,
        key: &MappingKey,
        claim: ClaimId,
    ) -> Result<(), StoreError> {
        let mut world = self.world();
        let entry = world.creations.entry((company_file.clone(), key.clone()));
        if let Entry::Occupied(row) = entry
            && row.get().claim == claim
        {
            row.remove();
        }
        Ok(())
    }

    async fn creation_found(
        &self,
        company_file: &CompanyFile,
        key: &MappingKey,
    ) -> Result<bool, StoreError> {
        Ok(self.world().creations.remove(&(company_file.clone(), key.clone())).is_some())
    }

    async fn creation_missed(
        &self,
        company_file: &CompanyFile,
        key: &MappingKey,
        took: Duration,
        recheck: Duration,
    ) -> Result<CreationAbsence, StoreError> {
        let now = self.now();
        let mut world = self.world();
        let key = (company_file.clone(), key.clone());
        // Without an open claim nothing is proven: another may have created it and let go.
        let Some(row) = world.creations.get_mut(&key) else {
            return Ok(CreationAbsence::Unproven);
        };
        row.misses = row.misses.and(earlier(now, took), now, row.quiet_until, recheck);
        if row.misses.proven.is_none() {
            return Ok(CreationAbsence::Unproven);
        }
        world.creations.remove(&key);
        Ok(CreationAbsence::Proven)
    }

    async fn open_creations(&self) -> Result<Vec<OpenCreation>, StoreError> {
        let world = self.world();
        let mut open: Vec<OpenCreation> = world
            .creations
            .iter()
            .map(|((company_file, key), row)| OpenCreation {
                company_file: company_file.clone(),
                key: key.clone(),
                claim: row.claim,
                since: row.since,
                quiet_until: row.quiet_until,
                missed_at: row.misses.first,
            })
            .collect();
        open.sort_by_key(|creation| creation.since);
        Ok(open)
    }
}

fn earlier(at: Timestamp, time: Duration) -> Timestamp {
    let time = SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX);
    at.checked_sub(time).unwrap_or(Timestamp::MIN)
}
