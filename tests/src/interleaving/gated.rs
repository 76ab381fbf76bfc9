//! The ports of one actor: the memory store and a model ledger behind the gate.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt as _;
use jiff::civil::Date;
use postonce_adapter_memory::MemoryStore;
use postonce_domain::*;
use postonce_ports::doubt::{Absence, Dossier, DoubtStore, Doubtful, Miss, Probe};
use postonce_ports::error::StoreError;
use postonce_ports::history::{NewRun, Run, RunHistory};
use postonce_ports::ledger::{Ledger, LedgerError, PrepareError};
use postonce_ports::lock::{HeldLock, LockAnswer, LockError, LockState, RunLock};
use postonce_ports::registry::{
    Agreed, Alarm, CompanyFileSettings, CompanyFileWritten, LockSettings, Registry, Whereabouts,
};
use postonce_ports::store::{
    Applied, Candidate, Change, ClaimAnswer, ClaimRequest, FileWork, InvoiceStore, Page, Recorded,
    Wanted,
};

use super::gate::{Fault, Gate};
use super::story::{Bug, Setting};

/// The lock that is held, whoever has it.
pub(super) type Slot = Arc<Mutex<Option<Box<dyn HeldLock>>>>;

/// All ports of one actor.
#[derive(Clone)]
pub(super) struct Gated {
    pub(super) gate: Gate,
    pub(super) actor: usize,
    pub(super) store: MemoryStore,
    pub(super) setting: Setting,
    pub(super) slot: Slot,
}

impl Gated {
    async fn pass(&self, op: &'static str) -> Fault {
        self.gate.pass(self.actor, op).await
    }

    /// A call that either works, or fails before or after its effect.
    async fn faulty<T>(
        &self,
        op: &'static str,
        call: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        match self.pass(op).await {
            Fault::Before => Err(StoreError::unavailable("connection lost")),
            Fault::After => {
                let _effect = call.await?;
                Err(StoreError::unavailable("connection lost"))
            }
            Fault::None | Fault::Late | Fault::No => call.await,
        }
    }
}

#[async_trait]
impl InvoiceStore for Gated {
    async fn installation(&self) -> Result<InstallationId, StoreError> {
        self.store.installation().await
    }

    async fn files_with_work(&self) -> Result<Vec<FileWork>, StoreError> {
        self.pass("files_with_work").await;
        self.store.files_with_work().await
    }

    async fn page(&self, page: Page) -> Result<Vec<Candidate>, StoreError> {
        self.pass("page").await;
        if page.wanted == Wanted::NeverClaimed && self.setting.bug == Some(Bug::NeverLooksBack) {
            return Ok(Vec::new());
        }
        self.store.page(page).await
    }

    async fn life(&self, invoice: InvoiceId) -> Result<Option<Life>, StoreError> {
        self.store.life(invoice).await
    }

    async fn apply(&self, change: Change) -> Result<Applied, StoreError> {
        self.faulty("apply", self.store.apply(change)).await
    }

    async fn claim(&self, wish: ClaimRequest) -> Result<ClaimAnswer, StoreError> {
        let unanswered = || Ok(ClaimAnswer::Unanswered("connection lost in commit".into()));
        let fault = self.pass("claim").await;
        if fault == Fault::Before {
            return unanswered();
        }
        let (invoice, not_after, request) = (wish.invoice, wish.not_after, wish.request.clone());
        let answer = self.store.claim(wish).await?;
        let refused = matches!(answer, ClaimAnswer::Refused(_));
        if refused && self.setting.bug == Some(Bug::ClaimWithoutCompare) {
            let token = ClaimToken::mint(invoice, Attempt(1), not_after, request);
            return Ok(ClaimAnswer::Claimed(token));
        }
        if fault == Fault::After { unanswered() } else { Ok(answer) }
    }

    async fn read_back(&self, claim: ClaimId) -> Result<bool, StoreError> {
        self.pass("read_back").await;
        self.store.read_back(claim).await
    }

    async fn settle(&self, claim: ClaimId, outcome: &Outcome) -> Result<Recorded, StoreError> {
        self.faulty("settle", self.store.settle(claim, outcome)).await
    }

    async fn sweep(&self, file: &CompanyFile, epoch: Epoch) -> Result<u64, StoreError> {
        self.pass("sweep").await;
        let swept = self.store.sweep(file, epoch).await?;
        if swept > 0 && self.setting.bug == Some(Bug::LostClaimIsReady) {
            for doubtful in self.store.doubtful().await? {
                let cause = NotSentCause::Expired;
                let outcome = Outcome::NotSent { cause, reason: "left behind".to_owned() };
                let _moved = self.store.settle(doubtful.claim, &outcome).await?;
            }
        }
        Ok(swept)
    }

