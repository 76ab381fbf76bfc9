//! What shows that a claim had no effect: the ledger's own answer, two complete searches, or a
//! person's word. A line of the trail that says so is not enough; it must have happened.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use postonce_domain::{ClaimId, CompanyFile, InvoiceId, NoteKind, SearchKey};

use super::Monitor;
use crate::books::Request;
use crate::cast::DOUBT;
use crate::sim::Sim;

/// A database that has a clock of its own may count some seconds that the schedule does not.
const SLACK: Duration = Duration::from_secs(60);

/// What the note of a confirmed absence says.
const CONFIRMED: &str = "not in the ledger, by two complete searches";

/// What was seen of it so far.
#[derive(Debug, Default, Hash)]
pub(super) struct Evidence {
    /// When each claim was made.
    claimed_at: BTreeMap<ClaimId, Duration>,
    /// When searches for a number or a reference were answered, and not with it.
    missed: BTreeMap<(CompanyFile, String), BTreeSet<Duration>>,
    /// Claims whose absence was confirmed when two complete searches had missed them.
    searched: BTreeSet<ClaimId>,
    /// Claims of which a person says that they are not in the ledger.
    denied: BTreeSet<ClaimId>,
}

impl Evidence {
    pub(super) fn claimed(&mut self, claims: &[ClaimId], now: Duration) {
        self.claimed_at.extend(claims.iter().map(|claim| (*claim, now)));
    }

    /// A search was answered without what it is for.
    pub(super) fn missed(&mut self, file: CompanyFile, key: SearchKey, now: Duration) {
        self.missed.entry((file, words(key))).or_default().insert(now);
    }

    /// Whether two searches have missed the request, far enough from its claim and from each other.
    fn is_missed_twice(&self, request: &Request) -> bool {
        let Some(since) = self.claimed_at.get(&request.claim()) else { return false };
        let prepared = &request.prepared;
        let number = SearchKey::Number(prepared.number.clone());
        let reference = SearchKey::Reference(prepared.reference.clone());
        [number, reference].into_iter().all(|key| {
            let times = self.missed.get(&(prepared.company_file.clone(), words(key)));
            let mut times =
                times.into_iter().flatten().filter(|at| **at + SLACK >= *since + DOUBT.quiet);
            let first = times.next();
            first
                .zip(times.next_back())
                .is_some_and(|(first, last)| last.saturating_sub(*first) + SLACK >= DOUBT.recheck)
        })
    }
}

fn words(key: SearchKey) -> String {
    match key {
        SearchKey::Number(number) => format!("number {number}"),
        SearchKey::Reference(reference) => format!("reference {reference}"),
    }
}

impl Monitor {
    /// The database says now that an invoice is not in the ledger.
    pub(super) fn absent(&mut self, sim: &Sim, invoice: InvoiceId, by_person: bool) {
        if by_person {
            let notes = self.seen.get(&invoice).map(|it| it.notes.iter()).into_iter().flatten();
            let claims = notes.filter(|it| it.note.kind == NoteKind::Claim);
            self.evidence.denied.extend(claims.filter_map(|it| it.note.claim));
            return;
        }
        let state = sim.state();
        for request in state.books.requests.iter().filter(|it| it.invoice == invoice) {
            if self.evidence.is_missed_twice(request) {
                self.evidence.searched.insert(request.claim());
            }
        }
    }

    /// Whether a request is known to have had no effect, and the trail says why.
    pub(super) fn has_evidence(&self, request: &Request) -> bool {
        let Some(seen) = self.seen.get(&request.invoice) else { return false };
        let claim = request.claim();
        let mut after = seen.notes.iter().skip_while(|it| it.note.claim != Some(claim));
        after.any(|it| match it.note.kind {
            NoteKind::Outcome => {
                let no = ["rejected", "not sent"];
                it.note.claim == Some(claim) && no.iter().any(|word| it.note.text.contains(word))
            }
            NoteKind::Inquiry => {
                self.evidence.searched.contains(&claim) && it.note.text.contains(CONFIRMED)
            }
            NoteKind::Person => self.evidence.denied.contains(&claim),
            NoteKind::Claim | NoteKind::Event => false,
        })
    }
}
