//! A ledger that puts on record that it did not let us in.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use postonce_domain::{
    ClaimToken, CompanyFile, Invoice, LedgerDocument, LedgerUid, Marker, PreparedRequest, SearchKey,
};
use postonce_ports::connection::{ConnectionEvent, ConnectionNote, Connections};
use postonce_ports::ledger::{Ledger, LedgerError, PrepareError, Receipt};

/// The ledger within, and who is told. Of each company file one refusal is kept.
pub(crate) struct NotedLedger {
    ledger: Arc<dyn Ledger>,
    connections: Arc<dyn Connections>,
    actor: String,
    told: Mutex<BTreeSet<CompanyFile>>,
}

impl NotedLedger {
    pub(crate) fn new(
        ledger: Arc<dyn Ledger>,
        connections: Arc<dyn Connections>,
        actor: &str,
    ) -> Self {
        Self { ledger, connections, actor: actor.to_owned(), told: Mutex::default() }
    }

    async fn note(&self, file: &CompanyFile, error: Option<&LedgerError>) {
        let Some(LedgerError::NotAuthorised { message }) = error else { return };
        if !self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(file.clone()) {
            return;
        }
        let (actor, text) = (self.actor.clone(), message.clone());
        let note = ConnectionNote { event: ConnectionEvent::Refused, actor, text, consent: None };
        // It is for people who look on; what comes of the refusal does not hang on it.
        drop(self.connections.add(file, &note).await);
    }
}

fn of_ledger(error: &PrepareError) -> Option<&LedgerError> {
    match error {
        PrepareError::Ledger(error) => Some(error),
        PrepareError::Blocked(_) => None,
    }
}

#[async_trait]
impl Ledger for NotedLedger {
    async fn prepare(
        &self,
        invoice: &Invoice,
        marker: Marker,
    ) -> Result<PreparedRequest, PrepareError> {
        let answer = self.ledger.prepare(invoice, marker).await;
        let error = answer.as_ref().err().and_then(of_ledger);
        self.note(&invoice.parts().company_file, error).await;
        answer
    }

    async fn check(&self, invoice: &Invoice) -> Result<(), PrepareError> {
        let answer = self.ledger.check(invoice).await;
        let error = answer.as_ref().err().and_then(of_ledger);
        self.note(&invoice.parts().company_file, error).await;
        answer
    }

    async fn post(&self, token: ClaimToken) -> Receipt {
        self.ledger.post(token).await
    }

    async fn search(
        &self,
        company_file: &CompanyFile,
        key: &SearchKey,
    ) -> Result<Vec<LedgerDocument>, LedgerError> {
        let answer = self.ledger.search(company_file, key).await;
        self.note(company_file, answer.as_ref().err()).await;
        answer
    }

    async fn search_all(
        &self,
        company_file: &CompanyFile,
        keys: &[SearchKey],
    ) -> Result<Vec<LedgerDocument>, LedgerError> {
        let answer = self.ledger.search_all(company_file, keys).await;
        self.note(company_file, answer.as_ref().err()).await;
        answer
    }

    async fn document(
        &self,
        company_file: &CompanyFile,
        uid: &LedgerUid,
    ) -> Result<Option<LedgerDocument>, LedgerError> {
        let answer = self.ledger.document(company_file, uid).await;
        self.note(company_file, answer.as_ref().err()).await;
        answer
    }

    async fn reach(&self, company_file: &CompanyFile) -> Result<(), LedgerError> {
        let answer = self.ledger.reach(company_file).await;
        self.note(company_file, answer.as_ref().err()).await;
        answer
    }
}
