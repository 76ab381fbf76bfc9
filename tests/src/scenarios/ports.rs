//! Time, chance, and a database and a lock that have trouble on demand.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use postonce_adapter_memory::MemoryStore;
use postonce_domain::{
    BlockCode, BlockReason, ClaimId, CompanyFile, Epoch, InstallationId, InvoiceId, InvoiceState,
    Life, Move, Outcome, RunId,
};
use postonce_ports::clock::{Clock, Ids, Stop};
use postonce_ports::error::StoreError;
use postonce_ports::lock::{HeldLock, LockAnswer, LockError, LockState, RunLock};
use postonce_ports::registry::{
    Agreed, Alarm, CompanyFileSettings, CompanyFileWritten, LockSettings, Registry, Whereabouts,
};
use postonce_ports::store::{
    Applied, Candidate, Change, ClaimAnswer, ClaimRefusal, ClaimRequest, FileWork, InvoiceStore,
    Page, Recorded,
};
use uuid::Uuid;

use super::books::Bookkeeper;
use super::world::QUIET;

/// A clock that stands still until time is made to pass; who sleeps makes it pass.
#[derive(Clone, Debug, Default)]
pub(super) struct ManualClock(Arc<Mutex<Duration>>);

impl ManualClock {
    pub(super) fn pass(&self, time: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += time;
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn boot(&self) -> Duration {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wall(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + self.boot()
    }

    async fn sleep(&self, time: Duration) {
        self.pass(time);
    }
}

/// Ids in their order.
#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    fn next(&self) -> Uuid {
        Uuid::from_u128(u128::from(self.0.fetch_add(1, Ordering::Relaxed)))
    }
}

impl Ids for Counter {
    fn claim_id(&self) -> ClaimId {
        ClaimId(self.next())
    }

    fn installation_id(&self) -> InstallationId {
        InstallationId(self.next())
    }
}

/// Nobody wants to stop.
pub(super) struct GoOn;

impl Stop for GoOn {
    fn requested(&self) -> bool {
        false
    }
}

/// What becomes of a claim's commit.
#[derive(Clone, Debug)]
pub(super) enum Commit {
    Answers,
    Takes(Duration),
    /// It works, and the answer is lost.
    WorksAndLoses,
    /// It does not work, and nobody can tell.
    Loses,
    /// There is nothing to commit: the claim is refused.
    Refuses(ClaimRefusal),
}

/// A replica that missed every claim of a run takes over in the middle of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FailOver {
    /// Nobody has noticed.
    Unnoticed,
    /// A person has, and takes it over at once.
    TakenOver,
}

/// The trouble to come.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    pub(super) commits: VecDeque<Commit>,
    pub(super) read_back_fails: bool,
    /// How often others have their turn while an outcome is written.
    pub(super) settles_take: u32,
    /// How many claims had been asked for whenever an outcome was written.
    pub(super) claims_when_settled: Vec<u64>,
    /// So many tries to record an outcome fail.
    pub(super) settles_fail: u32,
    /// This row cannot be read.
    pub(super) unreadable: Option<InvoiceId>,
    /// The next document that is adopted is recorded for this invoice a moment before.
    pub(super) adopted_by: Option<InvoiceId>,
    /// The lock is lost once so many requests are posted.
    pub(super) lock_lost_after: Option<usize>,
    /// The lock's release ends so.
    pub(super) release_fails: Option<LockError>,
    /// Claims that were asked for.
    pub(super) claims: u64,
    /// When a page is read after a claim.
    pub(super) fails_over: Option<FailOver>,
    /// What the replica has.
    replica: Option<MemoryStore>,
    /// No alarm can be written.
    pub(super) alarms_fail: bool,
    /// Whoever adopts a document never hears of it, and nothing is written.
    pub(super) adopting_hangs: bool,
}

