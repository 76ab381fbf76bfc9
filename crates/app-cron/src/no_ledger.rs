//! A ledger that is not there, for what never asks it.

use async_trait::async_trait;
use postonce_domain::{
    ClaimToken, CompanyFile, Invoice, LedgerDocument, LedgerUid, Marker, NotSentCause, Outcome,
    PreparedRequest, SearchKey,
};
use postonce_ports::ledger::{Ledger, LedgerError, PrepareError, Receipt};

/// Answers nothing and sends nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoLedger;

fn absent() -> LedgerError {
    LedgerError::Unavailable { message: "this command asks no ledger".to_owned(), source: None }
}

#[async_trait]
impl Ledger for NoLedger {
    async fn prepare(&self, _: &Invoice, _: Marker) -> Result<PreparedRequest, PrepareError> {
        Err(absent().into())
    }

    async fn check(&self, _: &Invoice) -> Result<(), PrepareError> {
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
        Err(absent())
    }

    async fn document(
        &self,
        _: &CompanyFile,
        _: &LedgerUid,
    ) -> Result<Option<LedgerDocument>, LedgerError> {
        Err(absent())
    }

    async fn reach(&self, _: &CompanyFile) -> Result<(), LedgerError> {
        Err(absent())
    }
}
