//! A ledger whose calls are counted.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use postonce_domain::{
    ClaimToken, CompanyFile, Invoice, LedgerDocument, LedgerUid, Marker, Outcome, PreparedRequest,
    SearchKey,
};
use postonce_ports::ledger::{Ledger, LedgerError, PrepareError, Receipt};

use crate::family::{CALL_TIME, CALLS_MADE, NOT_SENT};
use crate::meter::Meter;

pub(super) struct Observed {
    pub(super) inner: Arc<dyn Ledger>,
    pub(super) meter: Meter,
}

impl Observed {
    fn start(&self) -> Duration {
        self.meter.clock.boot()
    }

    fn count(&self, operation: &str, result: &str, start: Duration) {
        self.meter.add(&CALLS_MADE, &[operation, result], 1);
        self.meter.took(&CALL_TIME, &[operation], start);
    }

    /// Counts a question, and hands its answer on.
    fn asked<T>(
        &self,
        operation: &str,
        start: Duration,
        answer: Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        let result = answer.as_ref().err().map_or("ok", refusal);
        self.count(operation, result, start);
        answer
    }

    fn prepared<T>(
        &self,
        operation: &str,
        start: Duration,
        answer: Result<T, PrepareError>,
    ) -> Result<T, PrepareError> {
        let result = match &answer {
            Ok(_) => "ok",
            Err(PrepareError::Blocked(_)) => "blocked",
            Err(PrepareError::Ledger(error)) => refusal(error),
        };
        self.count(operation, result, start);
        answer
    }
}

fn refusal(error: &LedgerError) -> &'static str {
    match error {
        LedgerError::NotAuthorised { .. } => "not_authorised",
        LedgerError::Unavailable { .. } => "unavailable",
    }
}

#[async_trait]
impl Ledger for Observed {
    async fn prepare(
        &self,
        invoice: &Invoice,
        marker: Marker,
    ) -> Result<PreparedRequest, PrepareError> {
        let start = self.start();
        self.prepared("prepare", start, self.inner.prepare(invoice, marker).await)
    }

    async fn check(&self, invoice: &Invoice) -> Result<(), PrepareError> {
        let start = self.start();
        self.prepared("check", start, self.inner.check(invoice).await)
    }

    async fn post(&self, token: ClaimToken) -> Receipt {
        let start = self.start();
        let receipt = self.inner.post(token).await;
        self.count("post", receipt.outcome.name().as_str(), start);
        if let Outcome::NotSent { cause, .. } = &receipt.outcome {
            self.meter.add(&NOT_SENT, &[cause.as_str()], 1);
        }
        receipt
    }

    async fn search(
        &self,
        company_file: &CompanyFile,
        key: &SearchKey,
    ) -> Result<Vec<LedgerDocument>, LedgerError> {
        let start = self.start();
        self.asked("search", start, self.inner.search(company_file, key).await)
    }

    async fn search_all(
        &self,
        company_file: &CompanyFile,
        keys: &[SearchKey],
    ) -> Result<Vec<LedgerDocument>, LedgerError> {
        let start = self.start();
        self.asked("search", start, self.inner.search_all(company_file, keys).await)
    }

    async fn document(
        &self,
        company_file: &CompanyFile,
        uid: &LedgerUid,
    ) -> Result<Option<LedgerDocument>, LedgerError> {
        let start = self.start();
        self.asked("document", start, self.inner.document(company_file, uid).await)
    }

    async fn reach(&self, company_file: &CompanyFile) -> Result<(), LedgerError> {
        let start = self.start();
        self.asked("reach", start, self.inner.reach(company_file).await)
    }
}
