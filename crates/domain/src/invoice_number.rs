//! The number printed on an invoice, by which the ledger is searched.

use std::fmt;
use std::hash::{Hash, Hasher};

use crate::identifier::{IdentifierError, check};

/// An invoice number: 1 to 13 ASCII letters, digits or `-`, no leading zero.
///
/// Kept as it is written; two numbers that differ only in case are the same number. A leading
/// zero is refused because MYOB has padded numbers with zeros in some versions and not in others
/// (<https://apisupport.myob.com/hc/en-us/articles/360000496815>), so `0042` and `42` cannot be
/// told apart there.
///
/// ```
/// # use postonce_domain::InvoiceNumber;
/// assert_eq!(InvoiceNumber::parse("inv-7")?, InvoiceNumber::parse("INV-7")?);
/// assert!(InvoiceNumber::parse("0042").is_err());
/// # Ok::<(), postonce_domain::InvoiceNumberError>(())
/// ```
#[derive(Clone, Debug)]
pub struct InvoiceNumber(String);

/// Why a text is not an invoice number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvoiceNumberError {
    /// Not of the right length or characters.
    #[error(transparent)]
    Identifier(#[from] IdentifierError),
    /// Begins with a zero.
    #[error("begins with a zero, which the ledger may drop; put a letter in front")]
    LeadingZero,
}

impl InvoiceNumber {
    /// The width of the ledger's field.
    pub const MAX_LENGTH: usize = 13;

    /// Checks `raw` and keeps it as it is written.
    pub fn parse(raw: &str) -> Result<Self, InvoiceNumberError> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-';
        check(raw, Self::MAX_LENGTH, allowed)?;
        if raw.starts_with('0') {
            return Err(InvoiceNumberError::LeadingZero);
        }
        Ok(Self(raw.to_owned()))
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the ledger's spelling `theirs` is this number: case and padding zeros aside.
    pub fn matches(&self, theirs: &str) -> bool {
        let all_digits = theirs.bytes().all(|byte| byte.is_ascii_digit());
        let theirs = if all_digits { theirs.trim_start_matches('0') } else { theirs };
        self.0.eq_ignore_ascii_case(theirs)
    }
}

impl PartialEq for InvoiceNumber {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for InvoiceNumber {}

impl Hash for InvoiceNumber {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_ascii_uppercase().hash(state);
    }
}

impl fmt::Display for InvoiceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