/// The store in memory, with trouble.
#[derive(Clone)]
pub(super) struct Database {
    pub(super) store: MemoryStore,
    pub(super) clock: ManualClock,
    pub(super) ledger: Bookkeeper,
    trouble: Arc<Mutex<Trouble>>,
    /// Pages are read and outcomes written on one connection, by one at a time.
    connection: Arc<tokio::sync::Mutex<()>>,
}

impl Database {
    pub(super) fn new(store: MemoryStore, clock: ManualClock, ledger: Bookkeeper) -> Self {
        Self { store, clock, ledger, trouble: Arc::default(), connection: Arc::default() }
    }

    pub(super) fn trouble(&self) -> MutexGuard<'_, Trouble> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn settle_fails(&self) -> bool {
        let mut trouble = self.trouble();
        let fails = trouble.settles_fail > 0;
        trouble.settles_fail = trouble.settles_fail.saturating_sub(1);
        fails
    }

    fn next_commit(&self) -> Commit {
        let mut trouble = self.trouble();
        if trouble.claims == 0 && trouble.fails_over.is_some() {
            trouble.replica = Some(self.store.backup());
        }
        trouble.claims += 1;
        trouble.commits.pop_front().unwrap_or(Commit::Answers)
    }

    async fn fail_over(&self) -> Result<(), StoreError> {
        let (fail_over, replica) = {
            let mut trouble = self.trouble();
            let replica = trouble.replica.take();
            (trouble.fails_over, replica)
        };
        let Some(replica) = replica else { return Ok(()) };
        self.store.restore(&replica);
        self.store.move_to("replica");
        if fail_over == Some(FailOver::TakenOver) {
            let _moved = self.store.take_over(QUIET).await?;
        }
        Ok(())
    }

    fn spoil(&self, candidate: Candidate) -> Candidate {
        let unreadable = self.trouble().unreadable;
        match candidate {
            Candidate::Readable(stored) if Some(stored.id) == unreadable => Candidate::Unreadable {
                id: stored.id,
                version: stored.life.version,
                reason: BlockReason::new(BlockCode::Unreadable, "the date is not a date"),
                already_blocked: matches!(stored.life.state, InvoiceState::Blocked { .. }),
            },
            other @ (Candidate::Readable(_) | Candidate::Unreadable { .. }) => other,
        }
    }
}

#[async_trait]
impl InvoiceStore for Database {
    async fn installation(&self) -> Result<InstallationId, StoreError> {
        self.store.installation().await
    }

    async fn files_with_work(&self) -> Result<Vec<FileWork>, StoreError> {
        self.store.files_with_work().await
    }

    async fn page(&self, page: Page) -> Result<Vec<Candidate>, StoreError> {
        let _connection = self.connection.lock().await;
        self.fail_over().await?;
        let candidates = self.store.page(page).await?;
        Ok(candidates.into_iter().map(|candidate| self.spoil(candidate)).collect())
    }

    async fn life(&self, invoice: InvoiceId) -> Result<Option<Life>, StoreError> {
        self.store.life(invoice).await
    }

    async fn apply(&self, change: Change) -> Result<Applied, StoreError> {
        let adopts = matches!(change.wanted, Move::Adopt(_));
        if adopts && self.trouble().adopting_hangs {
            std::future::pending::<()>().await;
        }
        if adopts && let Some(other) = self.trouble().adopted_by.take() {
            return Ok(Applied::UidTaken(other));
        }
        self.store.apply(change).await
    }

    async fn claim(&self, wish: ClaimRequest) -> Result<ClaimAnswer, StoreError> {
        let lost = || Ok(ClaimAnswer::Unanswered("no answer to the commit".into()));
        match self.next_commit() {
            Commit::Answers => self.store.claim(wish).await,
            Commit::Takes(time) => {
                self.clock.pass(time);
                self.store.claim(wish).await
            }
            Commit::WorksAndLoses => {
                let _on_record = self.store.claim(wish).await?;
                lost()
            }
            Commit::Loses => lost(),
            Commit::Refuses(refusal) => Ok(ClaimAnswer::Refused(refusal)),
        }
    }

