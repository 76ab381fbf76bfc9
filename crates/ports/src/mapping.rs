//! What the platform's codes are in the ledger: the rows on record, and what the ledger has.

use std::collections::BTreeSet;

use async_trait::async_trait;
use postonce_domain::{
    CompanyFile, LedgerRecord, LedgerUid, MappingKey, MappingKind, MappingRow, MappingState,
};

use crate::error::StoreError;
use crate::ledger::LedgerError;

/// The wish to write one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappingChange {
    /// Of which company file.
    pub company_file: CompanyFile,
    /// What the row is for.
    pub key: MappingKey,
    /// What that is in the ledger. `None` and confirmed takes the row out: it says nothing any
    /// more, and its version goes on.
    pub uid: Option<LedgerUid>,
    /// The ledger's code.
    pub their_code: String,
    /// The ledger's name.
    pub their_name: String,
    /// Whether the row counts.
    pub state: MappingState,
    /// Why it is to be reviewed, or empty.
    pub reason: String,
    /// The version that the change was made from; 0 for none.
    pub seen: i64,
}

impl MappingChange {
    /// Whether `row` says what this change wants.
    pub fn is_already(&self, row: &MappingRow) -> bool {
        (&self.uid, &self.their_code, &self.their_name, self.state, &self.reason)
            == (&row.uid, &row.their_code, &row.their_name, row.state, &row.reason)
    }
}

/// A row that has moved on since a change was made from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaleRow {
    /// The change's place in the list that was given, from 0.
    pub index: usize,
    /// The version that it was made from.
    pub seen: i64,
    /// The version on record; 0 for none.
    pub found: i64,
}

/// What became of changes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum MappingWritten {
    /// All of them are on record.
    Done {
        /// Rows that say something else now.
        changed: u64,
        /// Rows that said it already; they are as they were.
        unchanged: u64,
    },
    /// Nothing is written, because these rows have moved on.
    Stale(Vec<StaleRow>),
}

/// The changes that are made from another version than that on record, which `found` tells. One
/// rule for every store. The second change of a key comes too late.
pub fn stale(changes: &[MappingChange], found: impl Fn(&MappingChange) -> i64) -> Vec<StaleRow> {
    let mut keys = BTreeSet::new();
    let stale = changes.iter().enumerate().filter_map(|(index, change)| {
        let is_first = keys.insert((&change.company_file, &change.key));
        let found = found(change).saturating_add(i64::from(!is_first));
        (found != change.seen).then_some(StaleRow { index, seen: change.seen, found })
    });
    stale.collect()
}

/// A code of invoices that may still be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedCode {
    /// A customer, an item, a tax code; or the account `*` of lines without an item.
    pub key: MappingKey,
    /// The name that the platform gives it, if it gives one; of several, the last in order.
    pub name: String,
    /// How many of these invoices have it.
    pub invoices: u64,
}

/// Keeps the mapping of each company file.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait MappingStore: Send + Sync {
    /// The rows of a company file, by kind and code; those that were taken out are among them.
    async fn rows(&self, company_file: &CompanyFile) -> Result<Vec<MappingRow>, StoreError>;

    /// Those of these rows that are there, by kind and code.
    async fn find(
        &self,
        company_file: &CompanyFile,
        keys: &[MappingKey],
    ) -> Result<Vec<MappingRow>, StoreError>;

    /// Writes all of `changes` in the name of `actor`, or none and says which rows have moved on.
    ///
    /// A change counts if the row on record has the version that the change was made from; then its
    /// version is one more. A row that says it already stays as it is. Rows of which nothing is
    /// said stay. Of concurrent changes of one row from one version, one is made.
    async fn put(
        &self,
        changes: Vec<MappingChange>,
        actor: &str,
    ) -> Result<MappingWritten, StoreError>;

    /// Puts the confirmed rows of a company file that lead to `uid` up for review, and says how
    /// many there are.
    async fn review(
        &self,
        company_file: &CompanyFile,
        uid: &LedgerUid,
        why: &str,
    ) -> Result<u64, StoreError>;

    /// The codes of a company file's draft, ready, blocked and rejected invoices, by kind and code,
    /// each once. What is no code of ours is left out.
    async fn wanted(&self, company_file: &CompanyFile) -> Result<Vec<WantedCode>, StoreError>;
}

/// Some of a company file's records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordPage {
    /// The records.
    pub records: Vec<LedgerRecord>,
    /// Where the next ones are; `None` at the end.
    pub next: Option<String>,
}

/// What the ledger has that a mapping may lead to.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait LedgerDirectory: Send + Sync {
    /// A page of a company file's records of a kind: the first, or the one that an earlier page
    /// names as the next.
    async fn records(
        &self,
        company_file: &CompanyFile,
        kind: MappingKind,
        after: Option<String>,
    ) -> Result<RecordPage, LedgerError>;

    /// The records of a kind with this code, written exactly so.
    async fn with_code(
        &self,
        company_file: &CompanyFile,
        kind: MappingKind,
        code: &str,
    ) -> Result<Vec<LedgerRecord>, LedgerError>;

    /// The record of a kind with this UID; `None` if the ledger says that there is no such one.
    async fn with_uid(
        &self,
        company_file: &CompanyFile,
        kind: MappingKind,
        uid: &LedgerUid,
    ) -> Result<Option<LedgerRecord>, LedgerError>;
}
