//! Invoices on their way: what a run reads, claims and records.

use std::time::Duration;

use async_trait::async_trait;
use jiff::civil::Date;
use postonce_domain::{
    BlockReason, ClaimId, ClaimToken, CompanyFile, Epoch, Guard, InstallationId, Invoice,
    InvoiceId, Life, Move, MoveError, NotAfter, NoteKind, Outcome, PreparedRequest, RunId,
    StateName, Version,
};

use crate::error::{BoxError, StoreError};
use crate::registry::Alarm;

/// A company file with something to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileWork {
    /// Its alias.
    pub company_file: CompanyFile,
    /// Until which date the past is settled; `None` while every invoice is looked up first.
    pub cut_over_through: Option<Date>,
    /// The alarm that stands, if one does.
    pub alarm: Option<Alarm>,
    /// Ready and blocked invoices that are not held.
    pub due: u64,
}

/// Which invoices a [`Page`] shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Ready ones.
    Ready,
    /// Ready ones and blocked ones.
    ReadyOrBlocked,
    /// Ready ones that were never claimed.
    NeverClaimed,
}

/// A window of the invoices to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Of which company file.
    pub company_file: CompanyFile,
    /// Only invoices with a greater id.
    pub after: Option<InvoiceId>,
    /// Which ones.
    pub wanted: Wanted,
    /// The most invoices.
    pub limit: u32,
}

/// An invoice as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredInvoice {
    /// Its id.
    pub id: InvoiceId,
    /// Where it stands.
    pub life: Life,
    /// What it says.
    pub invoice: Invoice,
    /// Whether an earlier claim ended other than `not_sent`, so that an inquiry must come first.
    pub doubtful_past: bool,
}

/// One invoice of a [`Page`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Candidate {
    /// It can be read.
    Readable(Box<StoredInvoice>),
    /// It cannot; it is to be blocked.
    Unreadable {
        /// Its id.
        id: InvoiceId,
        /// Its version.
        version: Version,
        /// Why; `TotalsDiffer` if count or sum of its lines are not what was declared.
        reason: BlockReason,
        /// Whether it is blocked for just that reason already.
        already_blocked: bool,
    },
}

/// Who acts when no person does.
pub const POSTONCE: &str = "postonce";

/// A line for the audit trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// What it is about.
    pub kind: NoteKind,
    /// The claim that it belongs to, if any.
    pub claim: Option<ClaimId>,
    /// Who did it: a person's name, or [`POSTONCE`].
    pub actor: String,
    /// The words.
    pub text: String,
}

/// A move and what must go with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Of which invoice.
    pub invoice: InvoiceId,
    /// What must still be true.
    pub guard: Guard,
    /// The move; `Move::Claim` is refused here, see [`InvoiceStore::claim`].
    pub wanted: Move,
    /// The trail's line.
    pub note: Note,
}

/// What [`InvoiceStore::apply`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Applied {
    /// The invoice moved, and the note is written.
    Moved(Life),
    /// It did not, and nothing is written.
    Refused(MoveError),
    /// The UID of the move is recorded for this other invoice; nothing is written.
    UidTaken(InvoiceId),
    /// There is no such invoice.
    NotFound,
}

/// The wish to send one invoice.
#[derive(Debug)]
pub struct ClaimRequest {
    /// Which one.
    pub invoice: InvoiceId,
    /// The version that was read.
    pub version: Version,
    /// The epoch of the run.
    pub epoch: Epoch,
    /// The run.
    pub run: RunId,
    /// What is to be sent; its marker holds the claim's id.
    pub request: PreparedRequest,
    /// Until when it may be handed over.
    pub not_after: NotAfter,
    /// How long after now, by the database's clock, the claim stays quiet.
    pub quiet: Duration,
}

/// What [`InvoiceStore::claim`] did.
#[derive(Debug)]
#[must_use]
#[expect(clippy::large_enum_variant, reason = "taken apart at once, never stored")]
pub enum ClaimAnswer {
    /// The claim is on record, and this is the right to send it once.
    Claimed(ClaimToken),
    /// There is no claim.
    Refused(ClaimRefusal),
    /// The commit went unanswered: the claim may be on record or not. See
    /// [`InvoiceStore::read_back`].
    Unanswered(BoxError),
}

/// Why there is no claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimRefusal {
    /// The invoice is not as it was read, is held, or is not ready.
    Moved(MoveError),
    /// A newer run has touched the company file.
    Fenced,
    /// Count or sum of its lines are not what was declared.
    TotalsDiffer,
}

/// What [`InvoiceStore::settle`] did. Whatever it did, the outcome is in the trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Recorded {
    /// The invoice moved to this state.
    Moved(StateName),
    /// The same outcome was on record already; nothing is written.
    Already,
    /// It came too late to move the invoice, and is kept as a note.
    Noted,
    /// There is no such claim; nothing is written.
    UnknownClaim,
}

/// Keeps every invoice's state, safe for any number of processes at once.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait InvoiceStore: Send + Sync {
    /// The id of this database: random, made once, the same ever after.
    async fn installation(&self) -> Result<InstallationId, StoreError>;

    /// The company files with ready, blocked, claimed or in-doubt invoices, by alias.
    async fn files_with_work(&self) -> Result<Vec<FileWork>, StoreError>;

    /// The invoices of a window that are not held, by rising id.
    ///
    /// A row that cannot be read is a [`Candidate::Unreadable`] and hides no other row.
    async fn page(&self, page: Page) -> Result<Vec<Candidate>, StoreError>;

    /// Where an invoice stands, even if what it says cannot be read; `None` if there is no such
    /// invoice.
    async fn life(&self, invoice: InvoiceId) -> Result<Option<Life>, StoreError>;

    /// Makes one move and writes its note, both or neither.
    ///
    /// The move is made on what is stored at that moment, not on what the caller has read: of two
    /// concurrent callers with one guard, one moves and the other is refused as stale. A UID that
    /// another invoice of the company file has is not recorded twice. `ResolveAbsent` keeps the
    /// documents of `needs_human`, which later inquiries ignore.
    async fn apply(&self, change: Change) -> Result<Applied, StoreError>;

    /// Claims one invoice: `ready → claimed`, attempt + 1, the claim with its payload, and the
    /// claim note, all or nothing.
    ///
    /// Refused unless version and epoch are the stored ones, the invoice is not held, and count
    /// and sum of its lines are what was declared; a wrong epoch is told before anything else. Of
    /// two concurrent calls for one invoice, one is refused. An error means that there is no claim;
    /// an unknown invoice is one, and so is a claim's id that is on record already.
    async fn claim(&self, wish: ClaimRequest) -> Result<ClaimAnswer, StoreError>;

    /// Whether `claim` is on record, read on a new connection, after any commit still under way.
    async fn read_back(&self, claim: ClaimId) -> Result<bool, StoreError>;

    /// Records what became of `claim`, early or late, with its note, both or neither.
    ///
    /// Recording the same outcome twice is success. A `posted` whose UID another invoice of the
    /// company file has makes `needs_human`. See [`postonce_domain::Life::settle`] for the rest.
    async fn settle(&self, claim: ClaimId, outcome: &Outcome) -> Result<Recorded, StoreError>;

    /// Moves every claimed invoice of the file whose claim is of an older epoch than `epoch` to
    /// `in_doubt`, each with an outcome note. Returns how many.
    async fn sweep(&self, company_file: &CompanyFile, epoch: Epoch) -> Result<u64, StoreError>;

    /// The claims of `run` that have no outcome on record, oldest first.
    async fn open_claims(&self, run: RunId) -> Result<Vec<ClaimId>, StoreError>;
}
