//! Switches: both sides of what is not known about MYOB, and what a person may set there.
//!
//! Every switch stands for a fact; its default is what the sandbox does when nobody asks. They
//! are part of the state: set by an event, put back by a reset.

mod setting;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use setting::Setting;
pub(crate) use setting::{
    BodyAsked, Consent, Duplicates, Encoding, ErrorShape, Escape, Files, Keys, LifeType, Limit,
    MissingFile, NumberCase, OnRedirect, Padding, Places, RateStatus, Refusal, Rotation, Rounding,
    Scopes, Shown, TaxType, TextOver, UnknownField,
};

/// One switch, for documents and for whoever wants to try them all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switch {
    /// Its name.
    pub name: &'static str,
    /// The values it takes, with `|` between them; `n` is a whole number.
    pub values: String,
    /// What it is unless set.
    pub default: String,
    /// The fact that it stands for.
    pub fact: String,
}

/// What is wrong with a switch that was to be set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SwitchError {
    /// No switch has this name.
    #[error("there is no switch `{0}`; GET /sandbox/switches lists them")]
    Unknown(String),
    /// The switch has no such value.
    #[error("the switch `{name}` cannot be `{value}`: it takes {values}")]
    Value {
        /// Which switch.
        name: &'static str,
        /// What was given.
        value: String,
        /// What it takes.
        values: String,
    },
    /// Not of the form `NAME=VALUE`.
    #[error("`{0}` is not NAME=VALUE")]
    Form(String),
}

