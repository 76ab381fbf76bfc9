//! Invoices on their way: pages, moves, claims and outcomes.

use std::collections::BTreeMap;

use async_trait::async_trait;
use postonce_domain::{
    ClaimId, ClaimToken, CompanyFile, Epoch, Guard, InstallationId, InvoiceId, InvoiceState, Life,
    Misses, Move, NoteKind, Outcome, RunId, Settled, StateName, claim_note, outcome_note,
};
use postonce_ports::error::StoreError;
use postonce_ports::store::{
    Applied, Candidate, Change, ClaimAnswer, ClaimRefusal, ClaimRequest, FileWork, InvoiceStore,
    Note, POSTONCE, Page, Recorded, Wanted,
};

use crate::MemoryStore;
use crate::world::{ClaimRow, World, later};

#[async_trait]
impl InvoiceStore for MemoryStore {
    async fn installation(&self) -> Result<InstallationId, StoreError> {
        Ok(self.world().installation)
    }

    async fn files_with_work(&self) -> Result<Vec<FileWork>, StoreError> {
        let now = self.now();
        let world = self.world();
        let mut due: BTreeMap<CompanyFile, u64> = BTreeMap::new();
        for row in world.invoices.values() {
            let waits = matches!(row.life.state.name(), StateName::Ready | StateName::Blocked);
            if waits || row.life.state.claim().is_some() {
                *due.entry(row.company_file().clone()).or_default() +=
                    u64::from(waits && !row.life.held);
            }
        }
        let work = |(company_file, due)| {
            let cut_over_through = world.cut_overs.get(&company_file).copied();
            let alarm = world.alarm_of(&company_file, now);
            FileWork { company_file, cut_over_through, alarm, due }
        };
        Ok(due.into_iter().map(work).collect())
    }

    async fn page(&self, page: Page) -> Result<Vec<Candidate>, StoreError> {
        let world = self.world();
        let wanted = |life: &Life| match page.wanted {
            Wanted::Ready => life.state == InvoiceState::Ready,
            Wanted::ReadyOrBlocked => {
                matches!(life.state, InvoiceState::Ready | InvoiceState::Blocked { .. })
            }
            Wanted::NeverClaimed => life.state == InvoiceState::Ready && life.attempt.0 == 0,
        };
        let rows = world.invoices.iter().filter(|(id, row)| {
            page.after.is_none_or(|after| **id > after)
                && *row.company_file() == page.company_file
                && wanted(&row.life)
                && !row.life.held
        });
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
        let read = |(id, row): (&InvoiceId, _)| world.stored(*id, row);
        Ok(rows.take(limit).map(read).map(Box::new).map(Candidate::Readable).collect())
    }

    async fn life(&self, invoice: InvoiceId) -> Result<Option<Life>, StoreError> {
        Ok(self.world().invoices.get(&invoice).map(|row| row.life.clone()))
    }

    async fn apply(&self, change: Change) -> Result<Applied, StoreError> {
        let now = self.now();
        let mut world = self.world();
        let Some(row) = world.invoices.get(&change.invoice) else { return Ok(Applied::NotFound) };
        if let Move::Claim(_) = change.wanted {
            let refusal = postonce_domain::MoveError::NotAllowed {
                verb: change.wanted.verb(),
                from: row.life.state.name(),
            };
            return Ok(Applied::Refused(refusal));
        }
        let before = row.life.state.clone();
        let life = match row.life.apply(change.guard, change.wanted.clone()) {
            Ok(life) => life,
            Err(refusal) => return Ok(Applied::Refused(refusal)),
        };
        if let Move::Adopt(uid) | Move::ResolvePosted(uid) = &change.wanted
            && let Some(other) = world.owner_of(row.company_file(), uid)
        {
            return Ok(Applied::UidTaken(other));
        }
        if let (Move::ResolveAbsent, InvoiceState::NeedsHuman { uids, .. }) =
            (&change.wanted, &before)
        {
            world.ruled_out.entry(change.invoice).or_default().extend(uids.iter().cloned());
        }
        if let (Move::LeaveBehind, Some(claim)) = (&change.wanted, before.claim())
            && let Some(claim) = world.claim_mut(claim)
        {
            claim.learn(&Outcome::InDoubt { reason: change.note.text.clone() });
        }
        world.set_life(change.invoice, life.clone(), now);
        world.write_note(change.invoice, now, change.note, None);
        Ok(Applied::Moved(life))
    }

