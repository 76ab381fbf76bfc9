//! The rotating token by which a company file lets us in.

use std::fmt;

use async_trait::async_trait;
use postonce_domain::CompanyFile;

use crate::error::StoreError;

/// A refresh token on record. Its `Debug` form does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken {
    /// The secret.
    pub secret: String,
    /// Grows by one with each rotation.
    pub version: i64,
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshToken").field("version", &self.version).finish_non_exhaustive()
    }
}

/// What [`TokenStore::rotate`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Rotated {
    /// The new token is on record, under this version.
    Stored(i64),
    /// Another process rotated first; this is its token.
    Overtaken(RefreshToken),
}

/// Keeps each company file's refresh token.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait TokenStore: Send + Sync {
    /// The token on record, if there is one.
    async fn token(&self, company_file: &CompanyFile) -> Result<Option<RefreshToken>, StoreError>;

    /// Replaces the token that was read as `version` (0: there was none).
    async fn rotate(
        &self,
        company_file: &CompanyFile,
        version: i64,
        secret: &str,
    ) -> Result<Rotated, StoreError>;
}
