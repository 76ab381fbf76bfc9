//! What an invoice sync *is*: invoices, money, states and the moves between them.
//!
//! Everything here is a plain value and a pure function. There is no I/O, no clock, no randomness
//! and no `async`, so a test never needs a runtime or a fake.
//!
//! **Invariant:** a value of a type in this crate is valid. Raw input enters through a `parse`
//! function or a checked constructor and nowhere else; a stored row is raw input too.
//!
//! **Invariant:** every change of an invoice's state, in every store, is a move of
//! [`Life::apply`], an outcome given to [`Life::settle`], or [`Life::taken_over`].
//!
//! Reading order: [`Invoice`] (what is sent), [`Life`] (where it stands), [`ClaimToken`] (who may
//! send it), [`Outcome`] (what became of it), [`judge`] (what a search of the ledger proves),
//! [`RunResult`] (what a run did).

mod block;
mod claim;
mod computed;
mod decimal;
mod doubt;
mod identifier;
mod invoice;
mod invoice_number;
mod life;
mod login_name;
mod mapping;
mod money;
mod note;
mod outcome;
mod role;
mod run;
mod search;
mod stored_name;
mod taken_over;

pub use block::{BlockCode, BlockReason};
pub use claim::{
    Attempt, ClaimId, ClaimToken, Epoch, InstallationId, Marker, NotAfter, PreparedRequest,
};
pub use computed::Computed;
pub use decimal::DecimalError;
pub use doubt::{DoubtPolicy, Misses, QuietParts, QuietTooShort};
pub use identifier::{
    CompanyFile, CustomerCode, ExternalId, IdentifierError, ItemCode, LedgerUid, MappingCode,
    TaxCode,
};
pub use invoice::{Customer, Invoice, InvoiceError, InvoiceParts, Line, Side, UnknownSide, total};
pub use invoice_number::{InvoiceNumber, InvoiceNumberError};
pub use life::{
    Guard, InvoiceId, InvoiceState, Life, Move, MoveError, Settled, StateName, Version,
};
pub use login_name::LoginName;
pub use mapping::{
    LedgerRecord, Mapped, MappingCodeError, MappingKey, MappingKind, MappingRow, MappingState,
    Match, Suggested, Suggestion, suggest,
};
pub use money::{Money, Percent, Quantity, UnitPrice, line_amount};
pub use note::{NoteKind, claim_note, outcome_note};
pub use outcome::{NotSentCause, Outcome, OutcomeName};
pub use role::{Role, UnknownRole};
pub use run::{RunCounts, RunEnd, RunId, RunResult, RunStatus, StopCause, Trigger};
pub use search::{Evidence, Finding, LedgerDocument, Owner, SearchKey, judge};
pub use taken_over::TakenOver;
