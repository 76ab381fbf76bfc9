//! Looks at every schedule from outside: what is in the database, what is in the books.
//!
//! It trusts no answer that an actor got. What it knows of the database it reads by itself, by
//! ports of its own.

mod overwritten;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use postonce_domain::{
    ClaimId, InvoiceId, InvoiceState, LedgerUid, Life, NoteKind, RunEnd, StateName,
};
use postonce_ports::lock::LockState;
use postonce_ports::reader::NoteRecord;

use self::overwritten::{is_overwritten, is_posted_for_good};
use crate::StorePorts;
use crate::books::{Books, Document, Flight, IN_THE_AIR_MAX, Request};
use crate::cast::Known;
use crate::coverage::Sometimes;
use crate::invariant::{Invariant, Violation};
use crate::op::{Kind, Op};
use crate::setting::Filter;
use crate::sim::{Event, Hold, Sim, Status};
use crate::world::World;

/// What is wrong, if anything is.
pub(crate) type Verdict = Result<(), Violation>;

pub(crate) fn broken<T>(invariant: Invariant, words: impl Into<String>) -> Result<T, Violation> {
    Err(Violation { invariant, words: words.into() })
}

/// One invoice as it was seen last.
#[derive(Clone, Debug)]
struct Seen {
    life: Life,
    notes: Vec<NoteRecord>,
}

/// See the module's text.
pub(crate) struct Monitor {
    ports: StorePorts,
    known: Vec<Known>,
    seen: BTreeMap<InvoiceId, Seen>,
    /// Documents that a person has ruled out.
    ruled_out: BTreeSet<LedgerUid>,
    /// Every claim whose note was ever on record, even if the database has gone back since.
    claims: BTreeSet<ClaimId>,
    /// Invoices that the ledger has refused before the schedule.
    refused_before: BTreeSet<InvoiceId>,
    /// The database has gone back: what it says of the past is not the past.
    pub(crate) restored: bool,
    pub(crate) sometimes: BTreeSet<Sometimes>,
    pub(crate) moves: Vec<(StateName, StateName)>,
}

impl Monitor {
    pub(crate) fn new(ports: StorePorts, known: Vec<Known>) -> Self {
        Self {
            ports,
            known,
            seen: BTreeMap::new(),
            ruled_out: BTreeSet::new(),
            claims: BTreeSet::new(),
            refused_before: BTreeSet::new(),
            restored: false,
            sometimes: BTreeSet::new(),
            moves: Vec::new(),
        }
    }

    /// Takes in what happened since the last call, and says whether it may.
    pub(crate) fn after_step(&mut self, world: &dyn World, sim: &Sim) -> Verdict {
        let events = std::mem::take(&mut sim.state().events);
        for event in events {
            match event {
                Event::Sometimes(it) => {
                    self.sometimes.insert(it);
                }
                Event::RuledOut(uids) => self.ruled_out.extend(uids),
                Event::Changed { actor, op } => self.look(world, sim, (actor, op))?,
                Event::Sent(n) => self.sent(sim, n)?,
                Event::Landed(n) => self.landed(sim, n)?,
            }
        }
        Ok(())
    }

    /// The database has gone back: it is looked at anew, and nothing is compared with before.
    pub(crate) fn begin_anew(&mut self, world: &dyn World) -> Verdict {
        self.restored = true;
        self.seen.clear();
        self.look_at_all(world)
    }

    /// Reads every invoice for the first time.
    pub(crate) fn look_at_all(&mut self, world: &dyn World) -> Verdict {
        for known in self.known.clone() {
            let seen = self.read(world, known.id, None)?;
            if seen.life.state.name() == StateName::Rejected {
                self.refused_before.insert(known.id);
            }
            self.seen.insert(known.id, seen);
        }
        Ok(())
    }

    fn read(
        &self,
        world: &dyn World,
        id: InvoiceId,
        before: Option<&Seen>,
    ) -> Result<Seen, Violation> {
        let ports = self.ports.clone();
        let known = before.map(|it| it.life.clone());
        let last = before.and_then(|it| it.notes.last().map(|note| note.id)).unwrap_or(0);
        let read = ask(world, async move {
            let Some(life) = ports.store.life(id).await? else { return Ok(None) };
            // What did not move has no new claim; its trail can wait.
            if known.as_ref() == Some(&life) {
                return Ok(Some((life, Vec::new())));
            }
            Ok(Some((life, ports.reader.notes(Some(id), last, 1_000).await?)))
        });
        match read {
            Some(Ok(Some((life, notes)))) => {
                let mut all = before.map(|it| it.notes.clone()).unwrap_or_default();
                all.extend(notes);
                Ok(Seen { life, notes: all })
            }
            Some(Ok(None)) => broken(Invariant::S13, format!("invoice {id} is gone")),
            Some(Err::<_, postonce_ports::error::StoreError>(error)) => {
                broken(Invariant::L2, format!("invoice {id} cannot be read: {error}"))
            }
            None => broken(Invariant::L2, format!("invoice {id} cannot be read: it is locked")),
        }
    }

