//! A bug for tests of the tests: what is not claimed is sent all the same.

use std::sync::Arc;

use async_trait::async_trait;
use postonce_domain::{
    Attempt, ClaimId, ClaimToken, CompanyFile, Epoch, InstallationId, InvoiceId, Life, Outcome,
    RunId,
};
use postonce_ports::error::StoreError;
use postonce_ports::store::{
    Applied, Candidate, Change, ClaimAnswer, ClaimRequest, FileWork, InvoiceStore, Page, Recorded,
};

/// A store whose claim is never refused.
#[expect(missing_debug_implementations, reason = "ports are not `Debug`")]
pub struct UncheckedClaim(pub Arc<dyn InvoiceStore>);

#[async_trait]
impl InvoiceStore for UncheckedClaim {
    async fn installation(&self) -> Result<InstallationId, StoreError> {
        self.0.installation().await
    }

    async fn files_with_work(&self) -> Result<Vec<FileWork>, StoreError> {
        self.0.files_with_work().await
    }

    async fn page(&self, page: Page) -> Result<Vec<Candidate>, StoreError> {
        self.0.page(page).await
    }

    async fn life(&self, invoice: InvoiceId) -> Result<Option<Life>, StoreError> {
        self.0.life(invoice).await
    }

    async fn apply(&self, change: Change) -> Result<Applied, StoreError> {
        self.0.apply(change).await
    }

    async fn claim(&self, wish: ClaimRequest) -> Result<ClaimAnswer, StoreError> {
        let (invoice, not_after, request) = (wish.invoice, wish.not_after, wish.request.clone());
        match self.0.claim(wish).await? {
            ClaimAnswer::Refused(_) => {
                let token = ClaimToken::mint(invoice, Attempt(1), not_after, request);
                Ok(ClaimAnswer::Claimed(token))
            }
            other @ (ClaimAnswer::Claimed(_) | ClaimAnswer::Unanswered(_)) => Ok(other),
        }
    }

    async fn read_back(&self, claim: ClaimId) -> Result<bool, StoreError> {
        self.0.read_back(claim).await
    }

    async fn settle(&self, claim: ClaimId, outcome: &Outcome) -> Result<Recorded, StoreError> {
        self.0.settle(claim, outcome).await
    }

    async fn sweep(&self, company_file: &CompanyFile, epoch: Epoch) -> Result<u64, StoreError> {
        self.0.sweep(company_file, epoch).await
    }

    async fn open_claims(&self, run: RunId) -> Result<Vec<ClaimId>, StoreError> {
        self.0.open_claims(run).await
    }
}
