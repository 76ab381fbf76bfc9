//! The names under which people and machines come in.

use std::cmp::Ordering;
use std::fmt;

use crate::identifier::{IdentifierError, check};

/// A name of 1 to 64 ASCII letters, digits, `_`, `-`, `.` or `@`.
///
/// Kept as it is written; two names that differ only in case are the same name.
///
/// ```
/// # use postonce_domain::LoginName;
/// assert_eq!(LoginName::parse("Kim")?, LoginName::parse("kim")?);
/// assert!(LoginName::parse("Kim Lee").is_err());
/// # Ok::<(), postonce_domain::IdentifierError>(())
/// ```
#[derive(Clone, Debug)]
pub struct LoginName(String);

impl LoginName {
    /// The most characters.
    pub const MAX_LENGTH: usize = 64;

    /// Checks `raw` and keeps it as it is written.
    pub fn parse(raw: &str) -> Result<Self, IdentifierError> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '@');
        check(raw, Self::MAX_LENGTH, allowed)?;
        Ok(Self(raw.to_owned()))
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn folded(&self) -> impl Iterator<Item = u8> {
        self.0.bytes().map(|byte| byte.to_ascii_lowercase())
    }
}

impl PartialEq for LoginName {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for LoginName {}

impl PartialOrd for LoginName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for LoginName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.folded().cmp(other.folded())
    }
}

impl fmt::Display for LoginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
