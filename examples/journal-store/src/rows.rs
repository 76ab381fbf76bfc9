//! What is kept: rows as plain values, and the state that the lines of the journal add up to.
//!
//! A row is read by the constructors of the domain each time that it is asked for, so one that they
//! refuse hides no other row.

use std::collections::BTreeMap;
use std::fmt::Display;

use jiff::Timestamp;
use jiff::civil::Date;
use postonce_domain::{Misses, Outcome, OutcomeName};
use postonce_ports::error::StoreError;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::invoice::InvoiceRow;
use crate::text;

/// One row as a transaction leaves it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Put {
    Itself(ItselfRow),
    Invoice(Box<InvoiceRow>),
    Claim(Box<ClaimRow>),
    Note(NoteRow),
    File(FileRow),
    Run(Box<RunRow>),
    Token(TokenRow),
    Customer(CustomerRow),
    /// The claim on this customer is taken off.
    NoCustomer(CustomerKey),
}

/// What the journal knows of itself.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct ItselfRow {
    #[serde(with = "text")]
    pub(crate) installation: Uuid,
    /// Kind, scope and name of the run lock.
    pub(crate) lock: Option<(String, String, String)>,
    pub(crate) whereabouts: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ClaimRow {
    /// Rises from claim to claim.
    pub(crate) place: i64,
    #[serde(with = "text")]
    pub(crate) id: Uuid,
    pub(crate) invoice: i64,
    pub(crate) company_file: String,
    pub(crate) number: String,
    pub(crate) reference: String,
    pub(crate) epoch: i64,
    pub(crate) run: i64,
    #[serde(with = "text")]
    pub(crate) claimed_at: Timestamp,
    #[serde(with = "text")]
    pub(crate) quiet_until: Timestamp,
    pub(crate) outcome: Option<String>,
    /// The document, if the outcome is `posted`.
    pub(crate) posted_uid: Option<String>,
    pub(crate) inquiries: u32,
    #[serde(with = "text")]
    pub(crate) next_check: Timestamp,
    #[serde(with = "text::maybe")]
    pub(crate) first_miss: Option<Timestamp>,
    #[serde(with = "text::maybe")]
    pub(crate) proven_absent: Option<Timestamp>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct NoteRow {
    pub(crate) id: i64,
    pub(crate) invoice: i64,
    #[serde(with = "text")]
    pub(crate) at: Timestamp,
    pub(crate) kind: String,
    #[serde(with = "text::maybe")]
    pub(crate) claim: Option<Uuid>,
    pub(crate) actor: String,
    pub(crate) text: String,
    pub(crate) payload: Option<String>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct FileRow {
    pub(crate) alias: String,
    pub(crate) epoch: i64,
    pub(crate) business_id: Option<String>,
    pub(crate) time_zone: Option<String>,
    #[serde(with = "text::maybe")]
    pub(crate) cut_over_through: Option<Date>,
    #[serde(with = "text::maybe")]
    pub(crate) alarm_quiet_until: Option<Timestamp>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RunRow {
    pub(crate) id: i64,
    pub(crate) trigger: String,
    pub(crate) actor: String,
    pub(crate) host: String,
    pub(crate) pid: u32,
    pub(crate) boot_id: String,
    pub(crate) lock_owner: String,
    pub(crate) connection_id: Option<u64>,
    pub(crate) status: String,
    #[serde(with = "text")]
    pub(crate) started_at: Timestamp,
    #[serde(with = "text::maybe")]
    pub(crate) ended_at: Option<Timestamp>,
    /// In the order of the fields of `RunCounts`.
    pub(crate) counts: [u64; 8],
    pub(crate) done: u64,
    pub(crate) total: u64,
    pub(crate) reason: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TokenRow {
    pub(crate) company_file: String,
    pub(crate) secret: String,
    pub(crate) version: i64,
}

/// Company file and code.
pub(crate) type CustomerKey = (String, String);

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct CustomerRow {
    pub(crate) key: CustomerKey,
    #[serde(with = "text")]
    pub(crate) claim: Uuid,
    #[serde(with = "text")]
    pub(crate) since: Timestamp,
    #[serde(with = "text")]
    pub(crate) quiet_until: Timestamp,
    #[serde(with = "text::maybe")]
    pub(crate) first_miss: Option<Timestamp>,
}

/// All rows.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    pub(crate) itself: ItselfRow,
    pub(crate) invoices: BTreeMap<i64, InvoiceRow>,
    /// By place.
    pub(crate) claims: BTreeMap<i64, ClaimRow>,
    pub(crate) notes: BTreeMap<i64, NoteRow>,
    pub(crate) files: BTreeMap<String, FileRow>,
    pub(crate) runs: BTreeMap<i64, RunRow>,
    pub(crate) tokens: BTreeMap<String, TokenRow>,
    pub(crate) customers: BTreeMap<CustomerKey, CustomerRow>,
    places: BTreeMap<Uuid, i64>,
    claims_of: BTreeMap<i64, Vec<i64>>,
    notes_of: BTreeMap<i64, Vec<i64>>,
}

impl State {
    pub(crate) fn put(&mut self, put: Put) {
        match put {
            Put::Itself(row) => self.itself = row,
            Put::Invoice(row) => drop(self.invoices.insert(row.id, *row)),
            Put::Claim(row) => {
                if self.places.insert(row.id, row.place).is_none() {
                    self.claims_of.entry(row.invoice).or_default().push(row.place);
                }
                drop(self.claims.insert(row.place, *row));
            }
            Put::Note(row) => {
                self.notes_of.entry(row.invoice).or_default().push(row.id);
                drop(self.notes.insert(row.id, row));
            }
            Put::File(row) => drop(self.files.insert(row.alias.clone(), row)),
            Put::Run(row) => drop(self.runs.insert(row.id, *row)),
            Put::Token(row) => drop(self.tokens.insert(row.company_file.clone(), row)),
            Put::Customer(row) => drop(self.customers.insert(row.key.clone(), row)),
            Put::NoCustomer(key) => drop(self.customers.remove(&key)),
        }
    }

    pub(crate) fn claim(&self, id: Uuid) -> Option<&ClaimRow> {
        self.claims.get(self.places.get(&id)?)
    }

    /// The claims of an invoice, oldest first.
    pub(crate) fn claims_of(&self, invoice: i64) -> impl Iterator<Item = &ClaimRow> {
        let places = self.claims_of.get(&invoice).into_iter().flatten();
        places.filter_map(|place| self.claims.get(place))
    }

    /// The trail of an invoice, oldest first.
    pub(crate) fn notes_of(&self, invoice: i64) -> impl Iterator<Item = &NoteRow> {
        let ids = self.notes_of.get(&invoice).into_iter().flatten();
        ids.filter_map(|id| self.notes.get(id))
    }

    /// What is on record of a company file, or what a new one begins with.
    pub(crate) fn file(&self, alias: &str) -> FileRow {
        let new = || FileRow { alias: alias.to_owned(), ..FileRow::default() };
        self.files.get(alias).cloned().unwrap_or_else(new)
    }
}

/// The id after the last one. Rows are never taken away, so no id is given twice.
pub(crate) fn next_id<T>(rows: &BTreeMap<i64, T>) -> i64 {
    rows.last_key_value().map_or(1, |(last, _)| last + 1)
}

impl ClaimRow {
    /// How it ended, as far as is known.
    pub(crate) fn known(&self) -> Result<Option<OutcomeName>, StoreError> {
        let read = |name: &String| {
            OutcomeName::from_name(name).ok_or_else(|| corrupt("claims", self.id, "its outcome"))
        };
        self.outcome.as_ref().map(read).transpose()
    }

    /// Keeps `outcome` as the known one: `in_doubt` replaces nothing, and nothing replaces `posted`.
    pub(crate) fn learn(&mut self, outcome: &Outcome) {
        let is_first = self.outcome.is_none();
        match outcome {
            _ if self.posted_uid.is_some() => return,
            Outcome::InDoubt { .. } if !is_first => return,
            Outcome::Posted { uid } => self.posted_uid = Some(uid.as_str().to_owned()),
            Outcome::Rejected { .. } | Outcome::NotSent { .. } | Outcome::InDoubt { .. } => {}
        }
        self.outcome = Some(outcome.name().as_str().to_owned());
    }

    pub(crate) fn misses(&self) -> Misses {
        Misses { first: self.first_miss, proven: self.proven_absent }
    }

    pub(crate) fn set_misses(&mut self, misses: Misses) {
        (self.first_miss, self.proven_absent) = (misses.first, misses.proven);
    }
}

pub(crate) fn corrupt(table: &'static str, key: impl Display, why: impl Display) -> StoreError {
    StoreError::Corrupt { table, key: key.to_string(), why: why.to_string() }
}
