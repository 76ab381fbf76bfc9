//! An accounting system that has nothing to do with MYOB: a list of entries.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use postonce::async_trait;
use postonce::domain::{
    ClaimToken, CompanyFile, Invoice, LedgerDocument, LedgerUid, Marker, Money, NotSentCause,
    Outcome, PreparedRequest, SearchKey,
};
use postonce::host::HostClock;
use postonce::ports::clock::Clock;
use postonce::ports::ledger::{Ledger, LedgerError, PrepareError, Receipt};

/// Entries, and how long it takes to write one.
pub(crate) struct CashBook {
    entries: Mutex<Vec<LedgerDocument>>,
    takes: Duration,
    clock: Arc<dyn Clock>,
}

impl CashBook {
    pub(crate) fn new(takes: Duration) -> Self {
        Self { entries: Mutex::default(), takes, clock: Arc::new(HostClock) }
    }

    pub(crate) fn entries(&self) -> Vec<LedgerDocument> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn found(&self, wanted: impl Fn(&LedgerDocument) -> bool) -> Vec<LedgerDocument> {
        self.entries().into_iter().filter(|entry| wanted(entry)).collect()
    }

    /// Writes what the request says, under an id of its own.
    fn enter(&self, request: &PreparedRequest) -> Option<LedgerUid> {
        let (total, mode) = request.payload.split_once(' ')?;
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let uid = LedgerUid::parse(&format!("entry-{}", entries.len() + 1)).ok()?;
        entries.push(LedgerDocument {
            uid: uid.clone(),
            number: request.number.to_string(),
            reference: request.reference.to_string(),
            memo: request.marker.to_string(),
            customer: request.customer.to_string(),
            // It has no customers of its own, only their codes.
            customer_uid: None,
            total: Money::parse(total).ok(),
            tax_inclusive: Some(mode == "inclusive"),
        });
        Some(uid)
    }
}

#[async_trait]
impl Ledger for CashBook {
    /// The whole request, so that nothing has to be looked up once it is claimed.
    async fn prepare(
        &self,
        invoice: &Invoice,
        marker: Marker,
    ) -> Result<PreparedRequest, PrepareError> {
        let parts = invoice.parts();
        let mode = if parts.tax_inclusive { "inclusive" } else { "exclusive" };
        Ok(PreparedRequest {
            company_file: parts.company_file.clone(),
            marker,
            number: parts.number.clone(),
            reference: parts.external_id.clone(),
            customer: parts.customer.code.clone(),
            route: "the book".to_owned(),
            payload: format!("{} {mode}", invoice.total()),
        })
    }

    async fn check(&self, _: &Invoice) -> Result<(), PrepareError> {
        Ok(())
    }

    /// Sends once. Too late is not sent; what nobody can tell is in doubt.
    async fn post(&self, token: ClaimToken) -> Receipt {
        self.clock.sleep(self.takes).await;
        if token.not_after().has_passed(self.clock.boot(), self.clock.wall()) {
            let reason = "its time had passed".to_owned();
            return Outcome::NotSent { cause: NotSentCause::Expired, reason }.into();
        }
        let outcome = match self.enter(token.request()) {
            Some(uid) => Outcome::Posted { uid },
            None => Outcome::InDoubt { reason: "the request makes no sense".to_owned() },
        };
        outcome.into()
    }

    /// By number whatever its case, or by reference. The engine compares, and reads the marker.
    async fn search(
        &self,
        _: &CompanyFile,
        key: &SearchKey,
    ) -> Result<Vec<LedgerDocument>, LedgerError> {
        Ok(self.found(|entry| match key {
            SearchKey::Number(number) => entry.number.eq_ignore_ascii_case(&number.to_string()),
            SearchKey::Reference(reference) => entry.reference == reference.as_str(),
        }))
    }

    async fn document(
        &self,
        _: &CompanyFile,
        uid: &LedgerUid,
    ) -> Result<Option<LedgerDocument>, LedgerError> {
        Ok(self.found(|entry| entry.uid == *uid).into_iter().next())
    }

    async fn reach(&self, _: &CompanyFile) -> Result<(), LedgerError> {
        Ok(())
    }
}