    /// The database may have changed.
    fn look(&mut self, world: &dyn World, sim: &Sim, (actor, op): (Option<usize>, Op)) -> Verdict {
        if op.kind() == Kind::Lock || matches!(op, Op::StartRun | Op::Progress | Op::FinishRun) {
            return Ok(());
        }
        for known in self.known.clone() {
            let Some(before) = self.seen.remove(&known.id) else { continue };
            let now = self.read(world, known.id, Some(&before))?;
            if now.life != before.life {
                self.write_move(sim, &known, (&before.life, &now.life));
            }
            let notes = now.notes.iter().skip(before.notes.len());
            self.claims.extend(
                notes.filter(|it| it.note.kind == NoteKind::Claim).filter_map(|it| it.note.claim),
            );
            let verdict = self.compare(sim, (actor, op), &known, (&before, &now));
            self.seen.insert(known.id, now);
            verdict?;
        }
        Ok(())
    }

    fn write_move(&mut self, sim: &Sim, known: &Known, (before, now): (&Life, &Life)) {
        let (from, to) = (before.state.name(), now.state.name());
        self.moves.push((from, to));
        let mut state = sim.state();
        if state.modes.record
            && let Some(line) = state.record.lines.last_mut()
        {
            let text = if from == to {
                format!("{} {from}, changed", known.number)
            } else {
                format!("{} {from} → {to}", known.number)
            };
            line.rows.push(text);
        }
    }

    fn compare(
        &self,
        sim: &Sim,
        (actor, op): (Option<usize>, Op),
        known: &Known,
        (before, now): (&Seen, &Seen),
    ) -> Verdict {
        if now.life == before.life {
            return Ok(());
        }
        let name = &known.number;
        let state = sim.state();
        let only = actor.and_then(|it| state.actors.get(it)).and_then(|it| it.only.as_ref());
        if let Some(only) = only.filter(|only| **only != known.company_file) {
            let file = &known.company_file;
            return broken(Invariant::S11, format!("{name} of {file} was changed by {only}'s run"));
        }
        is_posted_for_good(&state.books, known, (&before.life, &now.life), &now.notes)?;
        if now.life.attempt < before.life.attempt {
            return broken(Invariant::S8, format!("the attempt of {name} went back"));
        }
        let settled = op == Op::Settle && before.life.state.claim().is_some();
        if settled && is_overwritten(before, now) {
            return broken(Invariant::S8, format!("{name} was moved by an older claim's outcome"));
        }
        if let InvoiceState::Rejected { .. } = now.life.state
            && !self.restored
            && self.documents_of(&state.books, known).next().is_some()
        {
            return broken(Invariant::S6, format!("{name} is rejected, and is in the ledger"));
        }
        let claims = now.notes.iter().filter(|it| it.note.kind == NoteKind::Claim).count();
        if usize::try_from(now.life.attempt.0).ok() != Some(claims) {
            let attempt = now.life.attempt.0;
            return broken(
                Invariant::S9,
                format!("{name}: attempt {attempt}, claim notes {claims}"),
            );
        }
        Ok(())
    }

