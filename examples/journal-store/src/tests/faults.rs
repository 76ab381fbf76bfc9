//! Mistakes that somebody could make in this store, each one a type with the method that it spoils.

use std::fmt;
use std::marker::PhantomData;

use async_trait::async_trait;
use jiff::Timestamp;
use postonce_domain::{
    Attempt, ClaimId, ClaimToken, CompanyFile, Epoch, InstallationId, InvoiceId, InvoiceState,
    LedgerUid, Life, NoteKind, Outcome, Owner, RunCounts, RunId, RunStatus, Settled, outcome_note,
};
use postonce_ports::doubt::{Absence, Dossier, DoubtStore, Doubtful, Miss, Probe};
use postonce_ports::error::StoreError;
use postonce_ports::history::{NewRun, Run, RunHistory};
use postonce_ports::lock::{LockAnswer, LockError, LockState, RunLock};
use postonce_ports::registry::{
    Agreed, Alarm, CompanyFileSettings, CompanyFileWritten, LockSettings, Registry, Whereabouts,
};
use postonce_ports::store::{
    Applied, Candidate, Change, ClaimAnswer, ClaimRequest, FileWork, InvoiceStore, Note, POSTONCE,
    Page, Recorded,
};

use crate::JournalStore;
use crate::rows::Put;

/// A mistake. What it does not speak of is right.
#[async_trait]
pub(super) trait Mistake: Send + Sync + 'static {
    async fn apply(store: &JournalStore, change: Change) -> Result<Applied, StoreError> {
        store.apply(change).await
    }

    async fn claim(store: &JournalStore, wish: ClaimRequest) -> Result<ClaimAnswer, StoreError> {
        store.claim(wish).await
    }

    async fn settle(
        store: &JournalStore,
        claim: ClaimId,
        outcome: &Outcome,
    ) -> Result<Recorded, StoreError> {
        store.settle(claim, outcome).await
    }

    async fn record_miss(store: &JournalStore, miss: Miss) -> Result<Absence, StoreError> {
        store.record_miss(miss).await
    }

    async fn try_acquire(store: &JournalStore) -> Result<LockAnswer, LockError> {
        store.try_acquire().await
    }
}

/// None at all.
pub(super) struct Right;

impl Mistake for Right {}

/// The version that is stored is taken for the one that was read.
pub(super) struct ClaimIgnoresTheVersion;

#[async_trait]
impl Mistake for ClaimIgnoresTheVersion {
    async fn claim(
        store: &JournalStore,
        mut wish: ClaimRequest,
    ) -> Result<ClaimAnswer, StoreError> {
        if let Some(life) = store.life(wish.invoice).await? {
            wish.version = life.version;
        }
        store.claim(wish).await
    }
}

/// The epoch that is stored is taken for the run's.
pub(super) struct ClaimIgnoresTheEpoch;

#[async_trait]
impl Mistake for ClaimIgnoresTheEpoch {
    async fn claim(
        store: &JournalStore,
        mut wish: ClaimRequest,
    ) -> Result<ClaimAnswer, StoreError> {
        let file = wish.request.company_file.as_str();
        wish.epoch = store.read(|step| Ok(Epoch(step.state.file(file).epoch)))?;
        store.claim(wish).await
    }
}

/// The note is left for later, and lost.
pub(super) struct MoveWithoutANote;

#[async_trait]
impl Mistake for MoveWithoutANote {
    async fn apply(store: &JournalStore, change: Change) -> Result<Applied, StoreError> {
        let applied = store.commit(|step| {
            let applied = step.apply(change);
            step.puts.retain(|put| !matches!(put, Put::Note(_)));
            applied
        });
        Ok(applied?)
    }
}

/// Nobody looks whether the outcome is in the trail.
pub(super) struct OutcomeIsWrittenTwice;

#[async_trait]
impl Mistake for OutcomeIsWrittenTwice {
    async fn settle(
        store: &JournalStore,
        claim: ClaimId,
        outcome: &Outcome,
    ) -> Result<Recorded, StoreError> {
        let recorded = store.settle(claim, outcome).await?;
        if recorded == Recorded::Already {
            let again = store.commit(|step| {
                let invoice = step.claim_row(claim)?.invoice;
                step.note(invoice, outcome_line(claim, outcome), None);
                Ok(Recorded::Noted)
            });
            return Ok(again?);
        }
        Ok(recorded)
    }
}

