//! What people and programs read: counts, lists, trails.

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use postonce_domain::{
    Attempt, ClaimId, CompanyFile, ExternalId, InvoiceId, InvoiceNumber, LedgerUid, Money, Side,
    StateName, Version,
};

use crate::error::StoreError;
use crate::store::Note;

/// How many invoices are in each state; every state is there. `held` is a flag, counted besides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateCounts {
    /// By state, in the order of [`StateName::ALL`].
    pub by_state: Vec<(StateName, u64)>,
    /// Invoices with the flag.
    pub held: u64,
}

/// One line of a list of invoices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Its id.
    pub id: InvoiceId,
    /// Its company file.
    pub company_file: CompanyFile,
    /// Where it comes from.
    pub side: Side,
    /// The platform's id.
    pub external_id: ExternalId,
    /// Its number.
    pub number: InvoiceNumber,
    /// Its date.
    pub date: Date,
    /// Where it stands.
    pub state: StateName,
    /// Why, for the states that have a reason.
    pub reason: Option<String>,
    /// The code of the reason, if there is one.
    pub code: Option<String>,
    /// Claims so far.
    pub attempt: Attempt,
    /// What it comes to, as declared.
    pub total: Money,
    /// The document in the ledger, if it is posted.
    pub ledger_uid: Option<LedgerUid>,
    /// The documents that a person must look at.
    pub uids: Vec<LedgerUid>,
    /// Whether a person holds it.
    pub held: bool,
    /// The version to act on.
    pub version: Version,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Which invoices a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only these states; all if empty.
    pub states: Vec<StateName>,
    /// Only this company file.
    pub company_file: Option<CompanyFile>,
    /// Only those whose reason has this code.
    pub code: Option<String>,
    /// Only those dated on or after.
    pub since: Option<Date>,
    /// Only those with a greater id.
    pub after: Option<InvoiceId>,
    /// The most invoices.
    pub limit: u32,
}

/// A note on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteRecord {
    /// Its place in the trail: rises with time.
    pub id: i64,
    /// The invoice.
    pub invoice: InvoiceId,
    /// When it was written.
    pub at: Timestamp,
    /// What it says.
    pub note: Note,
    /// The payload, on a claim's note.
    pub payload: Option<String>,
}

/// Claims and their outcomes, counted from the trail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pairs {
    /// Claim notes.
    pub claims: u64,
    /// Claims with at least one outcome note.
    pub outcomes: u64,
    /// Claims with none.
    pub unpaired: Vec<Unpaired>,
}

/// A claim without an outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unpaired {
    /// The invoice.
    pub invoice: InvoiceId,
    /// The claim.
    pub claim: ClaimId,
    /// Whether the invoice is still claimed under it, so that an outcome is to come.
    pub open: bool,
}

/// Reads without changing anything.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait InvoiceReader: Send + Sync {
    /// Invoices by state.
    async fn counts(&self) -> Result<StateCounts, StoreError>;

    /// The invoices that pass `filter`, by rising id.
    async fn list(&self, filter: Filter) -> Result<Vec<Summary>, StoreError>;

    /// One invoice; `None` if there is none.
    async fn summary(&self, invoice: InvoiceId) -> Result<Option<Summary>, StoreError>;

    /// The id of the invoice with this number, whatever its case; `None` if there is none.
    async fn find(
        &self,
        company_file: &CompanyFile,
        number: &InvoiceNumber,
    ) -> Result<Option<InvoiceId>, StoreError>;

    /// The trail of one invoice, or of all, by rising id: notes with a greater id than `after`,
    /// `limit` at most.
    async fn notes(
        &self,
        invoice: Option<InvoiceId>,
        after: i64,
        limit: u32,
    ) -> Result<Vec<NoteRecord>, StoreError>;

    /// Claims and outcomes.
    async fn pairs(&self) -> Result<Pairs, StoreError>;
}
