//! One invoice: look it up if need be, prepare, claim, post, record.

use std::time::Duration;

use postonce_domain::{
    BlockCode, BlockReason, ClaimId, CompanyFile, Finding, Guard, InvoiceId, InvoiceState, Life,
    Marker, Move, NotAfter, NotSentCause, NoteKind, Outcome, PreparedRequest, StateName, StopCause,
};
use postonce_ports::doubt::Dossier;
use postonce_ports::error::{BoxError, StoreError};
use postonce_ports::ledger::{LedgerError, PrepareError, Receipt};
use postonce_ports::store::{
    Applied, Candidate, Change, ClaimAnswer, ClaimRefusal, ClaimRequest, FileWork, Note, POSTONCE,
    StoredInvoice,
};

use crate::room::Place;
use crate::run::{FileRun, Run, id_of};
use crate::{Engine, EngineError, Lookup};

/// A request that only its claim is missing to.
struct Prepared {
    request: PreparedRequest,
    /// When the search before it began, on the boot-time clock; `None` if none was due.
    looked_up_at: Option<Duration>,
}

/// Whether the work on an invoice goes on.
enum Step<T> {
    Go(T),
    /// All that can be done with it now is done.
    Done,
}

impl Engine {
    /// Whether the ledger is to be searched before the invoice's next claim.
    pub(crate) fn looks_up_first(&self, file: &FileWork, stored: &StoredInvoice) -> bool {
        let unsettled_past =
            file.cut_over_through.is_none_or(|through| stored.invoice.parts().date <= through);
        let always = file.alarm.is_some() || self.policy.lookup == Lookup::Always;
        stored.doubtful_past || unsettled_past || always
    }
}

