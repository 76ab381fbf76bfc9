//! A bug between an engine and its ports: what it does not change goes on as it should.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use postonce_domain::{
    ClaimId, ClaimToken, CompanyFile, Epoch, InstallationId, Invoice, InvoiceId, LedgerDocument,
    LedgerUid, Life, Marker, Outcome, Owner, PreparedRequest, RunId, SearchKey,
};
use postonce_engine::Ports;
use postonce_ports::doubt::{Absence, Dossier, DoubtStore, Doubtful, Miss, Probe};
use postonce_ports::error::StoreError;
use postonce_ports::ledger::{Ledger, LedgerError, PrepareError, Receipt};
use postonce_ports::lock::{HeldLock, LockAnswer, LockError, LockState, RunLock};
use postonce_ports::store::{
    Applied, Candidate, Change, ClaimAnswer, ClaimRequest, FileWork, InvoiceStore, Page, Recorded,
};

/// [`Bug`] with a method for each of these, and the ports of a bugged engine.
macro_rules! bugged_ports {
    ($($port:ident as $field:ident {
        $(fn $name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)+
    })+) => {
        /// What is wrong: the methods that it has for itself. `real` are the ports as they should
        /// be, each call of which is a step of the schedule; all other methods go straight there.
        #[async_trait]
        pub(in crate::race) trait Bug: Send + Sync + 'static {
            $($(
                async fn $name(&self, real: &Ports, $($argument: $type),*) -> $answer {
                    real.$field.$name($($argument),*).await
                }
            )+)+
        }

        $(
            #[async_trait]
            impl<B: Bug> $port for Bugged<B> {
                $(
                    async fn $name(&self, $($argument: $type),*) -> $answer {
                        self.bug.$name(&self.real, $($argument),*).await
                    }
                )+
            }
        )+
    };
}

bugged_ports! {
    InvoiceStore as store {
        fn installation() -> Result<InstallationId, StoreError>;
        fn files_with_work() -> Result<Vec<FileWork>, StoreError>;
        fn page(page: Page) -> Result<Vec<Candidate>, StoreError>;
        fn life(invoice: InvoiceId) -> Result<Option<Life>, StoreError>;
        fn apply(change: Change) -> Result<Applied, StoreError>;
        fn claim(wish: ClaimRequest) -> Result<ClaimAnswer, StoreError>;
        fn read_back(claim: ClaimId) -> Result<bool, StoreError>;
        fn settle(claim: ClaimId, outcome: &Outcome) -> Result<Recorded, StoreError>;
        fn sweep(file: &CompanyFile, epoch: Epoch) -> Result<u64, StoreError>;
        fn open_claims(run: RunId) -> Result<Vec<ClaimId>, StoreError>;
    }
    DoubtStore as doubts {
        fn doubtful() -> Result<Vec<Doubtful>, StoreError>;
        fn due(file: &CompanyFile) -> Result<Vec<InvoiceId>, StoreError>;
        fn dossier(invoice: InvoiceId) -> Result<Option<Dossier>, StoreError>;
        fn owners(
            file: &CompanyFile, claims: &[ClaimId], uids: &[LedgerUid]
        ) -> Result<Owner, StoreError>;
        fn probe(file: &CompanyFile, claim: ClaimId) -> Result<Option<Probe>, StoreError>;
        fn record_miss(miss: Miss) -> Result<Absence, StoreError>;
    }
    Ledger as ledger {
        fn prepare(invoice: &Invoice, marker: Marker) -> Result<PreparedRequest, PrepareError>;
        fn check(invoice: &Invoice) -> Result<(), PrepareError>;
        fn post(token: ClaimToken) -> Receipt;
        fn search(file: &CompanyFile, key: &SearchKey) -> Result<Vec<LedgerDocument>, LedgerError>;
        fn document(
            file: &CompanyFile, uid: &LedgerUid
        ) -> Result<Option<LedgerDocument>, LedgerError>;
        fn reach(file: &CompanyFile) -> Result<(), LedgerError>;
    }
    RunLock as lock {
        fn try_acquire() -> Result<LockAnswer, LockError>;
        fn state() -> Result<LockState, LockError>;
    }
}

/// The ports of an engine with a bug.
pub(super) struct Bugged<B> {
    bug: B,
    real: Ports,
}

/// `real` with a new bug in front.
pub(in crate::race) fn bugged<B: Bug + Default>(real: Ports) -> Ports {
    let own = Arc::new(Bugged { bug: B::default(), real: real.clone() });
    Ports { store: own.clone(), doubts: own.clone(), ledger: own.clone(), lock: own, ..real }
}

/// A lock in the hand of an engine that may forget to give it back.
pub(super) struct Grip {
    /// `None` once it is given back.
    held: Option<Box<dyn HeldLock>>,
    /// Whether it is forgotten in the end: neither released nor closed.
    pub(super) forgets: Arc<AtomicBool>,
    /// Whether its loss is noticed.
    pub(super) notices: bool,
    /// A company file whose epoch is raised besides.
    pub(super) raises: Option<CompanyFile>,
}

impl Grip {
    pub(super) fn new(held: Box<dyn HeldLock>) -> Self {
        Self { held: Some(held), forgets: Arc::default(), notices: true, raises: None }
    }

    fn held(&self) -> Result<&dyn HeldLock, LockError> {
        self.held.as_deref().ok_or(LockError::Lost)
    }

    /// Takes it out of the hand, unless it is forgotten.
    fn let_go(&mut self) -> Option<Box<dyn HeldLock>> {
        let held = self.held.take()?;
        if self.forgets.load(Ordering::Relaxed) {
            // It stays held, and nobody has it.
            std::mem::forget(held);
            return None;
        }
        Some(held)
    }
}

impl Drop for Grip {
    fn drop(&mut self) {
        drop(self.let_go());
    }
}

#[async_trait]
impl HeldLock for Grip {
    fn owner(&self) -> String {
        self.held().map_or_else(|_| String::new(), HeldLock::owner)
    }

    fn connection_id(&self) -> Option<u64> {
        self.held().ok()?.connection_id()
    }

    async fn raise_epoch(&self, file: &CompanyFile) -> Result<Epoch, LockError> {
        let held = self.held()?;
        if let Some(other) = &self.raises {
            let _: Epoch = held.raise_epoch(other).await?;
        }
        held.raise_epoch(file).await
    }

    fn is_lost(&self) -> bool {
        self.notices && self.held().is_ok_and(HeldLock::is_lost)
    }

    async fn prove(&self) -> Result<(), LockError> {
        let proven = self.held()?.prove().await;
        if self.notices { proven } else { Ok(()) }
    }

    async fn release(mut self: Box<Self>) -> Result<(), LockError> {
        let Some(held) = self.let_go() else { return Ok(()) };
        let released = held.release().await;
        if self.notices { released } else { Ok(()) }
    }
}

/// What a bug remembers. A panic on purpose may have met it; what it left is still whole.
pub(super) fn locked<T>(kept: &Mutex<T>) -> MutexGuard<'_, T> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A time by which no claim is over.
pub(super) const FOR_EVER: postonce_domain::NotAfter =
    postonce_domain::NotAfter { boot: Duration::MAX, wall: Timestamp::MAX };