    async fn open_claims(&self, run: RunId) -> Result<Vec<ClaimId>, StoreError> {
        self.pass("open_claims").await;
        self.store.open_claims(run).await
    }
}

#[async_trait]
impl DoubtStore for Gated {
    async fn doubtful(&self) -> Result<Vec<Doubtful>, StoreError> {
        self.store.doubtful().await
    }

    async fn due(&self, file: &CompanyFile) -> Result<Vec<InvoiceId>, StoreError> {
        self.pass("due").await;
        self.store.due(file).await
    }

    async fn dossier(&self, invoice: InvoiceId) -> Result<Option<Dossier>, StoreError> {
        self.pass("dossier").await;
        self.store.dossier(invoice).await
    }

    async fn owners(
        &self,
        file: &CompanyFile,
        claims: &[ClaimId],
        uids: &[LedgerUid],
    ) -> Result<Owner, StoreError> {
        self.pass("owners").await;
        self.store.owners(file, claims, uids).await
    }

    async fn probe(&self, file: &CompanyFile, claim: ClaimId) -> Result<Option<Probe>, StoreError> {
        self.pass("probe").await;
        self.store.probe(file, claim).await
    }

    async fn record_miss(&self, miss: Miss) -> Result<Absence, StoreError> {
        self.pass("record_miss").await;
        self.store.record_miss(miss).await
    }
}

#[async_trait]
impl RunHistory for Gated {
    async fn start(&self, run: NewRun) -> Result<RunId, StoreError> {
        self.pass("start").await;
        self.store.start(run).await
    }

    async fn progress(
        &self,
        run: RunId,
        counts: RunCounts,
        done: u64,
        total: u64,
    ) -> Result<(), StoreError> {
        self.store.progress(run, counts, done, total).await
    }

    async fn finish(
        &self,
        run: RunId,
        status: RunStatus,
        counts: RunCounts,
        reason: &str,
    ) -> Result<(), StoreError> {
        self.pass("finish").await;
        self.store.finish(run, status, counts, reason).await
    }

    async fn runs(&self, limit: u32) -> Result<Vec<Run>, StoreError> {
        self.store.runs(limit).await
    }
}

#[async_trait]
impl Registry for Gated {
    async fn lock_settings(&self, wanted: LockSettings) -> Result<Agreed, StoreError> {
        self.store.lock_settings(wanted).await
    }

    async fn company_file_settings(
        &self,
        alias: &CompanyFile,
    ) -> Result<Option<CompanyFileSettings>, StoreError> {
        self.pass("company_file_settings").await;
        let mut known = self.store.company_file_settings(alias).await?;
        if self.setting.bug == Some(Bug::NeverQuiet)
            && let Some(alarm) = known.as_mut().and_then(|known| known.alarm.as_mut())
        {
            alarm.quiet_over = true;
        }
        Ok(known)
    }

    async fn set_company_file(
        &self,
        alias: &CompanyFile,
        business_id: &str,
        time_zone: &str,
    ) -> Result<CompanyFileWritten, StoreError> {
        self.store.set_company_file(alias, business_id, time_zone).await
    }

    async fn cut_over(&self, alias: &CompanyFile, through: Option<Date>) -> Result<(), StoreError> {
        self.store.cut_over(alias, through).await
    }

    async fn whereabouts(&self) -> Result<Whereabouts, StoreError> {
        self.pass("whereabouts").await;
        self.store.whereabouts().await
    }

    async fn take_over(&self, quiet: Duration) -> Result<Whereabouts, StoreError> {
        self.store.take_over(quiet).await
    }

    async fn alarm(&self, file: &CompanyFile, quiet: Duration) -> Result<Alarm, StoreError> {
        self.faulty("alarm", self.store.alarm(file, quiet)).await
    }
}

#[async_trait]
impl RunLock for Gated {
    async fn try_acquire(&self) -> Result<LockAnswer, LockError> {
        self.pass("try_acquire").await;
        if !self.setting.lock_holds {
            // The server has dropped the other's lock, and the other does not know.
            drop(self.slot.lock().unwrap_or_else(PoisonError::into_inner).take());
        }
        Ok(match self.store.try_acquire().await? {
            LockAnswer::Busy(holder) => LockAnswer::Busy(holder),
            LockAnswer::Acquired(held) => {
                let owner = held.owner();
                *self.slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(held);
                LockAnswer::Acquired(Box::new(GatedHold { owner, ports: self.clone() }))
            }
        })
    }

    async fn state(&self) -> Result<LockState, LockError> {
        self.store.state().await
    }
}

struct GatedHold {
    owner: String,
    ports: Gated,
}

