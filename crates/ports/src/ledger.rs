//! The accounting system.

use async_trait::async_trait;
use postonce_domain::{
    BlockReason, ClaimToken, CompanyFile, Computed, Invoice, LedgerDocument, LedgerUid, Marker,
    Outcome, PreparedRequest, SearchKey,
};

use crate::error::BoxError;

/// Why the ledger did not answer a question.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// It does not let us in; a person must connect again.
    #[error("the ledger does not let us in: {message}")]
    NotAuthorised {
        /// What it said, and the mend.
        message: String,
    },
    /// It does not answer, or not in a way that can be understood. Nothing is known.
    #[error("the ledger is unavailable: {message}")]
    Unavailable {
        /// What was asked and what went wrong.
        message: String,
        /// The cause.
        #[source]
        source: Option<BoxError>,
    },
}

/// Why a request was not prepared.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// The invoice cannot be sent as it is.
    #[error("the invoice is blocked: {0}")]
    Blocked(BlockReason),
    /// The ledger was asked and did not answer.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// What a POST came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// What became of the claim.
    pub outcome: Outcome,
    /// What the ledger made of the amounts, if it is posted and the answer tells.
    pub computed: Option<Computed>,
}

impl From<Outcome> for Receipt {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, computed: None }
    }
}

/// The accounting system.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Builds the request that would post `invoice`, carrying `marker`.
    ///
    /// When it returns, the request can go out at once: references are resolved, a place in the
    /// ledger's rate is taken, access is fresh. Nothing is posted. Dropping it loses nothing.
    async fn prepare(
        &self,
        invoice: &Invoice,
        marker: Marker,
    ) -> Result<PreparedRequest, PrepareError>;

    /// What would keep [`Ledger::prepare`] from building a request for `invoice`. Changes nothing
    /// in the ledger, not even what `prepare` would create.
    async fn check(&self, invoice: &Invoice) -> Result<(), PrepareError>;

    /// Sends the token's request, once, and says what became of it.
    ///
    /// Sends nothing if the token's time has passed when the request would be handed over. Never
    /// sends twice, whatever the answer. What it cannot tell is `in_doubt`.
    async fn post(&self, token: ClaimToken) -> Receipt;

    /// Every document of the file that the ledger has for `key`, read completely. It may return
    /// documents that do not match: the caller compares.
    async fn search(
        &self,
        company_file: &CompanyFile,
        key: &SearchKey,
    ) -> Result<Vec<LedgerDocument>, LedgerError>;

    /// Every document of the file that the ledger has for one of `keys`, as by
    /// [`Ledger::search`] for each of them.
    async fn search_all(
        &self,
        company_file: &CompanyFile,
        keys: &[SearchKey],
    ) -> Result<Vec<LedgerDocument>, LedgerError> {
        let mut found = Vec::new();
        for key in keys {
            found.extend(self.search(company_file, key).await?);
        }
        Ok(found)
    }

    /// One document; `None` if the ledger says that there is no such one.
    async fn document(
        &self,
        company_file: &CompanyFile,
        uid: &LedgerUid,
    ) -> Result<Option<LedgerDocument>, LedgerError>;

    /// Whether the company file itself answers us.
    async fn reach(&self, company_file: &CompanyFile) -> Result<(), LedgerError>;
}
