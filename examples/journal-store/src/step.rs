//! A transaction in the making: what is there, what time it is, and what is to change.

use jiff::Timestamp;
use postonce_domain::{LedgerUid, Life, Misses};
use postonce_ports::error::StoreError;
use postonce_ports::registry::Alarm;
use postonce_ports::store::Note;

use crate::invoice::{InvoiceRow, StateRow};
use crate::rows::{ClaimRow, FileRow, NoteRow, Put, State, next_id};

/// One step of a port.
pub(crate) struct Step<'a> {
    /// As it was before the step.
    pub(crate) state: &'a State,
    /// By the store's clock.
    pub(crate) now: Timestamp,
    /// What the step changes.
    pub(crate) puts: Vec<Put>,
    next_note: i64,
}

impl<'a> Step<'a> {
    pub(crate) fn new(state: &'a State, now: Timestamp) -> Self {
        Self { state, now, puts: Vec::new(), next_note: next_id(&state.notes) }
    }

    pub(crate) fn put(&mut self, put: Put) {
        self.puts.push(put);
    }

    pub(crate) fn put_claim(&mut self, claim: ClaimRow) {
        self.put(Put::Claim(Box::new(claim)));
    }

    /// Writes a line of the trail.
    pub(crate) fn note(&mut self, invoice: i64, note: Note, payload: Option<String>) {
        let row = NoteRow {
            id: self.next_note,
            invoice,
            at: self.now,
            kind: note.kind.as_str().to_owned(),
            claim: note.claim.map(|claim| claim.0),
            actor: note.actor,
            text: note.text,
            payload,
        };
        self.next_note += 1;
        self.put(Put::Note(row));
    }

    /// Writes where an invoice stands now. What was missed before says nothing about that.
    pub(crate) fn move_to(&mut self, row: &InvoiceRow, life: &Life) {
        let moved = row.moved(life, self.now);
        self.put(Put::Invoice(Box::new(moved)));
        self.forget_misses(row.id);
    }

    /// Sets the misses of all claims of an invoice back.
    pub(crate) fn forget_misses(&mut self, invoice: i64) {
        for claim in self.state.claims_of(invoice) {
            // This step may have changed it.
            let mut claim = claim.clone();
            for put in &self.puts {
                if let Put::Claim(row) = put
                    && row.place == claim.place
                {
                    claim = *row.clone();
                }
            }
            if claim.misses() != Misses::default() {
                claim.set_misses(Misses::default());
                self.put_claim(claim);
            }
        }
    }

    /// The other invoice of the same company file that is posted by `uid`, if there is one.
    pub(crate) fn posted_by(&self, uid: &LedgerUid, than: &InvoiceRow) -> Option<&'a InvoiceRow> {
        self.state.invoices.values().find(|other| {
            other.id != than.id
                && other.company_file == than.company_file
                && matches!(&other.state, StateRow::Posted { uid: known } if known == uid.as_str())
        })
    }

    /// The alarm of a company file.
    pub(crate) fn alarm_of(&self, file: &FileRow) -> Option<Alarm> {
        let alarm = |quiet_until| Alarm { quiet_until, quiet_over: self.now >= quiet_until };
        file.alarm_quiet_until.map(alarm)
    }
}

pub(crate) fn refused(message: impl Into<String>) -> StoreError {
    StoreError::Refused { message: message.into() }
}

/// A time that is `by` later.
pub(crate) fn later(time: Timestamp, by: std::time::Duration) -> Timestamp {
    time.saturating_add(by).unwrap_or(Timestamp::MAX)
}
