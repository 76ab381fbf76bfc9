//! Looks at every schedule from outside: what is in the database, what is in the books.
//!
//! It trusts no answer that an actor got. What it knows of the database it reads by itself, by
//! ports of its own.

mod end;
mod evidence;
mod overwritten;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use postonce_domain::{
    ClaimId, CompanyFile, InstallationId, InvoiceId, InvoiceState, LedgerUid, Life, NoteKind,
    StateName,
};
use postonce_ports::reader::NoteRecord;

use self::evidence::Evidence;
use self::overwritten::{check_posted, is_overwritten};
use crate::StorePorts;
use crate::books::{Books, Document, Flight, IN_THE_AIR_MAX, Request};
use crate::cast::Known;
use crate::coverage::Sometimes;
use crate::invariant::{Invariant, Verdict, Violation, broken};
use crate::op::{Kind, Op};
use crate::sim::{Event, Sim};
use crate::world::World;

/// One invoice as it was seen last.
#[derive(Clone, Debug)]
struct Seen {
    life: Life,
    notes: Vec<NoteRecord>,
}

/// Who looks at a schedule from outside, and what he remembers of it.
pub(crate) struct Monitor {
    ports: StorePorts,
    known: Vec<Known>,
    /// Whose markers are the database's own.
    installation: Option<InstallationId>,
    seen: BTreeMap<InvoiceId, Seen>,
    /// Documents that a person has ruled out.
    ruled_out: BTreeSet<LedgerUid>,
    /// Every claim whose note was ever on record, even if the database has gone back since.
    claims: BTreeSet<ClaimId>,
    /// What shows that claims had no effect.
    evidence: Evidence,
    /// Claims that each actor has made.
    claimed: BTreeMap<usize, u64>,
    /// Invoices that the ledger has refused before the schedule.
    refused_before: BTreeSet<InvoiceId>,
    /// Invoices that a person has given up.
    given_up: BTreeSet<InvoiceId>,
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
            installation: None,
            seen: BTreeMap::new(),
            ruled_out: BTreeSet::new(),
            claims: BTreeSet::new(),
            evidence: Evidence::default(),
            claimed: BTreeMap::new(),
            refused_before: BTreeSet::new(),
            given_up: BTreeSet::new(),
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
                Event::Missed(file, key) => self.evidence.missed(file, key, sim.state().now),
                Event::Absent { invoice, by_person } => self.absent(sim, invoice, by_person),
                Event::Touched { actor, file } => Self::touched(sim, actor, &file)?,
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
        let ports = self.ports.clone();
        self.installation = match ask(world, async move { ports.store.installation().await }) {
            Some(Ok(installation)) => Some(installation),
            Some(Err(error)) => {
                return broken(Invariant::L2, format!("the installation cannot be read: {error}"));
            }
            None => return broken(Invariant::L2, "the installation cannot be read: it is locked"),
        };
        for known in self.known.clone() {
            let seen = self.read(world, known.id, (None, true))?;
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
        (before, all_notes): (Option<&Seen>, bool),
    ) -> Result<Seen, Violation> {
        let ports = self.ports.clone();
        let known = before.map(|it| it.life.clone());
        let last = before.and_then(|it| it.notes.last().map(|note| note.id)).unwrap_or(0);
        let read = ask(world, async move {
            let Some(life) = ports.store.life(id).await? else { return Ok(None) };
            // What did not move has no new claim; its trail can wait.
            if known.as_ref() == Some(&life) && !all_notes {
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
        let only = only_file(sim, actor);
        for known in self.known.clone() {
            let Some(before) = self.seen.remove(&known.id) else { continue };
            let foreign = only.as_ref().is_some_and(|only| *only != known.company_file);
            let now = self.read(world, known.id, (Some(&before), foreign))?;
            if now.life != before.life {
                self.write_move(sim, &known, (&before.life, &now.life));
            }
            if now.life.state == InvoiceState::Forgotten {
                self.given_up.insert(known.id);
            }
            self.take_claims(sim, actor, now.notes.get(before.notes.len()..).unwrap_or_default());
            let changed = now.life != before.life || now.notes.len() > before.notes.len();
            let verdict = if foreign && changed {
                let (name, file) = (&known.number, &known.company_file);
                broken(Invariant::S11, format!("{name} of {file} was changed by another's run"))
            } else {
                self.compare(sim, op, &known, (&before, &now))
            };
            self.seen.insert(known.id, now);
            verdict?;
        }
        Ok(())
    }

    /// Remembers the claims among new notes.
    fn take_claims(&mut self, sim: &Sim, actor: Option<usize>, notes: &[NoteRecord]) {
        let claims = notes.iter().filter(|it| it.note.kind == NoteKind::Claim);
        let claims: Vec<ClaimId> = claims.filter_map(|it| it.note.claim).collect();
        if claims.is_empty() {
            return;
        }
        if let Some(actor) = actor {
            let count = u64::try_from(claims.len()).unwrap_or(u64::MAX);
            *self.claimed.entry(actor).or_default() += count;
        }
        self.evidence.claimed(&claims, sim.state().now);
        self.claims.extend(claims);
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

    fn compare(&self, sim: &Sim, op: Op, known: &Known, (before, now): (&Seen, &Seen)) -> Verdict {
        if now.life == before.life {
            return Ok(());
        }
        let name = &known.number;
        let state = sim.state();
        check_posted(&state.books, (known, self.installation), (&before.life, now))?;
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

    /// A run has touched a company file elsewhere than in an invoice.
    fn touched(sim: &Sim, actor: usize, file: &CompanyFile) -> Verdict {
        match only_file(sim, Some(actor)) {
            Some(only) if only != *file => {
                broken(Invariant::S11, format!("{file} was touched by {only}'s run"))
            }
            _ => Ok(()),
        }
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
            && let Some(unsettled) = earlier.find(|it| !self.has_evidence(it))
        {
            let attempt = unsettled.attempt.0;
            let words =
                format!("http#{n} for {name}: nothing shows that attempt {attempt} had no effect");
            return broken(Invariant::S7, words);
        }
        Ok(())
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
        let own = (&self.ruled_out, &self.given_up, &self.evidence, self.restored);
        crate::key::key_of(own)
    }
}

/// The only company file that an actor may touch, if there is one.
fn only_file(sim: &Sim, actor: Option<usize>) -> Option<CompanyFile> {
    let state = sim.state();
    state.actors.get(actor?)?.only.clone()
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
