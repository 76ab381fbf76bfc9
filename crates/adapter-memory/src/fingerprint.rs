//! What tells one store from another, for searches that must recognise a state.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::world::World;

impl World {
    /// Times are hashed as they are; what a run's row says of its progress is not.
    pub(crate) fn fingerprint(&self) -> u64 {
        let hasher = &mut DefaultHasher::new();
        for (id, row) in &self.invoices {
            (id, &row.life).hash(hasher);
        }
        for claim in &self.claims {
            (claim.id, claim.invoice, claim.epoch, claim.run).hash(hasher);
            (claim.claimed_at, claim.quiet_until, claim.next_check).hash(hasher);
            (&claim.outcome, claim.inquiries, claim.misses).hash(hasher);
        }
        for record in &self.notes {
            let note = &record.note;
            (record.invoice, note.kind, note.claim, &note.text).hash(hasher);
        }
        for record in &self.file_notes {
            let note = &record.note;
            (&note.company_file, note.kind.as_str(), &note.text).hash(hasher);
        }
        (&self.ruled_out, &self.epochs, &self.cut_overs, &self.alarms).hash(hasher);
        (&self.server, &self.known_server, self.lock.is_some()).hash(hasher);
        for run in self.runs.values() {
            (run.status, run.started_at).hash(hasher);
        }
        hasher.finish()
    }
}
