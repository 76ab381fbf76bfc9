//! Customers and items that we create in the ledger, under the same discipline as invoices.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use postonce_domain::{ClaimId, CompanyFile, CustomerCode, MappingKey, MappingKind};

use crate::error::StoreError;

/// The right to create a record, or how far its creation is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum CreationClaim {
    /// Nobody is creating it: the claim is on record, and this caller may.
    Granted,
    /// Somebody is, or was and never learned the answer.
    Open,
}

/// What a search that did not find the record proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreationAbsence {
    /// Nothing yet.
    Unproven,
    /// The unanswered creation had no effect: the claim is gone, and it may be created again.
    Proven,
}

/// A creation that nobody knows the end of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenCreation {
    /// In which company file.
    pub company_file: CompanyFile,
    /// The customer or item, by the platform's code.
    pub key: MappingKey,
    /// The claim, which the record's marker names.
    pub claim: ClaimId,
    /// When it was claimed.
    pub since: Timestamp,
    /// Until when a search that does not find it proves nothing.
    pub quiet_until: Timestamp,
    /// Since when a search that counts has not found it.
    pub missed_at: Option<Timestamp>,
}

/// What stands in front of an item's code where the claims on customers are kept: together they
/// are longer than any customer's code.
const ITEM: &str = "inventory item: ";

const _: () = assert!(ITEM.len() > CustomerCode::MAX_LENGTH, "an item is never a customer");

/// The code under which the claim on a record is kept.
pub fn kept_as(key: &MappingKey) -> String {
    match key.kind {
        MappingKind::Item => format!("{ITEM}{}", key.code),
        MappingKind::Customer
        | MappingKind::Account
        | MappingKind::TaxCode
        | MappingKind::Job
        | MappingKind::FreightTaxCode => key.code.to_string(),
    }
}

/// The record whose claim is kept under `code`.
pub fn kept_key(code: &str) -> Option<MappingKey> {
    match code.strip_prefix(ITEM) {
        Some(item) => MappingKey::of(MappingKind::Item, item),
        None => MappingKey::of(MappingKind::Customer, code),
    }
}

/// Keeps the claims on customers and items that are being created. A record is known by company
/// file, kind and the platform's code.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait CreationClaims: Send + Sync {
    /// Claims the creation of a record. Of any number of concurrent calls one is granted.
    async fn claim_creation(
        &self,
        company_file: &CompanyFile,
        key: &MappingKey,
        claim: ClaimId,
        quiet: Duration,
    ) -> Result<CreationClaim, StoreError>;

    /// Takes this claim off, and no other that was made since: the record certainly was not
    /// created, or is created and its UID on record.
    async fn release_creation(
        &self,
        company_file: &CompanyFile,
        key: &MappingKey,
        claim: ClaimId,
    ) -> Result<(), StoreError>;

    /// Takes off whatever claim there is, since a search found the record; whether there was one.
    async fn creation_found(
        &self,
        company_file: &CompanyFile,
        key: &MappingKey,
    ) -> Result<bool, StoreError>;

    /// Counts a complete search that lasted for `took` until now and did not find a record whose
    /// claim is open. It counts if it began after the quiet period. Two of them prove that the
    /// record is absent, if the second began at least `recheck` after the first was over. Without
    /// an open claim nothing is counted, and nothing proven.
    async fn creation_missed(
        &self,
        company_file: &CompanyFile,
        key: &MappingKey,
        took: Duration,
        recheck: Duration,
    ) -> Result<CreationAbsence, StoreError>;

    /// Every claim on record, oldest first.
    async fn open_creations(&self) -> Result<Vec<OpenCreation>, StoreError>;
}
