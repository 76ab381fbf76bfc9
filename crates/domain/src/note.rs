//! The audit trail: a line before every request and a line after.

use crate::Outcome;

/// What a line of an invoice's trail is about. All are of type `MYOB_SYNC`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoteKind {
    /// A request is about to be sent.
    Claim,
    /// What became of it.
    Outcome,
    /// What a search of the ledger has shown.
    Inquiry,
    /// What a person did.
    Person,
    /// What PostOnce did by rule.
    Event,
}

impl NoteKind {
    /// The type that every note is filed under.
    pub const TYPE: &'static str = "MYOB_SYNC";

    /// As stored and as shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Claim => "claim",
            Self::Outcome => "outcome",
            Self::Inquiry => "inquiry",
            Self::Person => "person",
            Self::Event => "event",
        }
    }

    /// The kind that is stored as `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Claim, Self::Outcome, Self::Inquiry, Self::Person, Self::Event]
            .into_iter()
            .find(|known| known.as_str() == name)
    }
}

/// The words of a claim's note.
pub const fn claim_note() -> &'static str {
    "MYOB sync claim: posting invoice"
}

/// The words of an outcome's note.
pub fn outcome_note(outcome: &Outcome) -> String {
    format!("MYOB sync outcome: {outcome}")
}
