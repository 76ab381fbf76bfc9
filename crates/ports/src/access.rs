//! The access token of a company file, shared by every process, and whose turn it is to get one.
//!
//! A refresh token that rotates is good once. So one process at a time asks for new tokens, under a
//! lease, and all others take what it got.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use postonce_domain::CompanyFile;

use crate::error::StoreError;
use crate::token::{RefreshToken, Rotated};

/// An access token on record. Its `Debug` form does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Access {
    /// The secret.
    pub secret: String,
    /// How long it still lasts.
    pub rest: Duration,
    /// The version of the refresh token that came with it.
    pub version: i64,
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access")
            .field("rest", &self.rest)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// Who asks for a turn, and for what.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// A name that no other refresher has; 64 characters at most.
    pub me: &'a str,
    /// How long an access token must still last to be of use.
    pub enough: Duration,
    /// How long a turn lasts.
    pub lease: Duration,
}

/// Whose turn it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Turn {
    /// Nobody's: there is an access token that lasts.
    Fresh(Access),
    /// Ours, for as long as the lease.
    Ours {
        /// The refresh token on record.
        token: Option<RefreshToken>,
        /// Whether another one's turn ran out without a word: it may still come with a token.
        left_behind: bool,
    },
    /// Another one's.
    Theirs {
        /// When its lease ends, if it does not come back before.
        again_in: Duration,
    },
}

/// Tokens that the ledger gave. Its `Debug` form does not show them.
#[derive(Clone, PartialEq, Eq)]
pub struct NewTokens {
    /// The version of the refresh token that was used up for them (0: there was none on record).
    pub version: i64,
    /// The next refresh token.
    pub refresh: String,
    /// The access token.
    pub access: String,
    /// How long the access token still lasts.
    pub rest: Duration,
}

impl fmt::Debug for NewTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewTokens")
            .field("version", &self.version)
            .field("rest", &self.rest)
            .finish_non_exhaustive()
    }
}

/// Keeps each company file's access token, and who is getting the next one. All times are by the
/// store's own clock.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait AccessStore: Send + Sync {
    /// The access token on record if it is of use, and else whose turn it is to get one.
    ///
    /// An access token counts as long as the refresh token on record is the one that came with it.
    /// Who has the turn and asks again gets it anew. A turn that would end later than a new one is
    /// no turn: the clock was set back.
    async fn turn<'a>(&self, company_file: &CompanyFile, ask: Ask<'a>) -> Result<Turn, StoreError>;

    /// Puts both tokens on record, both or none, if the refresh token on record still is the one
    /// that was used up. Whether the turn has run out meanwhile does not matter. It ends.
    async fn granted(
        &self,
        company_file: &CompanyFile,
        me: &str,
        new: &NewTokens,
    ) -> Result<Rotated, StoreError>;

    /// Ends the turn of `me`, if `me` has it, without a token.
    async fn give_up(&self, company_file: &CompanyFile, me: &str) -> Result<(), StoreError>;

    /// Forgets the access token of `version`, which the ledger refused; a newer one stays.
    async fn refused(&self, company_file: &CompanyFile, version: i64) -> Result<(), StoreError>;
}
