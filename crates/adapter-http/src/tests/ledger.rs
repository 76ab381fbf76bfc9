//! A ledger that has nothing and takes nothing, and can be made to think about it.

use std::sync::Arc;

use async_trait::async_trait;
use postonce_domain::{
    ClaimToken, CompanyFile, Invoice, LedgerDocument, LedgerUid, Marker, NotSentCause, Outcome,
    PreparedRequest, SearchKey,
};
use postonce_ports::ledger::{Ledger, LedgerError, PrepareError, Receipt};
use tokio::sync::Semaphore;

/// Answers as long as there are permits.
#[derive(Clone)]
pub(super) struct Empty(pub(super) Arc<Semaphore>);

fn absent() -> LedgerError {
    LedgerError::Unavailable { message: "it takes nothing".to_owned(), source: None }
}

#[async_trait]
impl Ledger for Empty {
    async fn prepare(&self, _: &Invoice, _: Marker) -> Result<PreparedRequest, PrepareError> {
        Err(absent().into())
    }

    async fn check(&self, _: &Invoice) -> Result<(), PrepareError> {
        self.0.acquire().await.unwrap().forget();
        Err(absent().into())
    }

    async fn post(&self, _: ClaimToken) -> Receipt {
        let cause = NotSentCause::NoConnection;
        Outcome::NotSent { cause, reason: absent().to_string() }.into()
    }

    async fn search(
        &self,
        _: &CompanyFile,
        _: &SearchKey,
    ) -> Result<Vec<LedgerDocument>, LedgerError> {
        self.0.acquire().await.unwrap().forget();
        Ok(Vec::new())
    }

    async fn document(
        &self,
        _: &CompanyFile,
        _: &LedgerUid,
    ) -> Result<Option<LedgerDocument>, LedgerError> {
        Ok(None)
    }

    async fn reach(&self, _: &CompanyFile) -> Result<(), LedgerError> {
        Ok(())
    }
}
