//! The port of invoices on their way, as a list.

use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use postonce_domain::{
    ClaimId, CompanyFile, Epoch, InstallationId, InvoiceId, Life, Outcome, RunId,
};
use postonce_ports::error::StoreError;
use postonce_ports::store::{
    Applied, Candidate, Change, ClaimAnswer, ClaimRequest, FileWork, InvoiceStore, Page, Recorded,
};
use postonce_store_rows::rows::parsed;
use postonce_store_rows::schema::postonce_installation;
use uuid::Uuid;

use crate::error::Step;
use crate::transaction::Conn;
use crate::{MysqlStore, apply, invoice, page, settle};

#[async_trait]
impl InvoiceStore for MysqlStore {
    async fn installation(&self) -> Result<InstallationId, StoreError> {
        self.read((), |conn, ()| Box::pin(installation(conn))).await
    }

    async fn files_with_work(&self) -> Result<Vec<FileWork>, StoreError> {
        self.read((), |conn, ()| Box::pin(page::files_with_work(conn))).await
    }

    async fn page(&self, page: Page) -> Result<Vec<Candidate>, StoreError> {
        self.read(page, |conn, page| Box::pin(page::page(conn, page))).await
    }

    async fn life(&self, invoice: InvoiceId) -> Result<Option<Life>, StoreError> {
        self.read(invoice, |conn, id| {
            Box::pin(async { Ok(invoice::head(conn, *id).await?.map(|(_, life)| life)) })
        })
        .await
    }

    async fn apply(&self, change: Change) -> Result<Applied, StoreError> {
        self.write(change, |conn, change| Box::pin(apply::apply(conn, change))).await
    }

    async fn claim(&self, wish: ClaimRequest) -> Result<ClaimAnswer, StoreError> {
        self.claim_invoice(wish).await
    }

    async fn read_back(&self, claim: ClaimId) -> Result<bool, StoreError> {
        self.read_claim_back(claim).await
    }

    async fn settle(&self, claim: ClaimId, outcome: &Outcome) -> Result<Recorded, StoreError> {
        let own = self.inner.own_claims.take(claim);
        self.write((claim, outcome.clone(), own), |conn, (claim, outcome, own)| {
            Box::pin(settle::settle(conn, *claim, outcome, own.as_ref()))
        })
        .await
    }

    async fn sweep(&self, company_file: &CompanyFile, epoch: Epoch) -> Result<u64, StoreError> {
        self.write_at_length((company_file.clone(), epoch), |conn, (file, epoch)| {
            Box::pin(settle::sweep(conn, file, *epoch))
        })
        .await
    }

    async fn open_claims(&self, run: RunId) -> Result<Vec<ClaimId>, StoreError> {
        self.read(run, |conn, run| Box::pin(settle::open_claims(conn, *run))).await
    }
}

async fn installation(conn: &mut Conn) -> Step<InstallationId> {
    let id = postonce_installation::table.select(postonce_installation::id);
    let id: String = id.first(conn).await?;
    Ok(InstallationId(parsed("postonce_installation", 1, Uuid::try_parse(&id))?))
}
