//! Invoices and doubts: every call goes to the inner store.

use async_trait::async_trait;
use postonce_domain::{
    ClaimId, CompanyFile, Epoch, InstallationId, InvoiceId, InvoiceState, LedgerUid, Life, Move,
    NoteKind, Outcome, OutcomeName, Owner, RunId,
};
use postonce_ports::doubt::{Absence, Dossier, DoubtStore, Doubtful, Miss, Probe};
use postonce_ports::error::StoreError;
use postonce_ports::intake::{Imported, Intake};
use postonce_ports::store::{
    Applied, Candidate, Change, ClaimAnswer, ClaimRefusal, ClaimRequest, FileWork, InvoiceStore,
    Page, Recorded,
};

use super::{Gated, note};
use crate::coverage::Sometimes;
use crate::op::Op;
use crate::sim::{Event, Given, Sim, Waits};

#[async_trait]
impl InvoiceStore for Gated {
    async fn installation(&self) -> Result<InstallationId, StoreError> {
        self.ask(Op::Installation, String::new(), |it| async move { it.store.installation().await })
            .await
    }

    async fn files_with_work(&self) -> Result<Vec<FileWork>, StoreError> {
        let call = |it: crate::StorePorts| async move { it.store.files_with_work().await };
        self.ask(Op::FilesWithWork, String::new(), call).await
    }

    async fn page(&self, page: Page) -> Result<Vec<Candidate>, StoreError> {
        self.ask(Op::Page, String::new(), |it| async move { it.store.page(page).await }).await
    }

    async fn life(&self, invoice: InvoiceId) -> Result<Option<Life>, StoreError> {
        self.ask(Op::Life, String::new(), move |it| async move { it.store.life(invoice).await })
            .await
    }

    async fn apply(&self, change: Change) -> Result<Applied, StoreError> {
        let sim = self.sim.clone();
        let about = self.about(|| change.wanted.verb().to_owned());
        let call = |it: crate::StorePorts| async move { apply(&sim, &it, change).await };
        self.ask(Op::Apply, about, call).await
    }

    async fn claim(&self, wish: ClaimRequest) -> Result<ClaimAnswer, StoreError> {
        let (sim, actor, inner) = (self.sim.clone(), self.actor, self.inner.clone());
        let about = self.about(|| wish.request.number.to_string());
        let effect = move |given| async move {
            if given == Given::Unsent {
                note(&sim, actor, Op::Claim, &about, "the commit goes unanswered, undone");
                sim.event(Event::Sometimes(Sometimes::CommitUnanswered));
                return Ok(unanswered());
            }
            let answer = inner.store.claim(wish).await?;
            sim.event(Event::Changed { actor: Some(actor), op: Op::Claim });
            if given == Given::Lost {
                note(&sim, actor, Op::Claim, &about, "the commit goes unanswered, done");
                sim.event(Event::Sometimes(Sometimes::CommitUnanswered));
                return Ok(unanswered());
            }
            let told = match &answer {
                ClaimAnswer::Claimed(token) => format!("attempt {}", token.attempt().0),
                ClaimAnswer::Refused(ClaimRefusal::Fenced) => {
                    sim.event(Event::Sometimes(Sometimes::Fenced));
                    "fenced out".to_owned()
                }
                ClaimAnswer::Refused(ClaimRefusal::Moved(why)) => {
                    sim.event(Event::Sometimes(Sometimes::ClaimLost));
                    format!("refused, {why}")
                }
                ClaimAnswer::Refused(ClaimRefusal::TotalsDiffer) => "totals differ".to_owned(),
                ClaimAnswer::Unanswered(why) => format!("unanswered, {why}"),
            };
            note(&sim, actor, Op::Claim, &about, &told);
            Ok(answer)
        };
        self.call(Op::Claim, Waits::ForItsTurn, effect).await
    }

    async fn read_back(&self, claim: ClaimId) -> Result<bool, StoreError> {
        let call = move |it: crate::StorePorts| async move { it.store.read_back(claim).await };
        self.ask(Op::ReadBack, String::new(), call).await
    }

    async fn settle(&self, claim: ClaimId, outcome: &Outcome) -> Result<Recorded, StoreError> {
        let (sim, outcome) = (self.sim.clone(), outcome.clone());
        let about = self.about(|| outcome.name().as_str().to_owned());
        let call = move |it: crate::StorePorts| async move {
            let recorded = it.store.settle(claim, &outcome).await?;
            let known = outcome.name() != OutcomeName::InDoubt;
            if known && recorded == Recorded::Noted {
                sim.event(Event::Sometimes(Sometimes::LateOutcome));
            }
            Ok(recorded)
        };
        self.ask(Op::Settle, about, call).await
    }

