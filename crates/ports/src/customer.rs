//! Customers that we create in the ledger, under the same discipline as invoices.

use std::time::Duration;

use async_trait::async_trait;
use postonce_domain::{ClaimId, CompanyFile, CustomerCode};

use crate::error::StoreError;

/// The right to create a customer, or how far its creation is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum CustomerClaim {
    /// Nobody is creating it: the claim is on record, and this caller may.
    Granted,
    /// Somebody is, or was and never learned the answer.
    Open,
}

/// What a search that did not find the customer proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CustomerAbsence {
    /// Nothing yet.
    Unproven,
    /// The unanswered creation had no effect: the claim is gone, and it may be created again.
    Proven,
}

/// Keeps the claims on customers that are being created.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait CustomerClaims: Send + Sync {
    /// Claims the creation of a customer. Of any number of concurrent calls one is granted.
    async fn claim_customer(
        &self,
        company_file: &CompanyFile,
        code: &CustomerCode,
        claim: ClaimId,
        quiet: Duration,
    ) -> Result<CustomerClaim, StoreError>;

    /// Takes the claim off: the customer is found or created, or certainly was not created.
    async fn release_customer(
        &self,
        company_file: &CompanyFile,
        code: &CustomerCode,
    ) -> Result<(), StoreError>;

    /// Counts a complete search that did not find a customer whose claim is open. Two of them, at
    /// least `recheck` apart and after the quiet period, prove that it is absent. Without an open
    /// claim nothing is counted, and nothing proven.
    async fn customer_missed(
        &self,
        company_file: &CompanyFile,
        code: &CustomerCode,
        recheck: Duration,
    ) -> Result<CustomerAbsence, StoreError>;
}