impl Run<'_> {
    /// Sends one invoice, or finds out why it cannot be sent.
    pub(crate) async fn send(&self, file: &FileRun, candidate: Candidate, place: Place<'_>) {
        let invoice = id_of(&candidate);
        if self.tally.is_left_alone(invoice) {
            return;
        }
        self.tally.trouble_is_over(invoice);
        if let Err(error) = self.try_send(file, candidate, place).await {
            self.report(&file.work.company_file, invoice, error);
        }
    }

    async fn try_send(
        &self,
        file: &FileRun,
        candidate: Candidate,
        place: Place<'_>,
    ) -> Result<(), EngineError> {
        let stored = match candidate {
            Candidate::Readable(stored) => *stored,
            Candidate::Unreadable { already_blocked: true, .. } => {
                self.tally.count(|counts| counts.blocked += 1);
                return Ok(());
            }
            Candidate::Unreadable { id, version, reason, already_blocked: false } => {
                return self.block(id, Guard::Version(version), reason).await;
            }
        };
        let Step::Go(stored) = self.unblock(stored).await? else { return Ok(()) };
        let Step::Go(prepared) = self.ready_to_claim(file, &stored).await? else { return Ok(()) };
        self.claim_and_post(file, &stored, prepared, place).await
    }

    /// A blocked invoice becomes ready if nothing stands in its way any more.
    async fn unblock(&self, stored: StoredInvoice) -> Result<Step<StoredInvoice>, EngineError> {
        let InvoiceState::Blocked { reason } = &stored.life.state else {
            return Ok(Step::Go(stored));
        };
        match self.engine.ports.ledger.check(&stored.invoice).await {
            Err(PrepareError::Blocked(now)) => {
                if now == *reason {
                    self.tally.count(|counts| counts.blocked += 1);
                } else {
                    self.block(stored.id, Guard::Version(stored.life.version), now).await?;
                }
                return Ok(Step::Done);
            }
            Err(PrepareError::Ledger(error)) => return Err(error.into()),
            Ok(()) => {}
        }
        let text = "nothing blocks the invoice any more".to_owned();
        let guard = Guard::Version(stored.life.version);
        Ok(match self.event(stored.id, guard, Move::Release, text).await? {
            Applied::Moved(life) => Step::Go(StoredInvoice { life, ..stored }),
            Applied::Refused(_) | Applied::UidTaken(_) | Applied::NotFound => Step::Done,
        })
    }

    /// Brings the invoice to where only the claim is missing: looked up a moment ago where that is
    /// due, and its request prepared.
    async fn ready_to_claim(
        &self,
        file: &FileRun,
        stored: &StoredInvoice,
    ) -> Result<Step<Prepared>, EngineError> {
        // Preparing may wait for the ledger's rate, and the inquiry must not grow old meanwhile.
        const TRIES: u32 = 3;
        let ports = &self.engine.ports;
        let marker = Marker { installation: self.installation, claim: ports.ids.claim_id() };
        let looks_up = self.engine.looks_up_first(&file.work, stored);
        // What may not be sent anyway is not looked up: a stranger with its number is no alarm.
        if looks_up && let Err(refusal) = ports.ledger.check(&stored.invoice).await {
            return self.unprepared(stored, refusal).await;
        }
        for _ in 0..TRIES {
            self.wait_while_slowed(&file.work.company_file).await;
            let looked_up_at = looks_up.then(|| ports.clock.boot());
            if looks_up && self.is_found(stored).await? {
                return Ok(Step::Done);
            }
            let request = match ports.ledger.prepare(&stored.invoice, marker).await {
                Ok(request) => request,
                Err(refusal) => return self.unprepared(stored, refusal).await,
            };
            let prepared = Prepared { request, looked_up_at };
            if !self.is_too_old(&prepared) {
                return Ok(Step::Go(prepared));
            }
        }
        let words = "the ledger is too slow to look an invoice up and send it at once".to_owned();
        Err(LedgerError::Unavailable { message: words, source: None }.into())
    }

    async fn unprepared(
        &self,
        stored: &StoredInvoice,
        refusal: PrepareError,
    ) -> Result<Step<Prepared>, EngineError> {
        match refusal {
            PrepareError::Ledger(error) => Err(error.into()),
            PrepareError::Blocked(reason) => {
                self.block(stored.id, Guard::Version(stored.life.version), reason).await?;
                Ok(Step::Done)
            }
        }
    }

    /// Whether the search before the claim is no proof any more.
    fn is_too_old(&self, prepared: &Prepared) -> bool {
        let now = self.engine.ports.clock.boot();
        let age = prepared.looked_up_at.map(|begun| now.saturating_sub(begun));
        age.is_some_and(|age| age >= self.engine.policy.inquiry_max_age)
    }

    /// Searches the ledger; if the invoice or a stranger is found there, it moves without a claim.
    async fn is_found(&self, stored: &StoredInvoice) -> Result<bool, EngineError> {
        let Some(dossier) = self.engine.ports.doubts.dossier(stored.id).await? else {
            return Ok(true);
        };
        let finding = self.engine.inquire(&dossier).await?;
        let is_there = finding != Finding::Nothing;
        self.take_in(&dossier, finding).await?;
        Ok(is_there)
    }

    /// Moves an invoice that was found in the ledger, and counts it. Where it is then; `None` if
    /// nothing was found, or something else has moved it.
    pub(crate) async fn take_in(
        &self,
        dossier: &Dossier,
        finding: Finding,
    ) -> Result<Option<StateName>, EngineError> {
        let ours = matches!(finding, Finding::Ours { .. });
        let guard = Guard::Version(dossier.stored.life.version);
        let Some(life) = self.engine.conclude(dossier, guard, finding).await?.and_then(moved)
        else {
            return Ok(None);
        };
        let state = life.state.name();
        let adopted = ours && state == StateName::Posted;
        self.tally.count(
            |counts| {
                if adopted { counts.adopted += 1 } else { counts.needs_human += 1 }
            },
        );
        Ok(Some(state))
    }

    async fn claim_and_post(
        &self,
        file: &FileRun,
        stored: &StoredInvoice,
        prepared: Prepared,
        place: Place<'_>,
    ) -> Result<(), EngineError> {
        if !self.may_claim(&file.work.company_file) || !self.tally.take_claim(self.request.limit) {
            return Ok(());
        }
        let claim = prepared.request.marker.claim;
        let clock = &self.engine.ports.clock;
        // Fixed before the claim is sent to the database: a claim that takes long expires.
        let window = self.engine.policy.send_window;
        let not_after = NotAfter {
            boot: clock.boot() + window,
            wall: clock.wall().saturating_add(window).unwrap_or(jiff::Timestamp::MAX),
        };
        let wish = ClaimRequest {
            invoice: stored.id,
            version: stored.life.version,
            epoch: file.epoch,
            run: self.id,
            request: prepared.request.clone(),
            not_after,
            quiet: self.engine.policy.doubt.quiet,
        };
        let token = match self.engine.ports.store.claim(wish).await {
            Ok(ClaimAnswer::Claimed(token)) => token,
            Ok(ClaimAnswer::Refused(refusal)) => {
                self.tally.give_back_claim();
                return self.refused(stored, refusal).await;
            }
            Ok(ClaimAnswer::Unanswered(why)) => {
                return self.find_claim(&file.work.company_file, stored.id, (claim, &why)).await;
            }
            Err(error) => {
                self.tally.give_back_claim();
                return Err(error.into());
            }
        };
        let Receipt { outcome, computed } = if self.is_too_old(&prepared) {
            drop(token);
            let reason = "the claim took so long that its inquiry is too old; nothing was sent";
            Outcome::NotSent { cause: NotSentCause::Expired, reason: reason.to_owned() }.into()
        } else {
            self.engine.ports.ledger.post(token).await
        };
        if let Outcome::Posted { .. } | Outcome::Rejected { .. } = outcome {
            // The ledger has answered: it may have the next invoice while this one is written
            // down. After anything else the next one waits for what the run makes of it.
            drop(place);
        }
        // Before the outcome: what was posted is not looked at again.
        if let Some(differs) = computed.and_then(|computed| stored.invoice.differs(&computed)) {
            self.flag(stored.id, &format!("MYOB computed other amounts: {differs}")).await;
        }
        self.record(&file.work.company_file, claim, outcome.clone()).await;
        self.react(&file.work.company_file, stored.id, &outcome).await
    }

    /// Flags an invoice. Where the database does not take it, the run's own words say it.
    async fn flag(&self, invoice: InvoiceId, text: &str) {
        if let Err(error) = self.engine.ports.flags.raise(invoice, text).await {
            let words = format!("invoice {invoice} could not be flagged ({error}): {text}");
            self.tally.trouble(invoice, StopCause::DatabaseUnavailable, words);
        }
    }

    /// Another run or a person was faster, or the invoice is not what was declared.
    async fn refused(
        &self,
        stored: &StoredInvoice,
        refusal: ClaimRefusal,
    ) -> Result<(), EngineError> {
        match refusal {
            ClaimRefusal::Moved(_) => Ok(()),
            ClaimRefusal::Fenced => {
                let words = "a newer run has begun, so this one has lost the lock";
                self.tally.halt(StopCause::LockLost, words);
                Ok(())
            }
            ClaimRefusal::TotalsDiffer => {
                let text = "count or sum of the lines are not what was declared";
                let reason = BlockReason::new(BlockCode::TotalsDiffer, text);
                self.block(stored.id, Guard::Version(stored.life.version), reason).await
            }
        }
    }

    /// The claim's commit went unanswered. If the claim stands, only this run could have sent it,
    /// and it did not. If it does not, nothing is proven. Either way this run leaves the invoice
    /// alone.
    async fn find_claim(
        &self,
        file: &CompanyFile,
        invoice: InvoiceId,
        (claim, why): (ClaimId, &BoxError),
    ) -> Result<(), EngineError> {
        self.tally.leave_alone(invoice);
        let words = format!(
            "the commit of a claim of invoice {invoice} went unanswered ({why}); nothing was sent, \
             and the next run sends it"
        );
        self.tally.trouble(invoice, StopCause::DatabaseUnavailable, words);
        let reason = "the claim's commit went unanswered; nothing was sent".to_owned();
        let outcome = Outcome::NotSent { cause: NotSentCause::CommitUnanswered, reason };
        match self.engine.ports.store.read_back(claim).await {
            Ok(true) => {
                self.record(file, claim, outcome).await;
                Ok(())
            }
            Ok(false) => {
                self.tally.give_back_claim();
                Ok(())
            }
            Err(error) => {
                self.tally.keep_unrecorded(file, claim, outcome);
                Err(error.into())
            }
        }
    }

    /// What an outcome means for the rest of the run.
    async fn react(
        &self,
        file: &CompanyFile,
        invoice: InvoiceId,
        outcome: &Outcome,
    ) -> Result<(), EngineError> {
        let cause = match outcome {
            Outcome::Posted { .. } | Outcome::Rejected { .. } => {
                self.tally.ledger_answered();
                return Ok(());
            }
            Outcome::InDoubt { reason } => {
                self.ledger_failed(reason);
                return Ok(());
            }
            Outcome::NotSent { cause, reason } => {
                if self.tally.not_sent(invoice) >= self.engine.policy.claims_per_invoice_max {
                    let words = format!("invoice {invoice} was not sent, at last: {reason}");
                    self.tally.trouble(invoice, StopCause::LedgerUnavailable, words);
                    self.tally.leave_alone(invoice);
                }
                match cause {
                    NotSentCause::NoConnection => self.ledger_failed(reason),
                    NotSentCause::RateLimited => {
                        self.tally.slow_down(self.engine.ports.clock.boot());
                    }
                    NotSentCause::Unauthorised => self.token_refused(file, reason),
                    NotSentCause::Expired
                    | NotSentCause::AccessDenied
                    | NotSentCause::CommitUnanswered => {}
                }
                cause
            }
        };
        if *cause == NotSentCause::AccessDenied {
            return self.access_denied(file, invoice, outcome).await;
        }
        Ok(())
    }

    /// Access was denied: to the whole file, or to this invoice?
    async fn access_denied(
        &self,
        file: &CompanyFile,
        invoice: InvoiceId,
        outcome: &Outcome,
    ) -> Result<(), EngineError> {
        if let Err(error) = self.engine.ports.ledger.reach(file).await {
            let cause = stop_cause(&error);
            self.tally.stop_file(file, cause, format!("company file {file}: {error}"));
            return Ok(());
        }
        let Some(dossier) = self.engine.ports.doubts.dossier(invoice).await? else {
            return Ok(());
        };
        let guard = Guard::Version(dossier.stored.life.version);
        let reason = BlockReason::new(BlockCode::AccessDenied, outcome.to_string());
        self.block(invoice, guard, reason).await
    }

    /// One token that has ended is refused to each request in flight; more than a few rounds of
    /// that mean that fresh ones are refused too.
    fn token_refused(&self, file: &CompanyFile, reason: &str) {
        const ROUNDS: usize = 3;
        let most = self.engine.policy.concurrency.get().saturating_mul(ROUNDS);
        if self.tally.ledger_refused() >= most {
            let words = format!("company file {file}: {reason}");
            self.tally.stop_file(file, StopCause::NotAuthorised, words);
        }
    }

    /// Counts a failure of the ledger; after so many in a row the run stops by itself.
    fn ledger_failed(&self, reason: &str) {
        let failures = self.tally.ledger_failed();
        if failures >= self.engine.policy.ledger_failures_max {
            let words = format!("the ledger failed {failures} times in a row, at last: {reason}");
            self.tally.halt(StopCause::LedgerUnavailable, words);
        }
    }

    /// Trouble that kept an invoice from being sent.
    pub(crate) fn report(&self, file: &CompanyFile, invoice: InvoiceId, error: EngineError) {
        match error {
            // A row that cannot be read costs its invoice and nothing else.
            EngineError::Store(error @ StoreError::Corrupt { .. }) => {
                self.tally.trouble(invoice, StopCause::Unexpected, error.to_string());
            }
            // So does one that others keep locked, or that is too large.
            EngineError::Store(error @ StoreError::Refused { .. }) => {
                self.tally.trouble(invoice, StopCause::DatabaseUnavailable, error.to_string());
                self.tally.leave_alone(invoice);
            }
            EngineError::Store(error) => self.halt(&error),
            EngineError::Lock(error) => self.tally.halt(StopCause::LockLost, error.to_string()),
            EngineError::Ledger(error) => {
                let cause = stop_cause(&error);
                let words = format!("company file {file}: {error}");
                if cause == StopCause::NotAuthorised {
                    self.tally.stop_file(file, cause, words);
                } else {
                    self.tally.trouble(invoice, cause, words.clone());
                    self.ledger_failed(&words);
                }
            }
        }
    }

    async fn block(
        &self,
        invoice: InvoiceId,
        guard: Guard,
        reason: BlockReason,
    ) -> Result<(), EngineError> {
        let text = format!("the invoice is blocked: {reason}");
        if let Applied::Moved(_) = self.event(invoice, guard, Move::Block(reason), text).await? {
            self.tally.count(|counts| counts.blocked += 1);
        }
        Ok(())
    }

    async fn event(
        &self,
        invoice: InvoiceId,
        guard: Guard,
        wanted: Move,
        text: String,
    ) -> Result<Applied, EngineError> {
        let note = Note { kind: NoteKind::Event, claim: None, actor: POSTONCE.to_owned(), text };
        let change = Change { invoice, guard, wanted, note };
        Ok(self.engine.ports.store.apply(change).await?)
    }

    /// Waits until the ledger takes requests again, looking up for a wish to stop.
    pub(crate) async fn wait_while_slowed(&self, file: &CompanyFile) {
        const LOOK_EVERY: Duration = Duration::from_millis(500);
        let clock = &self.engine.ports.clock;
        loop {
            let left = self.tally.resume_at().saturating_sub(clock.boot());
            if left.is_zero() || !self.may_claim(file) {
                return;
            }
            clock.sleep(left.min(LOOK_EVERY)).await;
        }
    }
}

/// Which stop an unanswered question leads to.
pub(crate) fn stop_cause(error: &LedgerError) -> StopCause {
    match error {
        LedgerError::NotAuthorised { .. } => StopCause::NotAuthorised,
        LedgerError::Unavailable { .. } => StopCause::LedgerUnavailable,
    }
}

/// The life of an invoice that has moved; `None` if it has not.
pub(crate) fn moved(applied: Applied) -> Option<Life> {
    match applied {
        Applied::Moved(life) => Some(life),
        Applied::Refused(_) | Applied::UidTaken(_) | Applied::NotFound => None,
    }
}
