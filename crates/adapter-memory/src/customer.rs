//! Claims on customers that are being created.

use std::collections::btree_map::Entry;
use std::time::Duration;

use async_trait::async_trait;
use postonce_domain::{ClaimId, CompanyFile, CustomerCode};
use postonce_ports::customer::{CustomerAbsence, CustomerClaim, CustomerClaims};
use postonce_ports::error::StoreError;

use crate::MemoryStore;
use crate::world::{CustomerRow, later};

#[async_trait]
impl CustomerClaims for MemoryStore {
    async fn claim_customer(
        &self,
        company_file: &CompanyFile,
        code: &CustomerCode,
        _claim: ClaimId,
        quiet: Duration,
    ) -> Result<CustomerClaim, StoreError> {
        let quiet_until = later(self.now(), quiet);
        match self.world().customers.entry((company_file.clone(), code.clone())) {
            Entry::Occupied(_) => Ok(CustomerClaim::Open),
            Entry::Vacant(free) => {
                free.insert(CustomerRow { quiet_until, first_miss_at: None });
                Ok(CustomerClaim::Granted)
            }
        }
    }

    async fn release_customer(
        &self,
        company_file: &CompanyFile,
        code: &CustomerCode,
    ) -> Result<(), StoreError> {
        self.world().customers.remove(&(company_file.clone(), code.clone()));
        Ok(())
    }

    async fn customer_missed(
        &self,
        company_file: &CompanyFile,
        code: &CustomerCode,
        recheck: Duration,
    ) -> Result<CustomerAbsence, StoreError> {
        let now = self.now();
        let mut world = self.world();
        let key = (company_file.clone(), code.clone());
        // Without an open claim nothing is proven: another may have created it and let go.
        let Some(claim) = world.customers.get_mut(&key) else {
            return Ok(CustomerAbsence::Unproven);
        };
        if now < claim.quiet_until {
            return Ok(CustomerAbsence::Unproven);
        }
        match claim.first_miss_at {
            None => claim.first_miss_at = Some(now),
            Some(first) if later(first, recheck) <= now => {
                world.customers.remove(&key);
                return Ok(CustomerAbsence::Proven);
            }
            Some(_) => {}
        }
        Ok(CustomerAbsence::Unproven)
    }
}
