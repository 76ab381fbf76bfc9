//! The heart: what a run reads, claims and records.

use std::collections::BTreeMap;

use async_trait::async_trait;
use postonce_domain::{
    Attempt, BlockCode, ClaimId, ClaimToken, CompanyFile, Epoch, Guard, InstallationId, InvoiceId,
    InvoiceState, LedgerUid, Life, Move, MoveError, NoteKind, Outcome, OutcomeName, RunId, Settled,
    Version, claim_note, outcome_note,
};
use postonce_ports::error::StoreError;
use postonce_ports::store::{
    Applied, Candidate, Change, ClaimAnswer, ClaimRefusal, ClaimRequest, FileWork, InvoiceStore,
    Note, POSTONCE, Page, Recorded, StoredInvoice, Wanted,
};

use crate::JournalStore;
use crate::invoice::{InvoiceRow, StateRow};
use crate::journal::Failure;
use crate::rows::{ClaimRow, corrupt, next_id};
use crate::step::{Step, later, refused};

#[async_trait]
impl InvoiceStore for JournalStore {
    async fn installation(&self) -> Result<InstallationId, StoreError> {
        self.read(|step| Ok(InstallationId(step.state.itself.installation)))
    }

    async fn files_with_work(&self) -> Result<Vec<FileWork>, StoreError> {
        self.read(files_with_work)
    }

    async fn page(&self, page: Page) -> Result<Vec<Candidate>, StoreError> {
        self.read(|step| step.page(&page))
    }

    async fn life(&self, invoice: InvoiceId) -> Result<Option<Life>, StoreError> {
        self.read(|step| step.state.invoices.get(&invoice.0).map(InvoiceRow::life).transpose())
    }

    async fn apply(&self, change: Change) -> Result<Applied, StoreError> {
        Ok(self.commit(|step| step.apply(change))?)
    }

    async fn claim(&self, wish: ClaimRequest) -> Result<ClaimAnswer, StoreError> {
        match self.commit(|step| step.claim(&wish)) {
            Ok(Ok(attempt)) => Ok(ClaimAnswer::Claimed(ClaimToken::mint(
                wish.invoice,
                attempt,
                wish.not_after,
                wish.request,
            ))),
            Ok(Err(refusal)) => Ok(ClaimAnswer::Refused(refusal)),
            Err(Failure::Undone(error)) => Err(error),
            Err(Failure::Unknown(error)) => Ok(ClaimAnswer::Unanswered(error.into())),
        }
    }

    async fn read_back(&self, claim: ClaimId) -> Result<bool, StoreError> {
        self.read(|step| Ok(step.state.claim(claim.0).is_some()))
    }

    async fn settle(&self, claim: ClaimId, outcome: &Outcome) -> Result<Recorded, StoreError> {
        Ok(self.commit(|step| step.settle(claim, outcome))?)
    }

    async fn sweep(&self, company_file: &CompanyFile, epoch: Epoch) -> Result<u64, StoreError> {
        Ok(self.commit(|step| step.sweep(company_file, epoch))?)
    }

    async fn open_claims(&self, run: RunId) -> Result<Vec<ClaimId>, StoreError> {
        self.read(|step| {
            let claims = step.state.claims.values();
            let open = claims.filter(|claim| claim.run == run.0 && claim.outcome.is_none());
            Ok(open.map(|claim| ClaimId(claim.id)).collect())
        })
    }
}

fn files_with_work(step: &Step<'_>) -> Result<Vec<FileWork>, StoreError> {
    let mut due = BTreeMap::<&str, u64>::new();
    for row in step.state.invoices.values() {
        let waits = matches!(row.state, StateRow::Ready | StateRow::Blocked { .. });
        let open = matches!(row.state, StateRow::Claimed { .. } | StateRow::InDoubt { .. });
        if waits || open {
            *due.entry(&row.company_file).or_default() += u64::from(waits && !row.held);
        }
    }
    let work = due.into_iter().map(|(alias, due)| {
        let file = step.state.file(alias);
        Ok(FileWork {
            company_file: company_file(alias)?,
            cut_over_through: file.cut_over_through,
            alarm: step.alarm_of(&file),
            due,
        })
    });
    work.collect()
}

