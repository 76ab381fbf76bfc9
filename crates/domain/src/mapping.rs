//! What the platform's codes are in the ledger, where the two do not share a code.
//!
//! A row says it for one code of one company file. Without a row a code is looked up in the ledger
//! as it is written.

use std::collections::BTreeMap;
use std::fmt;

use crate::identifier::{CustomerCode, IdentifierError, ItemCode, LedgerUid, MappingCode, TaxCode};
use crate::stored_name::stored_names;

stored_names! {
    /// What a row of the mapping speaks of.
    MappingKind {
        /// A customer, by the platform's code.
        Customer = "customer",
        /// The income account of a line, by the line's item, or `*` for every line.
        Account = "account",
        /// An item, by the platform's code.
        Item = "item",
        /// A tax code of a line.
        TaxCode = "tax_code",
        /// The job of a line: `item:CODE`, `customer:CODE`, or `*` for every line.
        Job = "job",
        /// The tax code of freight: `*`.
        FreightTaxCode = "freight_tax_code",
    }
}

stored_names! {
    /// Whether a row of the mapping counts.
    MappingState {
        /// It counts.
        Confirmed = "confirmed",
        /// A person must look at it first; what needs it is blocked until then.
        Review = "review",
    }
}

/// Why a text is no code of a kind of mapping.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MappingCodeError {
    /// The code itself is wrong.
    #[error(transparent)]
    Identifier(#[from] IdentifierError),
    /// A kind that has other codes.
    #[error("is no code of a {kind}; write {wanted}")]
    NotOfKind {
        /// The kind.
        kind: MappingKind,
        /// What may stand there.
        wanted: &'static str,
    },
}

/// The code of what goes for everything that has no row of its own.
const ALL: &str = "*";

impl MappingKind {
    /// `raw` as a code of this kind.
    pub fn code(self, raw: &str) -> Result<MappingCode, MappingCodeError> {
        let wrong = |wanted| Err(MappingCodeError::NotOfKind { kind: self, wanted });
        match self {
            Self::Customer => CustomerCode::parse(raw).map(drop)?,
            // `*` is a code like any other.
            Self::Item | Self::Account => ItemCode::parse(raw).map(drop)?,
            Self::TaxCode => TaxCode::parse(raw).map(drop)?,
            Self::FreightTaxCode if raw == ALL => {}
            Self::FreightTaxCode => return wrong("`*`"),
            Self::Job => match raw.split_once(':') {
                Some(("item", code)) => ItemCode::parse(code).map(drop)?,
                Some(("customer", code)) => CustomerCode::parse(code).map(drop)?,
                None if raw == ALL => {}
                Some(_) | None => return wrong("`*`, `item:CODE` or `customer:CODE`"),
            },
        }
        Ok(MappingCode::parse(raw)?)
    }

    /// The kind of the ledger's records that a row leads to; freight has a tax code like a line.
    #[must_use]
    pub const fn of_record(self) -> Self {
        match self {
            Self::FreightTaxCode => Self::TaxCode,
            Self::Customer | Self::Account | Self::Item | Self::TaxCode | Self::Job => self,
        }
    }
}

/// What a row is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MappingKey {
    /// The kind.
    pub kind: MappingKind,
    /// The platform's code.
    pub code: MappingCode,
}

impl MappingKey {
    /// The row of a code, if such a one is possible.
    pub fn of(kind: MappingKind, code: &str) -> Option<Self> {
        kind.code(code).ok().map(|code| Self { kind, code })
    }

    /// The row of all that has none of its own.
    pub fn all(kind: MappingKind) -> Option<Self> {
        Self::of(kind, ALL)
    }
}