    async fn read_back(&self, claim: ClaimId) -> Result<bool, StoreError> {
        if self.trouble().read_back_fails {
            return Err(StoreError::unavailable("no new connection"));
        }
        self.store.read_back(claim).await
    }

    async fn settle(&self, claim: ClaimId, outcome: &Outcome) -> Result<Recorded, StoreError> {
        let _connection = self.connection.lock().await;
        let turns = self.trouble().settles_take;
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
        if self.settle_fails() {
            return Err(StoreError::unavailable("the disk is full"));
        }
        let claims = self.trouble().claims;
        self.trouble().claims_when_settled.push(claims);
        self.store.settle(claim, outcome).await
    }

    async fn sweep(&self, file: &CompanyFile, epoch: Epoch) -> Result<u64, StoreError> {
        self.store.sweep(file, epoch).await
    }

    async fn open_claims(&self, run: RunId) -> Result<Vec<ClaimId>, StoreError> {
        self.store.open_claims(run).await
    }
}

#[async_trait]
impl Registry for Database {
    async fn lock_settings(&self, wanted: LockSettings) -> Result<Agreed, StoreError> {
        self.store.lock_settings(wanted).await
    }

    async fn company_file_settings(
        &self,
        alias: &CompanyFile,
    ) -> Result<Option<CompanyFileSettings>, StoreError> {
        self.store.company_file_settings(alias).await
    }

    async fn set_company_file(
        &self,
        alias: &CompanyFile,
        business_id: &str,
        time_zone: &str,
    ) -> Result<CompanyFileWritten, StoreError> {
        self.store.set_company_file(alias, business_id, time_zone).await
    }

    async fn set_time_zone(&self, alias: &CompanyFile, time_zone: &str) -> Result<(), StoreError> {
        self.store.set_time_zone(alias, time_zone).await
    }

    async fn cut_over(&self, alias: &CompanyFile, through: Option<Date>) -> Result<(), StoreError> {
        self.store.cut_over(alias, through).await
    }

    async fn whereabouts(&self) -> Result<Whereabouts, StoreError> {
        self.store.whereabouts().await
    }

    async fn take_over(&self, quiet: Duration) -> Result<Whereabouts, StoreError> {
        self.store.take_over(quiet).await
    }

    async fn alarm(&self, file: &CompanyFile, quiet: Duration) -> Result<Alarm, StoreError> {
        if self.trouble().alarms_fail {
            return Err(StoreError::unavailable("the disk is full"));
        }
        self.store.alarm(file, quiet).await
    }
}

#[async_trait]
impl RunLock for Database {
    async fn try_acquire(&self) -> Result<LockAnswer, LockError> {
        // Another actor may come in here.
        tokio::task::yield_now().await;
        Ok(match self.store.try_acquire().await? {
            LockAnswer::Busy(holder) => LockAnswer::Busy(holder),
            LockAnswer::Acquired(held) => {
                LockAnswer::Acquired(Box::new(Hold { held, database: self.clone() }))
            }
        })
    }

    async fn state(&self) -> Result<LockState, LockError> {
        self.store.state().await
    }
}

struct Hold {
    held: Box<dyn HeldLock>,
    database: Database,
}

#[async_trait]
impl HeldLock for Hold {
    fn owner(&self) -> String {
        self.held.owner()
    }

    fn connection_id(&self) -> Option<u64> {
        self.held.connection_id()
    }

    async fn raise_epoch(&self, file: &CompanyFile) -> Result<Epoch, LockError> {
        self.held.raise_epoch(file).await
    }

    fn is_lost(&self) -> bool {
        let posts = self.database.ledger.books().posts.len();
        self.database.trouble().lock_lost_after.is_some_and(|most| posts >= most)
    }

    async fn release(self: Box<Self>) -> Result<(), LockError> {
        let lost = self.is_lost();
        self.held.release().await?;
        let trouble = self.database.trouble().release_fails.take();
        match trouble.or(lost.then_some(LockError::Lost)) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}
