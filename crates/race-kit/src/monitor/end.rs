//! What must be true when a run ends, when nobody acts any more, and when all has calmed down.

use std::collections::BTreeSet;

use postonce_domain::{ClaimId, InvoiceState, LedgerUid, Marker, NoteKind, RunEnd, StopCause};
use postonce_ports::lock::LockState;

use super::{Monitor, Seen, ask};
use crate::books::{Books, Document, Flight};
use crate::cast::Known;
use crate::invariant::{Invariant, Verdict, broken};
use crate::setting::Filter;
use crate::sim::{Hold, Sim, Status};
use crate::world::World;

impl Monitor {
    /// No lock without a holder.
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
            Some(Ok(_)) => Ok(()),
            Some(Err(error)) => {
                broken(Invariant::L2, format!("the run lock cannot be looked at: {error}"))
            }
            None => broken(Invariant::L2, "the run lock cannot be looked at: it is locked"),
        }
    }

    /// A run's own counts are what happened, and no bug has stopped it.
    pub(crate) fn run_ended(&self, sim: &Sim, actor: usize, end: &RunEnd) -> Verdict {
        let counts = &end.counts;
        let sum = counts.posted + counts.rejected + counts.not_sent + counts.in_doubt;
        if counts.claimed != sum {
            return broken(Invariant::S10, format!("claimed {}, outcomes {sum}", counts.claimed));
        }
        let state = sim.state();
        let own = state.actors.get(actor);
        if let Some((StopCause::Unexpected, words)) = &end.stopped
            && !own.is_some_and(|it| it.panicked)
        {
            return broken(Invariant::S15, words);
        }
        let flew = |which: &[Flight]| {
            let own = state.books.requests.iter().filter(|it| it.actor == actor);
            let count = own.filter(|it| which.contains(&it.flight)).count();
            u64::try_from(count).unwrap_or(u64::MAX)
        };
        let posted = flew(&[Flight::Landed]);
        if counts.posted > posted {
            let words = format!("posted {}, and {posted} were answered so", counts.posted);
            return broken(Invariant::S10, words);
        }
        // What the database or a bug keeps from a run, it cannot count.
        if self.restored || own.is_none_or(|it| it.panicked || it.failed) {
            return Ok(());
        }
        let rejected = flew(&[Flight::Refused]);
        let in_doubt = flew(&[Flight::Held, Flight::LandedUnanswered, Flight::Gone]);
        let claimed = self.claimed.get(&actor).copied().unwrap_or_default();
        let not_sent = claimed.saturating_sub(posted + rejected + in_doubt);
        for (what, counted, happened) in [
            ("claimed", counts.claimed, claimed),
            ("posted", counts.posted, posted),
            ("rejected", counts.rejected, rejected),
            ("in doubt", counts.in_doubt, in_doubt),
            ("not sent", counts.not_sent, not_sent),
        ] {
            if counted != happened {
                let words = format!("{counted} are counted as {what}, and {happened} were");
                return broken(Invariant::S10, words);
            }
        }
        Ok(())
    }

    /// What must be true in the very end.
    pub(crate) fn at_the_end(&mut self, world: &dyn World, sim: &Sim) -> Verdict {
        for known in self.known.clone() {
            let seen = self.read(world, known.id, (None, true))?;
            self.check_settled(sim, &known, &seen)?;
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

    fn check_settled(&self, sim: &Sim, known: &Known, seen: &Seen) -> Verdict {
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
            // The invoices of a race have all that they need.
            (InvoiceState::Blocked { reason }, []) if !seen.life.held => {
                broken(Invariant::S13, format!("{name} is blocked after three calm runs: {reason}"))
            }
            (InvoiceState::NeedsHuman { .. }, _) if !self.is_strange(&state.books, known, seen) => {
                broken(Invariant::S5, format!("{name} is {life}, and the ledger is in order"))
            }
            _ => unpaired(known, seen),
        }
    }

    /// Whether the ledger holds for an invoice what only a person can explain: two documents, a
    /// stranger's, or one that a rule does not lead to.
    fn is_strange(&self, books: &Books, known: &Known, seen: &Seen) -> bool {
        let is_of =
            |it: &&Document| it.company_file == known.company_file && it.number == known.number;
        let documents: Vec<&Document> = books.documents.iter().filter(is_of).collect();
        let [only] = documents.as_slice() else { return !documents.is_empty() };
        let claims = seen.notes.iter().filter(|it| it.note.kind == NoteKind::Claim);
        let last = claims.filter_map(|it| it.note.claim).next_back();
        let marker = Marker::find(&only.memo);
        let own = marker.filter(|it| Some(it.installation) == self.installation);
        // The late document of an older claim, or one of an invoice that was given up.
        own.is_none_or(|it| Some(it.claim) != last)
            || self.restored
            || self.given_up.contains(&known.id)
    }
}

/// Every claim has an outcome on its trail in the end.
fn unpaired(known: &Known, seen: &Seen) -> Verdict {
    let of = |kind: NoteKind| {
        let notes = seen.notes.iter().filter(move |it| it.note.kind == kind);
        notes.filter_map(|it| it.note.claim).collect::<BTreeSet<ClaimId>>()
    };
    let without = of(NoteKind::Claim).difference(&of(NoteKind::Outcome)).count();
    if without > 0 {
        let name = &known.number;
        return broken(Invariant::S9, format!("{name}: {without} claims without an outcome"));
    }
    Ok(())
}