/// A claim is written over whatever has become of the invoice since it was read.
pub(super) struct ClaimTrustsTheReader;

#[async_trait]
impl Mistake for ClaimTrustsTheReader {
    async fn claim(
        store: &JournalStore,
        mut wish: ClaimRequest,
    ) -> Result<ClaimAnswer, StoreError> {
        let as_read = store.commit(|step| {
            if let Some(row) = step.state.invoices.get(&wish.invoice.0) {
                wish.epoch = Epoch(step.state.file(&row.company_file).epoch);
                let mut life = row.life()?;
                life.state = InvoiceState::Ready;
                wish.version = life.version;
                step.move_to(row, &life);
            }
            Ok(())
        });
        as_read?;
        store.claim(wish).await
    }
}

/// Nobody looks whether the claim was refused.
pub(super) struct ClaimIsNeverRefused;

#[async_trait]
impl Mistake for ClaimIsNeverRefused {
    async fn claim(store: &JournalStore, wish: ClaimRequest) -> Result<ClaimAnswer, StoreError> {
        let (invoice, not_after, request) = (wish.invoice, wish.not_after, wish.request.clone());
        let answer = store.claim(wish).await?;
        Ok(if let ClaimAnswer::Refused(_) = answer {
            ClaimAnswer::Claimed(ClaimToken::mint(invoice, Attempt(1), not_after, request))
        } else {
            answer
        })
    }
}

/// A late answer says where the invoice stands, whatever has become of it meanwhile.
pub(super) struct OldOutcomeOverwrites;

#[async_trait]
impl Mistake for OldOutcomeOverwrites {
    async fn settle(
        store: &JournalStore,
        claim: ClaimId,
        outcome: &Outcome,
    ) -> Result<Recorded, StoreError> {
        let settled = store.commit(|step| {
            let recorded = step.settle(claim, outcome)?;
            if recorded != Recorded::Noted {
                return Ok(recorded);
            }
            let invoice = step.claim_row(claim)?.invoice;
            if let Some(row) = step.state.invoices.get(&invoice) {
                let carried = Life { state: InvoiceState::Claimed { claim }, ..row.life()? };
                if let Settled::Moved(life) = carried.settle(claim, outcome, false) {
                    step.move_to(row, &life);
                }
            }
            Ok(recorded)
        });
        Ok(settled?)
    }
}

/// Every miss counts as if it had begun after the quiet period.
pub(super) struct MissCountsTooEarly;

#[async_trait]
impl Mistake for MissCountsTooEarly {
    async fn record_miss(store: &JournalStore, miss: Miss) -> Result<Absence, StoreError> {
        store.record_miss(Miss { begun: Timestamp::MAX, ..miss }).await
    }
}

/// Who finds the lock busy takes it all the same.
pub(super) struct LockIsTakenTwice;

#[async_trait]
impl Mistake for LockIsTakenTwice {
    async fn try_acquire(store: &JournalStore) -> Result<LockAnswer, LockError> {
        let answer = store.try_acquire().await?;
        if let LockAnswer::Busy(_) = answer {
            *crate::locked(&store.0.hold) = None;
            return store.try_acquire().await;
        }
        Ok(answer)
    }
}

/// Every hold begins to count anew.
pub(super) struct EpochGoesBack;

#[async_trait]
impl Mistake for EpochGoesBack {
    async fn try_acquire(store: &JournalStore) -> Result<LockAnswer, LockError> {
        let forgotten = store.commit(|step| {
            for file in step.state.files.values() {
                let mut file = file.clone();
                file.epoch = 0;
                step.puts.push(Put::File(file));
            }
            Ok(())
        });
        forgotten.map_err(|failure| LockError::Unavailable {
            message: "no journal".to_owned(),
            source: Some(StoreError::from(failure).into()),
        })?;
        store.try_acquire().await
    }
}

fn outcome_line(claim: ClaimId, outcome: &Outcome) -> Note {
    let (actor, text) = (POSTONCE.to_owned(), outcome_note(outcome));
    Note { kind: NoteKind::Outcome, claim: Some(claim), actor, text }
}

