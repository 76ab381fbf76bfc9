//! The audit trail: a line before every request and a line after.

use crate::Outcome;
use crate::stored_name::stored_names;

stored_names! {
    /// What a line of an invoice's trail is about. All are of type `MYOB_SYNC`.
    NoteKind {
        /// A request is about to be sent.
        Claim = "claim",
        /// What became of it.
        Outcome = "outcome",
        /// What a search of the ledger has shown.
        Inquiry = "inquiry",
        /// What a person did.
        Person = "person",
        /// What PostOnce did by rule.
        Event = "event",
    }
}

impl NoteKind {
    /// The type that every note is filed under.
    pub const TYPE: &'static str = "MYOB_SYNC";
}

/// The words of a claim's note.
pub const fn claim_note() -> &'static str {
    "MYOB sync claim: posting invoice"
}

/// The words of an outcome's note.
pub fn outcome_note(outcome: &Outcome) -> String {
    format!("MYOB sync outcome: {outcome}")
}
