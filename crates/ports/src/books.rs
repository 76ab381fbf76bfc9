//! What the ledger has, document after document, whoever put it there.

use async_trait::async_trait;
use jiff::civil::Date;
use postonce_domain::{CompanyFile, LedgerUid, Money};

use crate::ledger::LedgerError;

/// Dates from one day on, before another; open where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DateSpan {
    /// The first day in it.
    pub from: Option<Date>,
    /// The first day behind it.
    pub before: Option<Date>,
}

impl DateSpan {
    /// Whether the day is in it.
    pub fn has(&self, date: Date) -> bool {
        self.from.is_none_or(|from| date >= from) && self.before.is_none_or(|before| date < before)
    }
}

/// A document as lists of documents show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedDocument {
    /// Its id in the ledger.
    pub uid: LedgerUid,
    /// Its number, as the ledger spells it.
    pub number: String,
    /// Its reference; empty if it has none.
    pub reference: String,
    /// Its customer: the code, or the name of one that has none.
    pub customer: String,
    /// Its date.
    pub date: Date,
    /// What the customer owes for it, tax included; `None` if unreadable.
    pub amount: Option<Money>,
    /// Its total in its own tax mode, as `Invoice::total` counts; `None` if unreadable.
    pub total: Option<Money>,
    /// Whether it is in a currency that is not the company's.
    pub foreign: bool,
    /// What the ledger calls its kind.
    pub layout: String,
}

/// A document as the ledger's books have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookedDocument {
    /// What lists show of it.
    pub listed: ListedDocument,
    /// What tells its customer from all others; empty if it has none.
    pub customer_key: String,
    /// Its memo, which may hold a marker; empty if lists leave it out.
    pub memo: String,
}

/// A part of a list of documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentPage {
    /// Documents by rising date.
    pub documents: Vec<BookedDocument>,
    /// How many the whole list has.
    pub count: u64,
    /// Whether the list goes on behind them.
    pub more: bool,
}

/// Reads all documents of a company file, a page at a time.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait LedgerBooks: Send + Sync {
    /// The documents dated in `span` by rising date, without the first `skip`: as many as the
    /// ledger shows at once, or fewer. Each call sees the books as they are then.
    async fn documents(
        &self,
        company_file: &CompanyFile,
        span: DateSpan,
        skip: u64,
    ) -> Result<DocumentPage, LedgerError>;
}
