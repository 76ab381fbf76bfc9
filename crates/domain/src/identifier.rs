//! The codes and names by which we, the platform and the ledger know things.

use std::fmt;

/// Why a text is not an identifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierError {
    /// Nothing there.
    #[error("is empty")]
    Empty,
    /// Longer than its field.
    #[error("has {length} characters, at most {max} are possible")]
    TooLong {
        /// Characters found.
        length: usize,
        /// Characters possible.
        max: usize,
    },
    /// Blanks at an end: they are invisible, and databases disagree on whether they count.
    #[error("begins or ends with a blank")]
    SurroundingBlank,
    /// A character outside the allowed set.
    #[error("has {found:?}, which is not allowed here")]
    BadCharacter {
        /// The first one.
        found: char,
    },
}

pub(crate) fn check(
    raw: &str,
    max: usize,
    allowed: impl Fn(char) -> bool,
) -> Result<(), IdentifierError> {
    if raw.is_empty() {
        return Err(IdentifierError::Empty);
    }
    if raw.trim() != raw {
        return Err(IdentifierError::SurroundingBlank);
    }
    let length = raw.chars().count();
    if length > max {
        return Err(IdentifierError::TooLong { length, max });
    }
    match raw.chars().find(|found| !allowed(*found)) {
        Some(found) => Err(IdentifierError::BadCharacter { found }),
        None => Ok(()),
    }
}

fn printable(found: char) -> bool {
    !found.is_control()
}

fn code(found: char) -> bool {
    found.is_ascii_alphanumeric() || matches!(found, '_' | '-' | '.')
}

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident, max $max:expr, $allowed:path) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The most characters.
            pub const MAX_LENGTH: usize = $max;

            /// Checks `raw` and keeps it as it is written.
            pub fn parse(raw: &str) -> Result<Self, IdentifierError> {
                check(raw, Self::MAX_LENGTH, $allowed)?;
                Ok(Self(raw.to_owned()))
            }

            /// As it is written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

identifier! {
    /// Our alias of one MYOB business: letters, digits, `_`, `-` and `.`.
    CompanyFile, max 40, code
}

identifier! {
    /// The platform's own id of an invoice; the reference that the ledger shows.
    ///
    /// Its width is that of `CustomerPurchaseOrderNumber`
    /// (<https://developer.myob.com/api/myob-business-api/v2/sale/invoice/>).
    ExternalId, max 255, printable
}

identifier! {
    /// A customer as platform and ledger call it (`DisplayID`, at most 15 characters).
    CustomerCode, max 15, printable
}

identifier! {
    /// An item as platform and ledger call it (`Number`, at most 30 characters).
    ItemCode, max 30, printable
}

identifier! {
    /// A tax code such as `GST` (at most 3 characters).
    TaxCode, max 3, printable
}

identifier! {
    /// What a row of the mapping is for: a code of the platform, `*`, `item:CODE` or
    /// `customer:CODE`; see [`MappingKind::code`](crate::MappingKind::code).
    MappingCode, max 64, printable
}

identifier! {
    /// The ledger's own id of a document, in the adapter's one spelling.
    LedgerUid, max 64, code
}
