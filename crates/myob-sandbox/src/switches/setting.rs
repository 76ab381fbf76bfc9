//! The values that switches take.

use jiff::civil::Date;
use serde_json::{Value as Json, json};

/// A switch's value.
pub(crate) trait Setting: Sized + Copy {
    /// What can be set, for people.
    fn values() -> String;
    /// Reads one.
    fn parse(text: &str) -> Option<Self>;
    /// As it is shown; what is shown can be read.
    fn shown(self) -> Json;
}

macro_rules! choices {
    ($($name:ident { $($variant:ident = $text:literal),+ })+) => {$(
        /// See the switch of this kind.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum $name { $($variant),+ }

        impl Setting for $name {
            fn values() -> String {
                [$($text),+].join("|")
            }

            fn parse(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$variant),)+
                    _ => None,
                }
            }

            fn shown(self) -> Json {
                match self {
                    $(Self::$variant => json!($text),)+
                }
            }
        }
    )+};
}

choices! {
    Duplicates { Accept = "accept", Reject = "reject", Warn = "warn" }
    Padding { Keep = "keep", Pad8 = "pad8", Strip = "strip" }
    NumberCase { Exact = "exact", Fold = "fold" }
    Shown { Shown = "shown", Absent = "absent" }
    BodyAsked { Asked = "asked", Always = "always", Never = "never" }
    UnknownField { Refuse = "refuse", Everything = "everything" }
    Escape { Both = "both", Doubled = "doubled", Backslash = "backslash" }
    TextOver { Refuse = "refuse", Cut = "cut" }
    Rounding { HalfAway = "half_away", HalfEven = "half_even", Carry = "carry" }
    Refusal { Accept = "accept", Reject = "reject" }
    TaxType { Ignore = "ignore", Refuse = "refuse" }
    LifeType { Number = "number", Text = "text" }
    Rotation { Strict = "strict", Grace = "grace", None = "none" }
    Scopes { Ignore = "ignore", Enforce = "enforce" }
    Keys { Both = "both", Old = "old", New = "new" }
    OnRedirect { Always = "always", WithPrompt = "with_prompt", Never = "never" }
    Consent { Given = "given", Denied = "denied" }
    Files { Any = "any", Listed = "listed" }
    MissingFile { NotFound = "404", Forbidden = "403", Unauthorised = "401" }
    ErrorShape { Unwrapped = "unwrapped", Wrapped = "wrapped" }
    RateStatus { Forbidden = "403", TooMany = "429" }
    Encoding { Gzip = "gzip", Deflate = "deflate", None = "none" }
}

/// Digits behind the point: none to six.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Places(pub(crate) u32);

/// A number, or no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit(pub(crate) Option<u64>);

/// A number that stays exact wherever it is reckoned with in milliseconds.
const NUMBER_MAX: u64 = 1_000_000_000_000;

impl Setting for u64 {
    fn values() -> String {
        "n".to_owned()
    }

    fn parse(text: &str) -> Option<Self> {
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        text.parse().ok().filter(|number| *number <= NUMBER_MAX)
    }

    fn shown(self) -> Json {
        json!(self)
    }
}

impl Setting for Places {
    fn values() -> String {
        "0|1|2|3|4|5|6".to_owned()
    }

    fn parse(text: &str) -> Option<Self> {
        let number = u64::parse(text).filter(|number| *number <= 6)?;
        u32::try_from(number).ok().map(Self)
    }

    fn shown(self) -> Json {
        json!(self.0)
    }
}

impl Setting for Limit {
    fn values() -> String {
        "none|n".to_owned()
    }

    fn parse(text: &str) -> Option<Self> {
        if text == "none" { Some(Self(None)) } else { u64::parse(text).map(|it| Self(Some(it))) }
    }

    fn shown(self) -> Json {
        self.0.map_or_else(|| json!("none"), |number| json!(number))
    }
}

impl Setting for Option<Date> {
    fn values() -> String {
        "none|YYYY-MM-DD".to_owned()
    }

    fn parse(text: &str) -> Option<Self> {
        if text == "none" {
            return Some(None);
        }
        let date: Date = text.parse().ok()?;
        (date.to_string() == text).then_some(Some(date))
    }

    fn shown(self) -> Json {
        self.map_or_else(|| json!("none"), |date| json!(date.to_string()))
    }
}
