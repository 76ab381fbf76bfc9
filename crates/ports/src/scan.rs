//! Scans: what was read of a ledger's books, kept so that it can be compared.

use std::fmt;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use postonce_domain::{
    ClaimId, CompanyFile, InvoiceId, InvoiceNumber, LedgerUid, Money, StateName,
};

use crate::books::{DateSpan, ListedDocument};
use crate::error::StoreError;

/// A scan in one database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScanId(pub i64);

impl fmt::Display for ScanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where a scan goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// At the documents of this day; at the first ones if `None`.
    pub from: Option<Date>,
    /// How far this one day is read, if it has more documents than a page.
    pub of_day: Option<DayRead>,
}

/// How far a day is read that has more documents than a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DayRead {
    /// Documents that were read, of all readings together: the day is read more than once.
    pub read: u64,
    /// How many there are; `None` before the first page.
    pub count: Option<u64>,
    /// How often it has changed while it was read.
    pub tries: u32,
}

/// A scan of a company file's books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    /// Its id.
    pub id: ScanId,
    /// The company file.
    pub company_file: CompanyFile,
    /// Which documents are read, by date.
    pub span: DateSpan,
    /// Where it goes on; `None` if all is read.
    pub position: Option<Position>,
    /// How many pages were put on record.
    pub step: i64,
    /// When it began, by the store's clock.
    pub began_at: Timestamp,
    /// When all was read.
    pub finished_at: Option<Timestamp>,
    /// Documents on record.
    pub documents: u64,
    /// Days that changed each time they were read: some of their documents may be missing.
    pub unsure: Vec<Date>,
}

/// The wish to scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanWish {
    /// The company file.
    pub company_file: CompanyFile,
    /// Which documents, by date.
    pub span: DateSpan,
    /// From the beginning, whatever was read before.
    pub fresh: bool,
}

/// A document as a scan keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScannedDocument {
    /// What lists show of it.
    pub listed: ListedDocument,
    /// What numbers of one document have in common however they are spelled; empty if it has none.
    pub number_key: String,
    /// Its reference as it is compared; empty if it has none.
    pub reference_key: String,
    /// What tells its customer from others; empty if it has none.
    pub customer_key: String,
    /// The claim that its marker names, if it is a marker of this installation.
    pub claim: Option<ClaimId>,
}

/// What was read at once, and where the scan goes on behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanPage {
    /// The scan.
    pub scan: ScanId,
    /// Its step when the page was read.
    pub step: i64,
    /// A day whose documents are taken off the record first.
    pub forget: Option<Date>,
    /// What was read.
    pub documents: Vec<ScannedDocument>,
    /// A day that changed each time it was read.
    pub unsure: Option<Date>,
    /// Where the scan goes on; `None` if all is read.
    pub next: Option<Position>,
}

/// What became of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Added {
    /// It is on record; the scan as it stands now.
    Stored(Scan),
    /// Another one has gone on with the scan, or has put it away; nothing is written.
    Overtaken,
}

/// By what documents are taken for the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Alike {
    /// The same number, however spelled.
    Number,
    /// The same reference.
    Reference,
    /// The same customer, date and amount.
    Sale,
}

impl Alike {
    /// Every way.
    pub const ALL: [Self; 3] = [Self::Number, Self::Reference, Self::Sale];

    /// As people and programs read it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Reference => "reference",
            Self::Sale => "sale",
        }
    }
}

/// What all documents of a group have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// The number's key.
    Number(String),
    /// The reference's key.
    Reference(String),
    /// Customer, date and amount.
    Sale {
        /// The customer's key.
        customer: String,
        /// The date.
        date: Date,
        /// The amount.
        amount: Money,
    },
}

impl Likeness {
    /// By what.
    pub const fn alike(&self) -> Alike {
        match self {
            Self::Number(_) => Alike::Number,
            Self::Reference(_) => Alike::Reference,
            Self::Sale { .. } => Alike::Sale,
        }
    }
}

/// Documents of which all but one are too many, perhaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Double {
    /// What makes them a group.
    pub likeness: Likeness,
    /// How many they are.
    pub documents: u64,
    /// Each way in which all of them are alike.
    pub alike: Vec<Alike>,
}