impl fmt::Display for MappingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`", self.kind, self.code)
    }
}

/// One row of a company file's mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappingRow {
    /// What it is for.
    pub key: MappingKey,
    /// What that is in the ledger; `None` if a person has yet to say so, or has taken it out.
    pub uid: Option<LedgerUid>,
    /// The ledger's code, for people.
    pub their_code: String,
    /// The ledger's name, for people.
    pub their_name: String,
    /// Whether it counts.
    pub state: MappingState,
    /// Why it is to be reviewed, or empty.
    pub reason: String,
    /// How often it was changed. A row that was taken out keeps its version.
    pub version: i64,
}

/// What a row says of its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mapped<'a> {
    /// It is this record.
    To(&'a LedgerUid),
    /// Nobody knows until a person has looked at it.
    Review,
    /// Nothing: it was taken out.
    Nothing,
}

impl MappingRow {
    /// What it says.
    pub fn mapped(&self) -> Mapped<'_> {
        match (self.state, &self.uid) {
            (MappingState::Review, _) => Mapped::Review,
            (MappingState::Confirmed, Some(uid)) => Mapped::To(uid),
            (MappingState::Confirmed, None) => Mapped::Nothing,
        }
    }
}

/// A customer, account, item, tax code or job of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerRecord {
    /// Its id.
    pub uid: LedgerUid,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Whether it is in use.
    pub active: bool,
    /// The currency that it is kept in, if that is not the company's own.
    pub currency: Option<String>,
}

/// By what a record was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// The same code.
    Code,
    /// The same code but for upper and lower case.
    CodeWithoutCase,
    /// The same name but for case, blanks and punctuation.
    Name,
}

impl Match {
    /// As shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::CodeWithoutCase => "code_without_case",
            Self::Name => "name",
        }
    }
}

/// What the ledger has for a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Suggestion {
    /// One record.
    One(LedgerRecord, Match),
    /// Several, and no telling which is meant.
    Many(Vec<LedgerRecord>, Match),
    /// None.
    Nothing,
}

/// What is suggested for a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggested<'a> {
    /// The code.
    pub code: &'a str,
    /// What the ledger has for it.
    pub suggestion: Suggestion,
}

/// What each of `wanted`, a code and a name, may be among the records that are `there`: the one
/// with its code, or with its code but for case, or with its name. The first of the three that
/// finds anything decides, and more than one record is never chosen from. Records out of use are
/// left out.
pub fn suggest<'a>(
    wanted: impl IntoIterator<Item = (&'a str, &'a str)>,
    there: &[LedgerRecord],
) -> Vec<Suggested<'a>> {
    let mut known = Known::default();
    for record in there.iter().filter(|record| record.active) {
        known.codes.entry(record.code.clone()).or_default().push(record);
        known.caseless.entry(record.code.to_lowercase()).or_default().push(record);
        known.names.entry(normal(&record.name)).or_default().push(record);
    }
    let suggestion = |(code, name)| Suggested { code, suggestion: known.suggestion(code, name) };
    wanted.into_iter().map(suggestion).collect()
}

/// Records by what they are found by.
#[derive(Default)]
struct Known<'a> {
    codes: BTreeMap<String, Vec<&'a LedgerRecord>>,
    caseless: BTreeMap<String, Vec<&'a LedgerRecord>>,
    names: BTreeMap<String, Vec<&'a LedgerRecord>>,
}

impl Known<'_> {
    fn suggestion(&self, code: &str, name: &str) -> Suggestion {
        let name = normal(name);
        let by = [
            (self.codes.get(code), Match::Code),
            (self.caseless.get(&code.to_lowercase()), Match::CodeWithoutCase),
            (self.names.get(&name).filter(|_| !name.is_empty()), Match::Name),
        ];
        let found = by.into_iter().find_map(|(found, by)| Some((found?, by)));
        match found {
            None => Suggestion::Nothing,
            Some((records, by)) => match records.as_slice() {
                [one] => Suggestion::One((*one).clone(), by),
                several => Suggestion::Many(several.iter().map(|it| (*it).clone()).collect(), by),
            },
        }
    }
}

/// A name's letters and digits, in lower case.
fn normal(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests;