    fn documents_of<'a>(
        &'a self,
        books: &'a Books,
        known: &'a Known,
    ) -> impl Iterator<Item = &'a Document> {
        books.documents.iter().filter(|it| {
            it.company_file == known.company_file
                && it.number == known.number
                && !self.ruled_out.contains(&it.uid)
        })
    }

    /// A request has left.
    fn sent(&mut self, sim: &Sim, n: usize) -> Verdict {
        let state = sim.state();
        let Some(request) = state.books.requests.get(n) else { return Ok(()) };
        let name = &request.prepared.number;
        let only = state.actors.get(request.actor).and_then(|it| it.only.as_ref());
        if only.is_some_and(|only| *only != request.prepared.company_file) {
            return broken(Invariant::S11, format!("{name} was sent by another file's run"));
        }
        if !self.claims.contains(&request.claim()) {
            return broken(Invariant::S3, format!("http#{n} for {name} has no claim on record"));
        }
        let earlier = state.books.requests.iter().take(n).filter(|it| it.is_of(request));
        let earlier: Vec<_> = earlier.collect();
        if !earlier.is_empty() {
            self.sometimes.insert(Sometimes::SentAgain);
        }
        if state
            .books
            .requests
            .iter()
            .any(|it| it.flight.is_in_the_air() && it.actor != request.actor)
        {
            self.sometimes.insert(Sometimes::TwoSend);
        }
        // What is held beyond every bound is not known to be in the air.
        let flies =
            |it: &&&Request| it.flight.is_in_the_air() && it.sent_at + IN_THE_AIR_MAX >= state.now;
        if earlier.iter().any(|it| flies(&it)) {
            return broken(Invariant::S2, format!("http#{n} for {name}: another is in the air"));
        }
        if earlier.iter().any(|it| it.attempt == request.attempt) && !self.restored {
            return broken(Invariant::S8, format!("http#{n} for {name} has no new attempt"));
        }
        let mut earlier = earlier.iter().filter(|it| it.attempt < request.attempt);
        if !self.restored
            && let Some(unsettled) = earlier.find(|it| !self.has_evidence(it.invoice, it.claim()))
        {
            let attempt = unsettled.attempt.0;
            let words =
                format!("http#{n} for {name}: nothing shows that attempt {attempt} had no effect");
            return broken(Invariant::S7, words);
        }
        Ok(())
    }

    /// Whether the trail shows that a claim had no effect: the ledger's own answer, two complete
    /// inquiries, or a person's word.
    fn has_evidence(&self, invoice: InvoiceId, claim: ClaimId) -> bool {
        let Some(seen) = self.seen.get(&invoice) else { return false };
        let mut after = seen.notes.iter().skip_while(|it| it.note.claim != Some(claim));
        after.any(|it| match it.note.kind {
            NoteKind::Outcome => {
                let no = ["rejected", "not sent"];
                it.note.claim == Some(claim) && no.iter().any(|word| it.note.text.contains(word))
            }
            NoteKind::Inquiry => it.note.text.contains("not in the ledger"),
            NoteKind::Person => true,
            NoteKind::Claim | NoteKind::Event => false,
        })
    }

    /// A request has taken effect.
    fn landed(&mut self, sim: &Sim, n: usize) -> Verdict {
        let state = sim.state();
        let Some(request) = state.books.requests.get(n) else { return Ok(()) };
        let of = |known: &&Known| known.id == request.invoice;
        let Some(known) = self.known.iter().find(of) else { return Ok(()) };
        let count = self.documents_of(&state.books, known).count();
        if count > 1 {
            return broken(
                Invariant::S1,
                format!("{} is in the ledger {count} times", known.number),
            );
        }
        let life = self.seen.get(&known.id).map(|it| it.life.state.name());
        if life == Some(StateName::Rejected) && !self.restored {
            return broken(Invariant::S6, format!("{} is rejected, and has landed", known.number));
        }
        Ok(())
    }

    /// One number for what a person would call the state: rows, lock, ledger, who waits where.
    pub(crate) fn state_key(&self, sim: &Sim) -> u64 {
        let state = sim.state();
        let rows: Vec<StateName> = self.seen.values().map(|it| it.life.state.name()).collect();
        let attempts: Vec<u32> = self.seen.values().map(|it| it.life.attempt.0).collect();
        let flights: Vec<Flight> = state.books.requests.iter().map(|it| it.flight).collect();
        let holders: Vec<usize> =
            state.holds.iter().filter(|it| it.inner.is_some()).map(|it| it.actor).collect();
        let parked: Vec<(usize, Op)> = state.parked.iter().map(|it| (it.actor, it.op)).collect();
        crate::key::key_of((rows, attempts, flights, holders, parked))
    }

    /// Where everything stands, in words.
    pub(crate) fn standing(&self, sim: &Sim) -> Vec<String> {
        let state = sim.state();
        let invoices = self.known.iter().filter_map(|known| {
            let seen = self.seen.get(&known.id)?;
            Some(format!("{} {}", known.number, seen.life.state.name()))
        });
        let requests = state.books.requests.iter();
        let requests = requests.map(|it| format!("{} {:?}", it.prepared.number, it.flight));
        invoices.chain(requests).collect()
    }

    /// Where each invoice stood when it was seen last.
    pub(crate) fn ends(&self) -> Vec<(String, StateName)> {
        let seen = |known: &Known| {
            Some((known.number.to_string(), self.seen.get(&known.id)?.life.state.name()))
        };
        self.known.iter().filter_map(seen).collect()
    }

    /// One number for what it remembers and cannot read again.
    pub(crate) fn end_key(&self) -> u64 {
        crate::key::key_of((&self.ruled_out, self.restored))
    }

    /// What must be true when nobody acts any more: no lock without a holder.
    pub(crate) fn at_rest(&self, world: &dyn World, sim: &Sim) -> Verdict {
        let kept = {
            let state = sim.state();
            let is_kept = |hold: &Hold| {
                let holder = state.actors.get(hold.actor).map(|actor| actor.status);
                hold.inner.is_some() && (hold.orphaned || holder == Some(Status::Frozen))
            };
            state.holds.iter().any(is_kept)
        };
        let ports = self.ports.clone();
        match ask(world, async move { ports.lock.state().await }) {
            Some(Ok(LockState::Held(_))) if !kept => {
                broken(Invariant::S12, "the run lock is held, and everybody has ended")
            }
            _ => Ok(()),
        }
    }

    /// What must be true of a run's own counts.
    pub(crate) fn run_ended(sim: &Sim, actor: usize, end: &RunEnd) -> Verdict {
        let counts = &end.counts;
        let sum = counts.posted + counts.rejected + counts.not_sent + counts.in_doubt;
        if counts.claimed != sum {
            return broken(Invariant::S10, format!("claimed {}, outcomes {sum}", counts.claimed));
        }
        let state = sim.state();
        let own = state.books.requests.iter().filter(|it| it.actor == actor);
        let landed = own.filter(|it| it.flight == Flight::Landed).count();
        if counts.posted > u64::try_from(landed).unwrap_or(u64::MAX) {
            let posted = counts.posted;
            return broken(
                Invariant::S10,
                format!("posted {posted}, and {landed} were answered so"),
            );
        }
        Ok(())
    }

    /// What must be true in the very end.
    pub(crate) fn at_the_end(&mut self, world: &dyn World, sim: &Sim) -> Verdict {
        for known in self.known.clone() {
            let seen = self.read(world, known.id, None)?;
            self.is_settled(sim, &known, &seen)?;
            self.seen.insert(known.id, seen);
        }
        Ok(())
    }

    /// Whether the ledger has ever said no to an invoice.
    fn was_refused(&self, books: &Books, known: &Known) -> bool {
        let mut own = books.requests.iter().filter(|it| it.invoice == known.id);
        self.restored
            || self.refused_before.contains(&known.id)
            || own.any(|it| it.flight == Flight::Refused)
    }

    fn is_settled(&self, sim: &Sim, known: &Known, seen: &Seen) -> Verdict {
        let state = sim.state();
        let name = &known.number;
        let there: Vec<&LedgerUid> =
            self.documents_of(&state.books, known).map(|it| &it.uid).collect();
        let life = seen.life.state.name();
        match (&seen.life.state, there.as_slice()) {
            (InvoiceState::Ready | InvoiceState::Draft, _) if !seen.life.held => {
                let refused = state.books.requests.iter().any(|it| it.flight == Flight::Refused);
                let which = if refused { Invariant::L6 } else { Invariant::S13 };
                let which = if seen.life.attempt.0 > 0 { Invariant::L1 } else { which };
                broken(which, format!("{name} is {life} after three calm runs"))
            }
            (InvoiceState::Claimed { .. }, _) => {
                broken(Invariant::L1, format!("{name} is {life} after three calm runs"))
            }
            (InvoiceState::Posted { uid }, there) if !there.contains(&uid) => {
                broken(Invariant::S5, format!("{name} is posted as {uid}, which is not there"))
            }
            (InvoiceState::Rejected { .. }, [_, ..]) if !self.restored => {
                broken(Invariant::S6, format!("{name} is rejected, and is in the ledger"))
            }
            (InvoiceState::Rejected { .. }, []) if !self.was_refused(&state.books, known) => {
                broken(Invariant::S13, format!("{name} is rejected, and was never refused"))
            }
            // What no search shows stays in doubt, and rightly so.
            (InvoiceState::InDoubt { .. }, [_, ..]) if state.modes.filter == Filter::Blind => {
                unpaired(known, seen)
            }
            (InvoiceState::InDoubt { .. } | InvoiceState::Blocked { .. }, [uid, ..]) => {
                broken(Invariant::S5, format!("{name} is {life}, and is in the ledger as {uid}"))
            }
            _ => unpaired(known, seen),
        }
    }
}

/// Every claim has an outcome on its trail in the end.
fn unpaired(known: &Known, seen: &Seen) -> Verdict {
    let of = |kind: NoteKind| {
        let notes = seen.notes.iter().filter(move |it| it.note.kind == kind);
        notes.filter_map(|it| it.note.claim).collect::<BTreeSet<_>>()
    };
    let without = of(NoteKind::Claim).difference(&of(NoteKind::Outcome)).count();
    if without > 0 {
        let name = &known.number;
        return broken(Invariant::S9, format!("{name}: {without} claims without an outcome"));
    }
    Ok(())
}

/// Runs a reader's future to its end; `None` if it cannot end now.
pub(crate) fn ask<T: Send + 'static>(
    world: &dyn World,
    question: impl Future<Output = T> + Send + 'static,
) -> Option<T> {
    let slot = Arc::new(Mutex::new(None));
    let answer = Arc::clone(&slot);
    let done = world.drive(Box::pin(async move {
        let made = question.await;
        *answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(made);
    }));
    if !done {
        return None;
    }
    slot.lock().unwrap_or_else(PoisonError::into_inner).take()
}