macro_rules! switches {
    ($($(#[doc = $fact:literal])+ $name:ident: $kind:ty = $default:expr;)+) => {
        /// What is set.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) struct Switches {
            $($(#[doc = $fact])+ pub(crate) $name: $kind,)+
        }

        impl Default for Switches {
            fn default() -> Self {
                Self { $($name: $default,)+ }
            }
        }

        impl Switches {
            fn set(&mut self, name: &str, value: &str) -> Result<(), SwitchError> {
                match name {
                    $(stringify!($name) => {
                        self.$name = read(stringify!($name), value)?;
                    })+
                    _ => return Err(SwitchError::Unknown(name.to_owned())),
                }
                Ok(())
            }

            /// All of them as a JSON object.
            pub(crate) fn shown(&self) -> Map<String, Json> {
                let mut shown = Map::new();
                $(shown.insert(stringify!($name).to_owned(), self.$name.shown());)+
                shown
            }
        }

        /// Every switch, in the order of their subjects.
        pub fn switches() -> Vec<Switch> {
            vec![$(Switch {
                name: stringify!($name),
                values: <$kind>::values(),
                default: text(&Switches::default().$name.shown()),
                fact: concat!($($fact),+).trim().to_owned(),
            },)+]
        }
    };
}

switches! {
    /// Whether a sale may have a number that another has: not documented. `warn` refuses only
    /// with `warningsAsErrors=true`.
    duplicate_number: Duplicates = Duplicates::Accept;
    /// Older versions fill numbers that are all digits with zeros to eight, newer ones do not.
    number_padding: Padding = Padding::Keep;
    /// Whether `Number eq` in a `$filter` tells capital letters from small ones: not documented.
    number_case: NumberCase = NumberCase::Exact;
    /// How many milliseconds what was created stays out of lists and gets: whether reads are up
    /// to date is not documented.
    visibility_ms: u64 = 0;
    /// Whether lists show `JournalMemo`.
    list_memo: Shown = Shown::Shown;
    /// Whether a write answers with the record: if `returnBody=true` asks for it, as documented,
    /// always, or never.
    post_body: BodyAsked = BodyAsked::Asked;
    /// A `$filter` on a field that does not exist is refused, or returns everything, as clients
    /// report.
    unknown_field: UnknownField = UnknownField::Refuse;
    /// How a quote in a string of a `$filter` is written: doubled, as OData has it, or behind a
    /// backslash, as a client sends it.
    quote_escape: Escape = Escape::Both;
    /// Characters that `JournalMemo` has room for: not documented.
    memo_limit: u64 = 255;
    /// Characters that `Comment` has room for: not documented.
    comment_limit: u64 = 255;
    /// Characters that a line's `Description` has room for: not documented.
    description_limit: u64 = 10_000;
    /// What becomes of a memo, comment or description that is too long.
    text_over: TextOver = TextOver::Refuse;
    /// Digits behind the point that `UnitPrice` keeps: not documented.
    price_decimals: Places = Places(6);
    /// How tax is rounded to the cent: each line by itself, or with what was cut off carried
    /// over to the next line, as an old analysis has it.
    rounding: Rounding = Rounding::HalfAway;
    /// Whether a sale of nothing can be written: not documented.
    zero_total: Refusal = Refusal::Accept;
    /// Whether a sale of less than nothing can be written: sources differ.
    negative_total: Refusal = Refusal::Accept;
    /// The day before which nothing can be written, changed or deleted: 400 `DateInLockPeriod`.
    lock_period_before: Option<jiff::civil::Date> = None;
    /// Whether a line may have a tax code of the kinds `ImportDuty`, `InputTaxed` and
    /// `Consolidated`: 400, code 32002.
    invalid_tax_type: TaxType = TaxType::Ignore;
    /// Whether `expires_in` is a JSON number or a string: not documented.
    expires_in: LifeType = LifeType::Number;
    /// What becomes of a refresh token that was used: dead at once, dead after `grace_ms`, or
    /// given again and again. Not documented.
    refresh_rotation: Rotation = Rotation::Strict;
    /// See `refresh_rotation`.
    grace_ms: u64 = 30_000;
    /// Seconds that an access token counts.
    access_life_s: u64 = 1200;
    /// Seconds that a refresh token counts: not documented.
    refresh_life_s: Limit = Limit(None);
    /// Whether a token opens only what its scopes name: otherwise 403.
    scopes: Scopes = Scopes::Ignore;
    /// Old keys list company files and need `x-myobapi-cftoken` in them; new keys list none and
    /// need none; `both` lists and asks for none.
    keys: Keys = Keys::Both;
    /// Whether the redirect after consent names the business: always, only with
    /// `prompt=consent`, or never, as with old keys.
    business_id_on_redirect: OnRedirect = OnRedirect::Always;
    /// What the person who is asked for consent does.
    consent: Consent = Consent::Given;
    /// Whether every company file exists from its first mention, or only those that
    /// `/sandbox/files` named and those that consented.
    files: Files = Files::Any;
    /// The answer for a company file that does not exist, with `files` = `listed`.
    missing_file: MissingFile = MissingFile::NotFound;
    /// Whether `AccessDenied` comes inside `Errors` or by itself: both are reported.
    access_error_shape: ErrorShape = ErrorShape::Unwrapped;
    /// The status of a request above the limit: 403 is documented, 429 is not.
    rate_limit_status: RateStatus = RateStatus::Forbidden;
    /// Requests of a day (UTC) that one key has: documented as 1,000,000, which is 0 here.
    daily_limit: u64 = 0;
    /// Seconds that `Retry-After` names where a request is refused for its rate or for trouble:
    /// not documented.
    retry_after: Limit = Limit(None);
    /// The packing of answers to clients that accept it.
    encoding: Encoding = Encoding::Gzip;
}

/// Switches to set, all of them known and with values that they take.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>", into = "BTreeMap<String, String>")]
pub struct Changes(BTreeMap<String, String>);

impl Changes {
    /// Adds one that is written as `NAME=VALUE`.
    pub fn add(&mut self, pair: &str) -> Result<(), SwitchError> {
        let (name, value) = pair.split_once('=').ok_or_else(|| SwitchError::Form(pair.into()))?;
        self.put(name.trim(), value.trim())
    }

    /// Whether there is nothing to set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads a JSON object: texts and numbers.
    pub(crate) fn of_json(given: &Map<String, Json>) -> Result<Self, SwitchError> {
        let mut changes = Self::default();
        for (name, value) in given {
            changes.put(name, &text(value))?;
        }
        Ok(changes)
    }

    fn put(&mut self, name: &str, value: &str) -> Result<(), SwitchError> {
        Switches::default().set(name, value)?;
        self.0.insert(name.to_owned(), value.to_owned());
        Ok(())
    }
}

impl TryFrom<BTreeMap<String, String>> for Changes {
    type Error = SwitchError;

    fn try_from(pairs: BTreeMap<String, String>) -> Result<Self, SwitchError> {
        let mut changes = Self::default();
        for (name, value) in pairs {
            changes.put(&name, &value)?;
        }
        Ok(changes)
    }
}

impl From<Changes> for BTreeMap<String, String> {
    fn from(changes: Changes) -> Self {
        changes.0
    }
}

impl Switches {
    /// Sets what `changes` name; the others stay.
    pub(crate) fn apply(&mut self, changes: &Changes) {
        for (name, value) in &changes.0 {
            self.set(name, value).expect("changes were checked when they were made");
        }
    }
}

fn read<T: Setting>(name: &'static str, value: &str) -> Result<T, SwitchError> {
    let refused = || SwitchError::Value { name, value: value.to_owned(), values: T::values() };
    T::parse(value).ok_or_else(refused)
}

fn text(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests;