impl<'a> Step<'a> {
    fn page(&self, page: &Page) -> Result<Vec<Candidate>, StoreError> {
        let after = page.after.map_or(0, |id| id.0);
        let rows = self.state.invoices.range(after.saturating_add(1)..).map(|(_, row)| row);
        let wanted = rows.filter(|row| {
            let state = match page.wanted {
                Wanted::Ready => matches!(row.state, StateRow::Ready),
                Wanted::ReadyOrBlocked => {
                    matches!(row.state, StateRow::Ready | StateRow::Blocked { .. })
                }
                Wanted::NeverClaimed => matches!(row.state, StateRow::Ready) && row.attempt == 0,
            };
            state && !row.held && row.company_file == page.company_file.as_str()
        });
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
        wanted.take(limit).map(|row| self.candidate(row)).collect()
    }

    fn candidate(&self, row: &InvoiceRow) -> Result<Candidate, StoreError> {
        let Err(reason) = row.invoice() else {
            return Ok(Candidate::Readable(Box::new(self.stored(row)?)));
        };
        let blocked = InvoiceState::Blocked { reason: reason.clone() };
        let already_blocked = row.life().is_ok_and(|life| life.state == blocked);
        let (id, version) = (row.invoice_id(), Version(row.version));
        Ok(Candidate::Unreadable { id, version, reason, already_blocked })
    }

    /// The whole of an invoice.
    pub(crate) fn stored(&self, row: &InvoiceRow) -> Result<StoredInvoice, StoreError> {
        let mut doubtful_past = false;
        for claim in self.state.claims_of(row.id) {
            doubtful_past |= claim.known()? != Some(OutcomeName::NotSent);
        }
        let invoice = row.invoice().map_err(|why| corrupt("invoices", row.id, why))?;
        Ok(StoredInvoice { id: row.invoice_id(), life: row.life()?, invoice, doubtful_past })
    }

    pub(crate) fn apply(&mut self, change: Change) -> Result<Applied, StoreError> {
        let Some(row) = self.state.invoices.get(&change.invoice.0) else {
            return Ok(Applied::NotFound);
        };
        let (life, wanted) = (row.life()?, change.wanted);
        if matches!(wanted, Move::Claim(_)) {
            let (verb, from) = (wanted.verb(), row.state.name());
            return Ok(Applied::Refused(MoveError::NotAllowed { verb, from }));
        }
        let next = match life.apply(change.guard, wanted.clone()) {
            Ok(next) => next,
            Err(refusal) => return Ok(Applied::Refused(refusal)),
        };
        if let Move::Adopt(uid) | Move::ResolvePosted(uid) = &wanted
            && let Some(other) = self.posted_by(uid, row)
        {
            return Ok(Applied::UidTaken(other.invoice_id()));
        }
        if matches!(wanted, Move::LeaveBehind)
            && let Some(claim) = life.state.claim()
        {
            let mut claim = self.claim_row(claim)?;
            claim.learn(&Outcome::InDoubt { reason: String::new() });
            self.put_claim(claim);
        }
        let mut row = row.clone();
        if let (Move::ResolveAbsent, StateRow::NeedsHuman { uids, .. }) = (&wanted, &row.state) {
            row.ignored.extend(uids.iter().cloned());
        }
        self.move_to(&row, &next);
        self.note(row.id, change.note, None);
        Ok(Applied::Moved(next))
    }

