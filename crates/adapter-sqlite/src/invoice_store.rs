//! The port of invoices on their way, as a list.

use async_trait::async_trait;
use diesel::prelude::*;
use postonce_domain::{
    ClaimId, CompanyFile, Epoch, InstallationId, InvoiceId, Life, Outcome, RunId,
};
use postonce_ports::error::StoreError;
use postonce_ports::store::{
    Applied, Candidate, Change, ClaimAnswer, ClaimRequest, FileWork, InvoiceStore, Page, Recorded,
};
use uuid::Uuid;

use crate::rows::parsed;
use crate::schema::postonce_installation;
use crate::{SqliteStore, apply, invoice, page, settle};

#[async_trait]
impl InvoiceStore for SqliteStore {
    async fn installation(&self) -> Result<InstallationId, StoreError> {
        self.read(|conn| {
            let id: String =
                postonce_installation::table.select(postonce_installation::id).first(conn)?;
            Ok(InstallationId(parsed("postonce_installation", 1, Uuid::try_parse(&id))?))
        })
        .await
    }

    async fn files_with_work(&self) -> Result<Vec<FileWork>, StoreError> {
        self.read(page::files_with_work).await
    }

    async fn page(&self, page: Page) -> Result<Vec<Candidate>, StoreError> {
        self.read(move |conn| page::page(conn, &page)).await
    }

    async fn life(&self, invoice: InvoiceId) -> Result<Option<Life>, StoreError> {
        self.read(move |conn| Ok(invoice::head(conn, invoice)?.map(|(_, life)| life))).await
    }

    async fn apply(&self, change: Change) -> Result<Applied, StoreError> {
        self.write(move |conn| apply::apply(conn, &change)).await
    }

    async fn claim(&self, wish: ClaimRequest) -> Result<ClaimAnswer, StoreError> {
        self.claim_invoice(wish).await
    }

    async fn read_back(&self, claim: ClaimId) -> Result<bool, StoreError> {
        self.read_claim_back(claim.to_string()).await
    }

    async fn settle(&self, claim: ClaimId, outcome: &Outcome) -> Result<Recorded, StoreError> {
        let outcome = outcome.clone();
        self.write(move |conn| settle::settle(conn, claim, &outcome)).await
    }

    async fn sweep(&self, company_file: &CompanyFile, epoch: Epoch) -> Result<u64, StoreError> {
        let company_file = company_file.clone();
        self.write(move |conn| settle::sweep(conn, &company_file, epoch)).await
    }

    async fn open_claims(&self, run: RunId) -> Result<Vec<ClaimId>, StoreError> {
        self.read(move |conn| settle::open_claims(conn, run)).await
    }
}
