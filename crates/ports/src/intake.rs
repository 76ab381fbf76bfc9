//! How invoices come in.

use async_trait::async_trait;
use postonce_domain::{Invoice, LedgerUid, Side, StateName, TakenOver};

use crate::error::StoreError;
use crate::store::Note;

/// What an import did, or why it did nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Imported {
    /// All of it is in.
    Done {
        /// Invoices that were not there before.
        created: u64,
        /// Invoices whose content is new.
        replaced: u64,
        /// Invoices that were there as they are.
        unchanged: u64,
    },
    /// Nothing is in, because of these.
    Refused(Vec<ImportRefusal>),
}

/// Why one invoice cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportRefusal {
    /// Its place in the list that was given, from 0.
    pub index: usize,
    /// What is wrong.
    pub problem: ImportProblem,
}

/// What is wrong with an invoice that comes in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportProblem {
    /// It is known, its content differs, and it may be in the ledger already.
    #[error("the invoice is {state} and its content has changed; it cannot be replaced any more")]
    TooLate {
        /// Where it stands.
        state: StateName,
    },
    /// The other side has an invoice with this external id.
    #[error(
        "the {side} side has an invoice with this external id, which is unique in a company file"
    )]
    OtherSide {
        /// The side that it came from.
        side: Side,
    },
    /// It was claimed before, and number, reference and customer are fixed from then on.
    #[error(
        "number and customer are fixed from the first claim on; they were {number} and {customer}"
    )]
    Fixed {
        /// The number.
        number: String,
        /// The customer's code.
        customer: String,
    },
    /// Another invoice of the company file has the number.
    #[error("invoice {other} has this number already")]
    NumberTaken {
        /// Its external id.
        other: String,
    },
    /// It is to be taken over as posted, and is in a state that tells more.
    #[error("the invoice is {state} here, and is not taken over")]
    NotTakenOver {
        /// Where it stands.
        state: StateName,
    },
    /// Another invoice of the company file has the document that it is to be taken over with.
    #[error("document {uid} is recorded for invoice {other}")]
    UidTaken {
        /// The document.
        uid: LedgerUid,
        /// The other invoice's number.
        other: String,
    },
}

/// An invoice that another integration has posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostedInvoice {
    /// What it says.
    pub invoice: Invoice,
    /// What is in the ledger.
    pub past: TakenOver,
    /// The trail's line.
    pub note: Note,
}

/// Takes invoices in.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Intake: Send + Sync {
    /// Takes all of `invoices`, or none and says why.
    ///
    /// An invoice is known by company file and external id. A new one becomes `ready`. A
    /// known one with the same content is left alone, whatever its state. One in `draft`, `ready`,
    /// `blocked` or `rejected` takes new content from the side that it came from: a blocked one
    /// becomes ready, a rejected one waits for reprocess. Once it was claimed, its number and customer are fixed. In any other
    /// state new content is refused. A number that another invoice of the company file has, on
    /// record or in the list, whatever its case, is refused. Every refusal is listed, not only the
    /// first.
    async fn import(&self, invoices: Vec<Invoice>) -> Result<Imported, StoreError>;
}

/// Takes invoices in that another integration has posted.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait PostedIntake: Send + Sync {
    /// Takes all of `invoices`, or none and says why.
    ///
    /// Content is taken as by [`Intake::import`], and in the same transaction each invoice moves to
    /// where [`postonce_domain::Life::taken_over`] says, with its note: nobody ever sees a new one
    /// ready. One that is there already moves nothing and writes nothing. A document that another
    /// invoice of the company file is posted as, on record or in the list, is refused. `replaced`
    /// counts known invoices that moved.
    async fn import_posted(&self, invoices: Vec<PostedInvoice>) -> Result<Imported, StoreError>;
}
