//! Named points between the engine and its store.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use postonce_domain::{
    ClaimId, CompanyFile, Epoch, InstallationId, InvoiceId, Life, Outcome, RunId,
};
use postonce_ports::error::StoreError;
use postonce_ports::store::{
    Applied, Candidate, Change, ClaimAnswer, ClaimRefusal, ClaimRequest, FileWork, InvoiceStore,
    Page, Recorded,
};

/// A point, and how many invoices are to come to it.
pub(crate) struct Place {
    point: String,
    left: AtomicUsize,
}

impl Place {
    pub(crate) fn parse(text: &str) -> Self {
        let (point, nth) = text.split_once(':').expect("it is POINT:N");
        let left = AtomicUsize::new(nth.parse().expect("it is POINT:N"));
        Self { point: point.to_owned(), left }
    }

    fn is_reached(&self, point: &str) -> bool {
        self.point == point && self.left.fetch_sub(1, Ordering::SeqCst) == 1
    }
}

/// A store whose callers may be held or may panic on their way.
pub(crate) struct GatedStore {
    pub(crate) inner: Arc<dyn InvoiceStore>,
    pub(crate) hold: Option<Place>,
    pub(crate) panic: Option<Place>,
    /// Made when an invoice is held.
    pub(crate) held: Option<PathBuf>,
    /// Gets a line for each lost claim.
    pub(crate) lost: Option<PathBuf>,
}

impl GatedStore {
    async fn pass(&self, point: &str) {
        let reached = |place: &Option<Place>| place.as_ref().is_some_and(|it| it.is_reached(point));
        assert!(!reached(&self.panic), "a test wants a panic at {point}");
        if reached(&self.hold) {
            if let Some(file) = &self.held {
                std::fs::write(file, point).expect("HOLD_FILE can be written");
            }
            std::future::pending::<()>().await;
        }
    }
}

/// Adds a line at the end of a file that several processes write to.
fn note(file: &Path) {
    let opened = std::fs::OpenOptions::new().create(true).append(true).open(file);
    let written = opened.and_then(|mut file| file.write_all(b"lost\n"));
    written.expect("LOST_CLAIMS can be written");
}

#[async_trait]
impl InvoiceStore for GatedStore {
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
        if let (Some(file), Ok(ClaimAnswer::Refused(ClaimRefusal::Moved(_)))) =
            (&self.lost, &answer)
        {
            note(file);
        }
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
