//! What can happen to the books: one line of the log each.
//!
//! **Invariant:** the books are what these events make of an empty state, in order; nothing else
//! changes them. Money keeps its digits only in an externally tagged enum, so it stays one.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clock::Millis;
use crate::faults::Fault;
use crate::fill::Fill;
use crate::invoice::{Invoice, Layout};
use crate::record::{Record, Resource};
use crate::switches::Changes;
use crate::tokens::{Code, Grant};

/// The version of the log's format, which its first line states.
pub(crate) const FORMAT: u32 = 1;

/// One event.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Event {
    /// The first line.
    Format(u32),
    /// A company file is mentioned for the first time.
    FileOpened { file: Box<str>, records: Vec<(Resource, Record)> },
    /// A record is new or changed. `late` is the late request it came from.
    RecordPut { file: Box<str>, resource: Resource, record: Record, late: Option<u64> },
    /// A record is gone.
    RecordDeleted { file: Box<str>, resource: Resource, uid: Uuid },
    /// An invoice is new or changed. `late` is the late request it came from.
    InvoicePut { file: Box<str>, invoice: Box<Invoice>, late: Option<u64> },
    /// An invoice is gone.
    InvoiceDeleted { file: Box<str>, uid: Uuid },
    /// A POST of an invoice arrived, whatever becomes of it.
    Arrived { file: Box<str>, number: Option<Box<str>> },
    /// A request will take effect later.
    Postponed(Late),
    /// A late request turned out to be invalid.
    LateRefused(u64),
    /// An OAuth code was given for a redirect address.
    CodeGiven(Code),
    /// Tokens were given out.
    Granted(Grant),
    /// Faults were asked for.
    FaultsAppended(Vec<Fault>),
    /// A fault with a count applied.
    FaultUsed(u64),
    /// All faults were taken back.
    FaultsCleared,
    /// The sandbox clock was moved forwards by so many milliseconds.
    ClockAdvanced(i64),
    /// Switches were set.
    SwitchesSet(Changes),
    /// A company file was named by `/sandbox/files`, or consented.
    FileListed(Box<str>),
    /// No access token counts any more.
    TokensExpired,
    /// No refresh token counts any more, until somebody consents anew.
    ConsentRevoked,
    /// Whether the API key is active.
    KeysActive(bool),
    /// A company file was given a past.
    Filled(Box<Fill>),
    /// Everything but the tokens was forgotten.
    Reset,
}

/// A request whose effect is still to come.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Late {
    pub(crate) id: u64,
    /// When, by the sandbox clock.
    pub(crate) due: Millis,
    pub(crate) file: Box<str>,
    pub(crate) target: Target,
    /// The request's body.
    pub(crate) body: Box<str>,
    /// Whether the request asked for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) warnings_as_errors: bool,
}

/// What a late request creates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Target {
    /// An invoice.
    Invoice(Layout),
    /// A customer, account, tax code or item.
    Record(Resource),
}