/// A store with a mistake in it.
pub(super) struct Faulty<M>(pub(super) JournalStore, PhantomData<M>);

impl<M> Faulty<M> {
    pub(super) fn new(store: JournalStore) -> Self {
        Self(store, PhantomData)
    }
}

impl<M> Clone for Faulty<M> {
    fn clone(&self) -> Self {
        Self::new(self.0.clone())
    }
}

impl<M> fmt::Debug for Faulty<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Faulty").field(&self.0).finish()
    }
}

/// A port whose methods go to the mistake, or else straight to the store.
macro_rules! port {
    ($port:ident:
        $(mistake fn $wrong:ident($($with:ident: $what:ty),*) -> $outcome:ty;)*
        $(fn $right:ident($($arg:ident: $of:ty),*) -> $answer:ty;)*
    ) => {
        #[async_trait]
        impl<M: Mistake> $port for Faulty<M> {
            $(async fn $wrong(&self, $($with: $what),*) -> $outcome {
                M::$wrong(&self.0, $($with),*).await
            })*
            $(async fn $right(&self, $($arg: $of),*) -> $answer {
                $port::$right(&self.0, $($arg),*).await
            })*
        }
    };
}

port! { InvoiceStore:
    mistake fn apply(change: Change) -> Result<Applied, StoreError>;
    mistake fn claim(wish: ClaimRequest) -> Result<ClaimAnswer, StoreError>;
    mistake fn settle(claim: ClaimId, outcome: &Outcome) -> Result<Recorded, StoreError>;
    fn installation() -> Result<InstallationId, StoreError>;
    fn files_with_work() -> Result<Vec<FileWork>, StoreError>;
    fn page(page: Page) -> Result<Vec<Candidate>, StoreError>;
    fn life(invoice: InvoiceId) -> Result<Option<Life>, StoreError>;
    fn read_back(claim: ClaimId) -> Result<bool, StoreError>;
    fn sweep(company_file: &CompanyFile, epoch: Epoch) -> Result<u64, StoreError>;
    fn open_claims(run: RunId) -> Result<Vec<ClaimId>, StoreError>;
}

port! { DoubtStore:
    mistake fn record_miss(miss: Miss) -> Result<Absence, StoreError>;
    fn doubtful() -> Result<Vec<Doubtful>, StoreError>;
    fn due(company_file: &CompanyFile) -> Result<Vec<InvoiceId>, StoreError>;
    fn dossier(invoice: InvoiceId) -> Result<Option<Dossier>, StoreError>;
    fn owners(file: &CompanyFile, claims: &[ClaimId], uids: &[LedgerUid])
        -> Result<Owner, StoreError>;
    fn probe(file: &CompanyFile, claim: ClaimId) -> Result<Option<Probe>, StoreError>;
}

port! { RunLock:
    mistake fn try_acquire() -> Result<LockAnswer, LockError>;
    fn state() -> Result<LockState, LockError>;
}

port! { RunHistory:
    fn start(run: NewRun) -> Result<RunId, StoreError>;
    fn progress(run: RunId, counts: RunCounts, done: u64, total: u64) -> Result<(), StoreError>;
    fn finish(run: RunId, status: RunStatus, counts: RunCounts, reason: &str)
        -> Result<(), StoreError>;
    fn runs(limit: u32) -> Result<Vec<Run>, StoreError>;
}

port! { Registry:
    fn lock_settings(wanted: LockSettings) -> Result<Agreed, StoreError>;
    fn company_file_settings(alias: &CompanyFile)
        -> Result<Option<CompanyFileSettings>, StoreError>;
    fn set_company_file(alias: &CompanyFile, business_id: &str, time_zone: &str)
        -> Result<CompanyFileWritten, StoreError>;
    fn set_time_zone(alias: &CompanyFile, time_zone: &str) -> Result<(), StoreError>;
    fn cut_over(alias: &CompanyFile, through: Option<jiff::civil::Date>) -> Result<(), StoreError>;
    fn whereabouts() -> Result<Whereabouts, StoreError>;
    fn take_over(quiet: std::time::Duration) -> Result<Whereabouts, StoreError>;
    fn alarm(file: &CompanyFile, quiet: std::time::Duration) -> Result<Alarm, StoreError>;
}
