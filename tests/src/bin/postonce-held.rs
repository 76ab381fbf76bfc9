//! `postonce` that can be held at a named point of its work, to be killed exactly there.
//!
//! `HOLD_AT=POINT:N` holds the N-th invoice that comes to POINT for ever; `HOLD_FILE` is made when
//! it does. Points: `before_claim`, `after_claim`, `before_settle`. Nothing of this is in
//! `postonce`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use postonce_app_cron::PortHook;
use postonce_domain::{
    ClaimId, CompanyFile, Epoch, InstallationId, InvoiceId, Life, Outcome, RunId,
};
use postonce_engine::Ports;
use postonce_ports::error::StoreError;
use postonce_ports::store::{
    Applied, Candidate, Change, ClaimAnswer, ClaimRequest, FileWork, InvoiceStore, Page, Recorded,
};

fn main() -> std::io::Result<ExitCode> {
    postonce_app_cron::main(&Hold)
}

struct Hold;

impl PortHook for Hold {
    #[expect(clippy::disallowed_methods, reason = "this binary is configured by two variables")]
    fn ports(&self, ports: Ports) -> Ports {
        let (Ok(at), Some(file)) = (std::env::var("HOLD_AT"), std::env::var_os("HOLD_FILE")) else {
            return ports;
        };
        let (point, nth) = at.split_once(':').expect("HOLD_AT is POINT:N");
        let left = nth.parse().expect("HOLD_AT is POINT:N");
        let held = HeldStore {
            inner: Arc::clone(&ports.store),
            point: point.to_owned(),
            left: AtomicUsize::new(left),
            file: PathBuf::from(file),
        };
        Ports { store: Arc::new(held), ..ports }
    }
}

struct HeldStore {
    inner: Arc<dyn InvoiceStore>,
    point: String,
    left: AtomicUsize,
    file: PathBuf,
}

impl HeldStore {
    async fn pass(&self, point: &str) {
        if self.point == point && self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            std::fs::write(&self.file, point).expect("HOLD_FILE can be written");
            std::future::pending::<()>().await;
        }
    }
}

#[async_trait]
impl InvoiceStore for HeldStore {
    async fn installation(&self) -> Result<InstallationId, StoreError> {
        self.inner.installation().await
    }

    async fn files_with_work(&self) -> Result<Vec<FileWork>, StoreError> {
        self.inner.files_with_work().await
    }

    async fn page(&self, page: Page) -> Result<Vec<Candidate>, StoreError> {
        self.inner.page(page).await
    }

    async fn life(&self, invoice: InvoiceId) -> Result<Option<Life>, StoreError> {
        self.inner.life(invoice).await
    }

    async fn apply(&self, change: Change) -> Result<Applied, StoreError> {
        self.inner.apply(change).await
    }

    async fn claim(&self, wish: ClaimRequest) -> Result<ClaimAnswer, StoreError> {
        self.pass("before_claim").await;
        let answer = self.inner.claim(wish).await;
        self.pass("after_claim").await;
        answer
    }

    async fn read_back(&self, claim: ClaimId) -> Result<bool, StoreError> {
        self.inner.read_back(claim).await
    }

    async fn settle(&self, claim: ClaimId, outcome: &Outcome) -> Result<Recorded, StoreError> {
        self.pass("before_settle").await;
        self.inner.settle(claim, outcome).await
    }

    async fn sweep(&self, company_file: &CompanyFile, epoch: Epoch) -> Result<u64, StoreError> {
        self.inner.sweep(company_file, epoch).await
    }

    async fn open_claims(&self, run: RunId) -> Result<Vec<ClaimId>, StoreError> {
        self.inner.open_claims(run).await
    }
}