    async fn claim(&self, wish: ClaimRequest) -> Result<ClaimAnswer, StoreError> {
        let now = self.now();
        let mut world = self.world();
        let row = world.invoice(wish.invoice)?;
        let company_file = row.company_file().clone();
        if world.epochs.get(&company_file).copied().unwrap_or_default() != wish.epoch {
            return Ok(ClaimAnswer::Refused(ClaimRefusal::Fenced));
        }
        let id = wish.request.marker.claim;
        let life = match row.life.apply(Guard::Version(wish.version), Move::Claim(id)) {
            Ok(life) => life,
            Err(refusal) => return Ok(ClaimAnswer::Refused(ClaimRefusal::Moved(refusal))),
        };
        if world.claim(id).is_some() {
            return Err(StoreError::unavailable(format!("the claim id {id} was given twice")));
        }
        let attempt = life.attempt;
        let quiet_until = later(now, wish.quiet);
        world.claims.push(ClaimRow {
            id,
            invoice: wish.invoice,
            company_file,
            number: wish.request.number.clone(),
            reference: wish.request.reference.clone(),
            epoch: wish.epoch,
            run: wish.run,
            claimed_at: now,
            quiet_until,
            outcome: None,
            inquiries: 0,
            next_check: quiet_until,
            misses: Misses::default(),
        });
        world.set_life(wish.invoice, life, now);
        let note = ours(NoteKind::Claim, id, claim_note().to_owned());
        world.write_note(wish.invoice, now, note, Some(wish.request.payload.clone()));
        let token = ClaimToken::mint(wish.invoice, attempt, wish.not_after, wish.request);
        Ok(ClaimAnswer::Claimed(token))
    }

    async fn read_back(&self, claim: ClaimId) -> Result<bool, StoreError> {
        Ok(self.world().claim(claim).is_some())
    }

    async fn settle(&self, claim: ClaimId, outcome: &Outcome) -> Result<Recorded, StoreError> {
        let now = self.now();
        let mut world = self.world();
        let Some(row) = world.claim(claim) else { return Ok(Recorded::UnknownClaim) };
        let invoice = row.invoice;
        if world.knows(claim, outcome) {
            return Ok(Recorded::Already);
        }
        let taken = match outcome {
            Outcome::Posted { uid } => {
                world.owner_of(&row.company_file, uid).is_some_and(|owner| owner != invoice)
            }
            Outcome::Rejected { .. } | Outcome::NotSent { .. } | Outcome::InDoubt { .. } => false,
        };
        let settled = world.invoice(invoice)?.life.settle(claim, outcome, taken);
        if let Some(row) = world.claim_mut(claim) {
            row.learn(outcome);
        }
        world.write_note(invoice, now, ours(NoteKind::Outcome, claim, outcome_note(outcome)), None);
        Ok(match settled {
            Settled::Moved(life) => {
                let name = life.state.name();
                world.set_life(invoice, life, now);
                Recorded::Moved(name)
            }
            // Known by another way, such as an inquiry; this claim's trail did not have it yet.
            Settled::Already | Settled::Noted => Recorded::Noted,
        })
    }

    async fn sweep(&self, company_file: &CompanyFile, epoch: Epoch) -> Result<u64, StoreError> {
        let now = self.now();
        let mut world = self.world();
        let outcome = Outcome::InDoubt { reason: "the run that made the claim is gone".to_owned() };
        let mut swept = 0;
        for (invoice, claim) in world.left_behind(company_file, epoch) {
            let life = world.invoice(invoice)?.life.apply(Guard::Claim(claim), Move::LeaveBehind);
            let Ok(life) = life else { continue };
            if let Some(row) = world.claim_mut(claim) {
                row.learn(&outcome);
            }
            world.set_life(invoice, life, now);
            let note = ours(NoteKind::Outcome, claim, outcome_note(&outcome));
            world.write_note(invoice, now, note, None);
            swept += 1;
        }
        Ok(swept)
    }

    async fn open_claims(&self, run: RunId) -> Result<Vec<ClaimId>, StoreError> {
        let world = self.world();
        let open = world.claims.iter().filter(|claim| claim.run == run && claim.outcome.is_none());
        Ok(open.map(|claim| claim.id).collect())
    }
}

impl World {
    /// Whether the trail of a claim has this outcome.
    fn knows(&self, claim: ClaimId, outcome: &Outcome) -> bool {
        let text = outcome_note(outcome);
        self.notes.iter().any(|record| {
            record.note.kind == NoteKind::Outcome
                && record.note.claim == Some(claim)
                && record.note.text == text
        })
    }

    /// The claimed invoices of a file whose claim is of an older epoch.
    fn left_behind(&self, company_file: &CompanyFile, epoch: Epoch) -> Vec<(InvoiceId, ClaimId)> {
        let claims = self.claims.iter().filter(|claim| {
            let carried = InvoiceState::Claimed { claim: claim.id };
            claim.company_file == *company_file
                && claim.epoch < epoch
                && self.invoices.get(&claim.invoice).is_some_and(|row| row.life.state == carried)
        });
        claims.map(|claim| (claim.invoice, claim.id)).collect()
    }
}

fn ours(kind: NoteKind, claim: ClaimId, text: String) -> Note {
    Note { kind, claim: Some(claim), actor: POSTONCE.to_owned(), text }
}
