//! Claims on customers that are being created.

use std::time::Duration;

use async_trait::async_trait;
use postonce_domain::{ClaimId, CompanyFile, CustomerCode};
use postonce_ports::customer::{CustomerAbsence, CustomerClaim, CustomerClaims};
use postonce_ports::error::StoreError;

use crate::JournalStore;
use crate::rows::{CustomerKey, CustomerRow, Put};
use crate::step::later;

#[async_trait]
impl CustomerClaims for JournalStore {
    async fn claim_customer(
        &self,
        company_file: &CompanyFile,
        code: &CustomerCode,
        claim: ClaimId,
        quiet: Duration,
    ) -> Result<CustomerClaim, StoreError> {
        let key = key(company_file, code);
        let claimed = self.commit(|step| {
            if step.state.customers.contains_key(&key) {
                return Ok(CustomerClaim::Open);
            }
            let quiet_until = later(step.now, quiet);
            let row = CustomerRow { key, claim: claim.0, quiet_until, first_miss: None };
            step.put(Put::Customer(row));
            Ok(CustomerClaim::Granted)
        });
        Ok(claimed?)
    }

    async fn release_customer(
        &self,
        company_file: &CompanyFile,
        code: &CustomerCode,
    ) -> Result<(), StoreError> {
        let key = key(company_file, code);
        let released = self.commit(|step| {
            if step.state.customers.contains_key(&key) {
                step.put(Put::NoCustomer(key));
            }
            Ok(())
        });
        Ok(released?)
    }

    async fn customer_missed(
        &self,
        company_file: &CompanyFile,
        code: &CustomerCode,
        recheck: Duration,
    ) -> Result<CustomerAbsence, StoreError> {
        let key = key(company_file, code);
        let missed = self.commit(|step| {
            let row = step.state.customers.get(&key).filter(|row| step.now >= row.quiet_until);
            match row.map(|row| (row, row.first_miss)) {
                Some((row, None)) => {
                    let first_miss = Some(step.now);
                    step.put(Put::Customer(CustomerRow { first_miss, ..row.clone() }));
                }
                Some((_, Some(first))) if step.now >= later(first, recheck) => {
                    step.put(Put::NoCustomer(key));
                    return Ok(CustomerAbsence::Proven);
                }
                Some(_) | None => {}
            }
            Ok(CustomerAbsence::Unproven)
        });
        Ok(missed?)
    }
}

fn key(company_file: &CompanyFile, code: &CustomerCode) -> CustomerKey {
    (company_file.as_str().to_owned(), code.as_str().to_owned())
}