impl Drop for GatedHold {
    fn drop(&mut self) {
        let mut slot = self.ports.slot.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.as_ref().is_some_and(|held| held.owner() == self.owner) {
            *slot = None;
        }
    }
}

#[async_trait]
impl HeldLock for GatedHold {
    fn owner(&self) -> String {
        self.owner.clone()
    }

    fn connection_id(&self) -> Option<u64> {
        None
    }

    async fn raise_epoch(&self, file: &CompanyFile) -> Result<Epoch, LockError> {
        self.ports.pass("raise_epoch").await;
        let slot = self.ports.slot.lock().unwrap_or_else(PoisonError::into_inner);
        match slot.as_ref() {
            Some(held) if held.owner() == self.owner => {
                held.raise_epoch(file).now_or_never().expect("the memory store never waits")
            }
            _ => Err(LockError::Lost),
        }
    }

    fn is_lost(&self) -> bool {
        false
    }

    async fn release(self: Box<Self>) -> Result<(), LockError> {
        self.ports.pass("release").await;
        Ok(())
    }
}

#[async_trait]
impl Ledger for Gated {
    async fn prepare(
        &self,
        invoice: &Invoice,
        marker: Marker,
    ) -> Result<PreparedRequest, PrepareError> {
        self.pass("prepare").await;
        let parts = invoice.parts();
        Ok(PreparedRequest {
            company_file: parts.company_file.clone(),
            marker,
            number: parts.number.clone(),
            reference: parts.external_id.clone(),
            customer: parts.customer.code.clone(),
            route: "model".to_owned(),
            payload: parts.number.to_string(),
        })
    }

    async fn check(&self, _invoice: &Invoice) -> Result<(), PrepareError> {
        Ok(())
    }

    async fn post(&self, token: ClaimToken) -> Outcome {
        let fault = self.pass("post").await;
        let now = self.gate.outside().now;
        let wall = jiff::Timestamp::UNIX_EPOCH + now;
        if token.not_after().has_passed(now, wall) {
            let cause = NotSentCause::Expired;
            return Outcome::NotSent { cause, reason: "too late".to_owned() };
        }
        let document = self.gate.document(token.request().clone());
        let uid = document.uid.clone();
        let lost = || match self.setting.bug {
            Some(Bug::LostAnswerIsNotSent) => {
                let cause = NotSentCause::NoConnection;
                Outcome::NotSent { cause, reason: "no answer".to_owned() }
            }
            _ => Outcome::InDoubt { reason: "no answer".to_owned() },
        };
        match fault {
            Fault::None => {}
            Fault::Before => return lost(),
            Fault::No => {
                return Outcome::Rejected { code: None, reason: "no".to_owned() };
            }
            Fault::After => {
                self.gate.arrive(document);
                return lost();
            }
            Fault::Late => {
                self.gate.outside().in_the_air.push(document);
                return lost();
            }
        }
        // From here on the request is in the air: a sender that crashes does not call it back.
        self.gate.outside().in_the_air.push(document);
        self.gate.pass(self.actor, "answer").await;
        let landed = {
            let mut outside = self.gate.outside();
            let place = outside.in_the_air.iter().position(|flying| flying.uid == uid);
            place.map(|place| outside.in_the_air.remove(place))
        };
        if let Some(document) = landed {
            self.gate.arrive(document);
        }
        let outside = self.gate.outside();
        let there = outside.documents.iter().any(|document| document.uid == uid);
        if there { Outcome::Posted { uid } } else { lost() }
    }

    async fn search(
        &self,
        _file: &CompanyFile,
        key: &SearchKey,
    ) -> Result<Vec<LedgerDocument>, LedgerError> {
        if self.pass("search").await == Fault::Before {
            let message = "no answer".to_owned();
            return Err(LedgerError::Unavailable { message, source: None });
        }
        let outside = self.gate.outside();
        let matching = outside.documents.iter().filter(|document| match key {
            SearchKey::Number(number) => document.request.number == *number,
            SearchKey::Reference(reference) => document.request.reference == *reference,
        });
        Ok(matching.map(view).collect())
    }

    async fn document(
        &self,
        _file: &CompanyFile,
        uid: &LedgerUid,
    ) -> Result<Option<LedgerDocument>, LedgerError> {
        let outside = self.gate.outside();
        Ok(outside.documents.iter().find(|document| document.uid == *uid).map(view))
    }

    async fn reach(&self, _file: &CompanyFile) -> Result<(), LedgerError> {
        Ok(())
    }
}

fn view(document: &super::gate::Document) -> LedgerDocument {
    LedgerDocument {
        uid: document.uid.clone(),
        number: document.request.number.to_string(),
        reference: document.request.reference.to_string(),
        memo: document.request.marker.to_string(),
        customer: document.request.customer.to_string(),
        total: Money::from_minor(100),
    }
}