/// Which groups are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoublesPage {
    /// The scan.
    pub scan: ScanId,
    /// By what they are alike.
    pub by: Alike,
    /// Those behind this one.
    pub after: Option<Likeness>,
    /// So many at most.
    pub limit: u32,
}

/// An invoice of ours as a comparison shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OurInvoice {
    /// Its id.
    pub id: InvoiceId,
    /// Its number.
    pub number: InvoiceNumber,
    /// Its date.
    pub date: Date,
    /// What it comes to.
    pub total: Money,
    /// Where it stands.
    pub state: StateName,
    /// The document that is on record for it.
    pub uid: Option<LedgerUid>,
}

/// An invoice and a document that belong together, or one of them alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sides {
    /// Our side.
    pub here: Option<OurInvoice>,
    /// The ledger's side.
    pub there: Option<ListedDocument>,
}

/// So many, and what they come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many.
    pub count: u64,
    /// The sum of those totals that can be read.
    pub total: Money,
    /// How many totals cannot be read.
    pub unreadable: u64,
}

/// One month on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonthTally {
    /// Its first day.
    pub month: Date,
    /// Our posted invoices.
    pub here: Tally,
    /// The documents that were read.
    pub there: Tally,
}

/// How the two sides differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DifferenceKind {
    /// A document that no posted invoice of ours has, and that is told with none in doubt.
    OnlyThere,
    /// A posted invoice whose document was not read.
    OnlyHere,
    /// A posted invoice whose document has another total or another date.
    Differs,
    /// An invoice of which nobody is sure; with the document that bears its marker, if there is one,
    /// and with that of the least UID if there are more.
    InDoubt,
}

impl DifferenceKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::OnlyThere, Self::OnlyHere, Self::Differs, Self::InDoubt];
}

/// Which differences are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DifferencesPage {
    /// The scan.
    pub scan: ScanId,
    /// Only those dated in it, on one side or the other.
    pub span: DateSpan,
    /// Of this kind.
    pub kind: DifferenceKind,
    /// Those behind this one.
    pub after: Option<Sides>,
    /// So many at most.
    pub limit: u32,
}

/// Keeps scans: for each company file the last one that was finished, and one that is not.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait ScanStore: Send + Sync {
    /// The unfinished scan of this company file, if it is of the same span and no fresh one is
    /// wanted; else a new one, which takes its place. Of concurrent callers with one wish, all get
    /// the same scan.
    async fn open(&self, wish: ScanWish) -> Result<Scan, StoreError>;

    /// The last scan of a company file that was finished.
    async fn last(&self, company_file: &CompanyFile) -> Result<Option<Scan>, StoreError>;

    /// Puts a page and where the scan goes on behind it on record, both or neither. A document with
    /// a UID that is on record replaces that one. A scan that is finished takes the place of the
    /// one that was finished before it.
    async fn add(&self, page: ScanPage) -> Result<Added, StoreError>;

    /// How many documents of this day are on record.
    async fn on_day(&self, scan: ScanId, day: Date) -> Result<u64, StoreError>;

    /// Groups of two or more documents that are alike, by rising likeness. The same documents are
    /// told as a group once: by number before by reference, and by reference before by sale.
    async fn doubles(&self, page: DoublesPage) -> Result<Vec<Double>, StoreError>;

    /// The documents of a group by rising UID, those with a greater one than `after`, `limit` at
    /// most; each with our invoice that is posted as it, or whose claim its marker names.
    async fn members(
        &self,
        scan: ScanId,
        likeness: &Likeness,
        after: Option<LedgerUid>,
        limit: u32,
    ) -> Result<Vec<Sides>, StoreError>;

    /// Each month with a posted invoice or a document in `dates`, in order. What is dated is counted
    /// by its own side's date.
    async fn months(&self, scan: ScanId, dates: DateSpan) -> Result<Vec<MonthTally>, StoreError>;

    /// Differences of one kind: documents by rising UID, invoices by rising id.
    async fn differences(&self, page: DifferencesPage) -> Result<Vec<Sides>, StoreError>;
}