    pub(crate) fn claim(
        &mut self,
        wish: &ClaimRequest,
    ) -> Result<Result<Attempt, ClaimRefusal>, StoreError> {
        let (request, id) = (&wish.request, wish.request.marker.claim);
        let row = self.state.invoices.get(&wish.invoice.0);
        let row = row.ok_or_else(|| refused(format!("there is no invoice {}", wish.invoice)))?;
        if Epoch(self.state.file(&row.company_file).epoch) != wish.epoch {
            return Ok(Err(ClaimRefusal::Fenced));
        }
        let next = match row.life()?.apply(Guard::Version(wish.version), Move::Claim(id)) {
            Ok(next) => next,
            Err(refusal) => return Ok(Err(ClaimRefusal::Moved(refusal))),
        };
        match row.invoice() {
            Ok(_) => {}
            Err(why) if why.code == BlockCode::TotalsDiffer => {
                return Ok(Err(ClaimRefusal::TotalsDiffer));
            }
            Err(why) => return Err(corrupt("invoices", row.id, why)),
        }
        if self.state.claim(id.0).is_some() {
            return Err(refused(format!("claim {id} is on record already")));
        }
        let quiet_until = later(self.now, wish.quiet);
        self.put_claim(ClaimRow {
            place: next_id(&self.state.claims),
            id: id.0,
            invoice: row.id,
            company_file: row.company_file.clone(),
            number: request.number.as_str().to_owned(),
            reference: request.reference.as_str().to_owned(),
            epoch: wish.epoch.0,
            run: wish.run.0,
            claimed_at: self.now,
            quiet_until,
            outcome: None,
            posted_uid: None,
            inquiries: 0,
            next_check: quiet_until,
            first_miss: None,
            proven_absent: None,
        });
        self.move_to(row, &next);
        let note = own_note(NoteKind::Claim, id, claim_note().to_owned());
        self.note(row.id, note, Some(request.payload.clone()));
        Ok(Ok(next.attempt))
    }

    pub(crate) fn settle(
        &mut self,
        id: ClaimId,
        outcome: &Outcome,
    ) -> Result<Recorded, StoreError> {
        let Some(claim) = self.state.claim(id.0) else { return Ok(Recorded::UnknownClaim) };
        let words = outcome_note(outcome);
        let known = self.state.notes_of(claim.invoice).any(|note| {
            note.kind == NoteKind::Outcome.as_str()
                && note.claim == Some(id.0)
                && note.text == words
        });
        if known {
            return Ok(Recorded::Already);
        }
        let row = self.row_of(claim)?;
        let taken = |uid: &LedgerUid| self.posted_by(uid, row).is_some();
        let taken = matches!(outcome, Outcome::Posted { uid } if taken(uid));
        let settled = row.life()?.settle(id, outcome, taken);
        let mut claim = claim.clone();
        claim.learn(outcome);
        self.put_claim(claim);
        let recorded = match settled {
            Settled::Moved(next) => {
                self.move_to(row, &next);
                Recorded::Moved(next.state.name())
            }
            Settled::Already | Settled::Noted => Recorded::Noted,
        };
        self.note(row.id, own_note(NoteKind::Outcome, id, words), None);
        Ok(recorded)
    }

    fn sweep(&mut self, company_file: &CompanyFile, epoch: Epoch) -> Result<u64, StoreError> {
        let reason = "its run is gone".to_owned();
        let words = outcome_note(&Outcome::InDoubt { reason });
        let mut swept = 0;
        for row in self.state.invoices.values() {
            let of_file = row.company_file == company_file.as_str();
            let StateRow::Claimed { claim } = row.state else { continue };
            let id = ClaimId(claim);
            if !of_file || Epoch(self.claim_row(id)?.epoch) >= epoch {
                continue;
            }
            let note = own_note(NoteKind::Outcome, id, words.clone());
            let (invoice, guard, wanted) = (row.invoice_id(), Guard::Claim(id), Move::LeaveBehind);
            let applied = self.apply(Change { invoice, guard, wanted, note })?;
            swept += u64::from(matches!(applied, Applied::Moved(_)));
        }
        Ok(swept)
    }

    /// A claim that some invoice names.
    pub(crate) fn claim_row(&self, id: ClaimId) -> Result<ClaimRow, StoreError> {
        let missing = || corrupt("claims", id, "an invoice names it, and it is not there");
        self.state.claim(id.0).cloned().ok_or_else(missing)
    }

    fn row_of(&self, claim: &ClaimRow) -> Result<&'a InvoiceRow, StoreError> {
        let missing = || corrupt("claims", claim.id, "its invoice is not there");
        self.state.invoices.get(&claim.invoice).ok_or_else(missing)
    }
}

fn own_note(kind: NoteKind, claim: ClaimId, text: String) -> Note {
    Note { kind, claim: Some(claim), actor: POSTONCE.to_owned(), text }
}

/// The alias of a stored row.
pub(crate) fn company_file(alias: &str) -> Result<CompanyFile, StoreError> {
    CompanyFile::parse(alias).map_err(|why| corrupt("company files", alias, why))
}