    async fn sweep(&self, file: &CompanyFile, epoch: Epoch) -> Result<u64, StoreError> {
        let (sim, file) = (self.sim.clone(), file.clone());
        let call = move |it: crate::StorePorts| async move {
            let swept = it.store.sweep(&file, epoch).await?;
            if swept > 0 {
                sim.event(Event::Sometimes(Sometimes::TakenOver));
            }
            Ok(swept)
        };
        self.ask(Op::Sweep, String::new(), call).await
    }

    async fn open_claims(&self, run: RunId) -> Result<Vec<ClaimId>, StoreError> {
        let call = move |it: crate::StorePorts| async move { it.store.open_claims(run).await };
        self.ask(Op::OpenClaims, String::new(), call).await
    }
}

/// Makes a move, and tells the invariants what they cannot see in the row.
async fn apply(
    sim: &Sim,
    ports: &crate::StorePorts,
    change: Change,
) -> Result<Applied, StoreError> {
    let ruled_out = match &change.wanted {
        Move::ResolveAbsent => match ports.store.life(change.invoice).await?.map(|it| it.state) {
            Some(InvoiceState::NeedsHuman { uids, .. }) => uids,
            _ => Vec::new(),
        },
        _ => Vec::new(),
    };
    let (is_reprocess, invoice) = (change.wanted == Move::Reprocess, change.invoice);
    let by_person = change.note.kind == NoteKind::Person;
    let absent = match &change.wanted {
        Move::ConfirmAbsent(_) => {
            sim.event(Event::Sometimes(Sometimes::ConfirmedAbsent));
            true
        }
        Move::ResolveAbsent | Move::Gone => by_person,
        _ => false,
    };
    let applied = ports.store.apply(change).await?;
    if absent && matches!(applied, Applied::Moved(_)) {
        sim.event(Event::Absent { invoice, by_person });
    }
    match applied {
        Applied::Moved(_) if !ruled_out.is_empty() => sim.event(Event::RuledOut(ruled_out)),
        Applied::Refused(_) if is_reprocess => meets_a_flight(sim, invoice),
        _ => {}
    }
    Ok(applied)
}

/// A reprocess that is refused may have met an invoice that is being sent.
fn meets_a_flight(sim: &Sim, invoice: InvoiceId) {
    let mut state = sim.state();
    let mut requests = state.books.requests.iter();
    if requests.any(|it| it.invoice == invoice && it.flight.is_in_the_air()) {
        state.events.push(Event::Sometimes(Sometimes::ReprocessedInFlight));
    }
}

fn unanswered() -> ClaimAnswer {
    ClaimAnswer::Unanswered("the connection was lost in COMMIT, by plan".into())
}

#[async_trait]
impl DoubtStore for Gated {
    async fn doubtful(&self) -> Result<Vec<Doubtful>, StoreError> {
        self.ask(Op::Doubtful, String::new(), |it| async move { it.doubts.doubtful().await }).await
    }

    async fn due(&self, file: &CompanyFile) -> Result<Vec<InvoiceId>, StoreError> {
        let file = file.clone();
        self.ask(Op::Due, String::new(), move |it| async move { it.doubts.due(&file).await }).await
    }

    async fn dossier(&self, invoice: InvoiceId) -> Result<Option<Dossier>, StoreError> {
        let sim = self.sim.clone();
        let call = move |it: crate::StorePorts| async move {
            let dossier = it.doubts.dossier(invoice).await?;
            let in_doubt =
                |it: &Dossier| matches!(it.stored.life.state, InvoiceState::Claimed { .. });
            if dossier.as_ref().is_some_and(in_doubt) {
                meets_a_flight(&sim, invoice);
            }
            Ok(dossier)
        };
        self.ask(Op::Dossier, String::new(), call).await
    }

    async fn owners(
        &self,
        file: &CompanyFile,
        claims: &[ClaimId],
        uids: &[LedgerUid],
    ) -> Result<Owner, StoreError> {
        let (file, claims, uids) = (file.clone(), claims.to_vec(), uids.to_vec());
        let call = move |it: crate::StorePorts| async move {
            it.doubts.owners(&file, &claims, &uids).await
        };
        self.ask(Op::Owners, String::new(), call).await
    }

    async fn probe(&self, file: &CompanyFile, claim: ClaimId) -> Result<Option<Probe>, StoreError> {
        let file = file.clone();
        let call = move |it: crate::StorePorts| async move { it.doubts.probe(&file, claim).await };
        self.ask(Op::Probe, String::new(), call).await
    }

    async fn record_miss(&self, miss: Miss) -> Result<Absence, StoreError> {
        let call = move |it: crate::StorePorts| async move { it.doubts.record_miss(miss).await };
        self.ask(Op::RecordMiss, String::new(), call).await
    }
}

#[async_trait]
impl Intake for Gated {
    async fn import(
        &self,
        invoices: Vec<postonce_domain::Invoice>,
    ) -> Result<Imported, StoreError> {
        let call = move |it: crate::StorePorts| async move { it.intake.import(invoices).await };
        self.ask(Op::Import, String::new(), call).await
    }
}
