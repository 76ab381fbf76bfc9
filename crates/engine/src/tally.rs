//! What a run has done so far, and whether it may go on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use postonce_domain::{
    ClaimId, CompanyFile, InvoiceId, Outcome, OutcomeName, RunCounts, StopCause,
};

/// Counters that the invoices in flight share. Never locked across an `.await`.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    counts: RunCounts,
    done: u64,
    stopped: Option<(StopCause, String)>,
    halted: bool,
    stopped_files: BTreeSet<CompanyFile>,
    troubles: BTreeMap<InvoiceId, (StopCause, String)>,
    left_alone: BTreeSet<InvoiceId>,
    failures: u32,
    refusals: usize,
    back_off: u32,
    resume_at: Duration,
    written_at: Duration,
    not_sent: BTreeMap<InvoiceId, u32>,
    unrecorded: Vec<(CompanyFile, ClaimId, Outcome)>,
}

impl Tally {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn counts(&self) -> RunCounts {
        self.inner().counts
    }

    pub(crate) fn count(&self, change: impl FnOnce(&mut RunCounts)) {
        change(&mut self.inner().counts);
    }

    pub(crate) fn done(&self) -> u64 {
        self.inner().done
    }

    /// One invoice more is done with; says whether it is time to write that down.
    pub(crate) fn one_done(&self, now: Duration) -> bool {
        const WRITE_EVERY: Duration = Duration::from_millis(500);
        let mut inner = self.inner();
        inner.done += 1;
        let due = now >= inner.written_at + WRITE_EVERY;
        if due {
            inner.written_at = now;
        }
        due
    }

    /// Takes one claim out of `limit`; false if none is left.
    pub(crate) fn take_claim(&self, limit: Option<u64>) -> bool {
        let mut inner = self.inner();
        let free = limit.is_none_or(|limit| inner.counts.claimed < limit);
        if free {
            inner.counts.claimed += 1;
        }
        free
    }

    /// Gives it back: there was no claim.
    pub(crate) fn give_back_claim(&self) {
        self.inner().counts.claimed -= 1;
    }

    /// Counts the outcome of a claim.
    pub(crate) fn ended(&self, name: OutcomeName) {
        let counts = &mut self.inner().counts;
        match name {
            OutcomeName::Posted => counts.posted += 1,
            OutcomeName::Rejected => counts.rejected += 1,
            OutcomeName::NotSent => counts.not_sent += 1,
            OutcomeName::InDoubt => counts.in_doubt += 1,
        }
    }

    /// Stops the run, for the gravest cause that comes up.
    pub(crate) fn halt(&self, cause: StopCause, words: impl Into<String>) {
        let mut inner = self.inner();
        inner.halted = true;
        inner.trouble(cause, words.into());
    }

    /// Leaves the rest of a company file alone.
    pub(crate) fn stop_file(&self, file: &CompanyFile, cause: StopCause, words: String) {
        let mut inner = self.inner();
        inner.stopped_files.insert(file.clone());
        inner.trouble(cause, words);
    }

    /// Remembers what kept an invoice from being sent, though the run goes on.
    pub(crate) fn trouble(&self, invoice: InvoiceId, cause: StopCause, words: String) {
        self.inner().troubles.insert(invoice, (cause, words));
    }

    /// The invoice went through after all.
    pub(crate) fn trouble_is_over(&self, invoice: InvoiceId) {
        self.inner().troubles.remove(&invoice);
    }

    /// This run does not touch the invoice any more.
    pub(crate) fn leave_alone(&self, invoice: InvoiceId) {
        self.inner().left_alone.insert(invoice);
    }

    pub(crate) fn is_left_alone(&self, invoice: InvoiceId) -> bool {
        self.inner().left_alone.contains(&invoice)
    }

    /// What stopped the run or kept invoices from being sent; the gravest comes first.
    pub(crate) fn stopped(&self) -> Option<(StopCause, String)> {
        let inner = self.inner();
        let trouble = inner.troubles.values().min_by_key(|(cause, _)| *cause);
        inner.stopped.iter().chain(trouble).min_by_key(|(cause, _)| *cause).cloned()
    }

    pub(crate) fn is_halted(&self) -> bool {
        self.inner().halted
    }

    pub(crate) fn is_file_stopped(&self, file: &CompanyFile) -> bool {
        self.inner().stopped_files.contains(file)
    }

    /// The ledger answered sensibly.
    pub(crate) fn ledger_answered(&self) {
        let mut inner = self.inner();
        inner.failures = 0;
        inner.refusals = 0;
        inner.back_off = 0;
    }

    /// The ledger failed; how often in a row.
    pub(crate) fn ledger_failed(&self) -> u32 {
        let mut inner = self.inner();
        inner.failures += 1;
        inner.failures
    }

    /// The ledger wants a fresh token; how often in a row.
    pub(crate) fn ledger_refused(&self) -> usize {
        let mut inner = self.inner();
        inner.refusals += 1;
        inner.refusals
    }

    /// The ledger wants fewer requests: nothing more goes out for a second, then two, then four,
    /// half a minute at most.
    pub(crate) fn slow_down(&self, now: Duration) {
        const MOST: Duration = Duration::from_secs(30);
        let mut inner = self.inner();
        if now < inner.resume_at {
            return;
        }
        let wait = Duration::from_secs(1_u64 << inner.back_off.min(5)).min(MOST);
        inner.back_off += 1;
        inner.resume_at = now + wait;
    }

    /// When requests may go out again.
    pub(crate) fn resume_at(&self) -> Duration {
        self.inner().resume_at
    }

    /// A claim of this invoice ended not sent; how many have in this run.
    pub(crate) fn not_sent(&self, invoice: InvoiceId) -> u32 {
        let mut inner = self.inner();
        let count = inner.not_sent.entry(invoice).or_insert(0);
        *count += 1;
        *count
    }

    /// An outcome that the database did not take.
    pub(crate) fn keep_unrecorded(&self, file: &CompanyFile, claim: ClaimId, outcome: Outcome) {
        self.inner().unrecorded.push((file.clone(), claim, outcome));
    }

    pub(crate) fn take_unrecorded(&self) -> Vec<(CompanyFile, ClaimId, Outcome)> {
        std::mem::take(&mut self.inner().unrecorded)
    }

    /// Claims whose outcome nobody counted. They are in doubt, unless the database has every claim
    /// of the run with an outcome: then a bug came before the claim, and there was none.
    pub(crate) fn count_the_rest(&self, all_have_outcomes: bool) {
        let counts = &mut self.inner().counts;
        let ended = counts.posted + counts.rejected + counts.not_sent + counts.in_doubt;
        if all_have_outcomes {
            counts.claimed = counts.claimed.min(ended);
        } else {
            counts.in_doubt += counts.claimed.saturating_sub(ended);
        }
    }
}

impl Inner {
    fn trouble(&mut self, cause: StopCause, words: String) {
        // Each company file has an alarm of its own.
        if let Some((StopCause::Alarm, known)) = &mut self.stopped
            && cause == StopCause::Alarm
        {
            known.push_str("; ");
            known.push_str(&words);
            return;
        }
        // The causes are ordered by gravity, the gravest first.
        if self.stopped.as_ref().is_none_or(|(known, _)| cause < *known) {
            self.stopped = Some((cause, words));
        }
    }
}

#[cfg(test)]
mod tests;
