//! What must be true of every schedule.

use std::fmt;

/// What must be true. L is looked at once everything has calmed down. S is looked at after every
/// step, but for what only an end can show: S10 and half of S15 when a run ends, S12 when the chaos
/// and the calm are over, S5 and S13 when all has calmed down, and then S6 and S9 once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Invariant {
    /// At most one document per company file and invoice.
    S1,
    /// Never two requests of one invoice in the air at once.
    S2,
    /// Every request has a claim and its audit note on record before it leaves.
    S3,
    /// A posted invoice stays posted, by a document that is its own.
    S4,
    /// In the end the database and the ledger agree.
    S5,
    /// What is rejected is not in the ledger.
    S6,
    /// An invoice is sent again only after evidence that the request before had no effect.
    S7,
    /// Attempts only rise, and the outcome of an older claim overwrites nothing.
    S8,
    /// The audit trail explains the row: a note for every claim, in the same transaction.
    S9,
    /// A run's counts are what happened.
    S10,
    /// A run over one company file changes nothing in another.
    S11,
    /// No lock is held that no living process has.
    S12,
    /// No due invoice is silently skipped.
    S13,
    /// No secret is shown.
    S14,
    /// Nothing panics, but by plan.
    S15,
    /// Every invoice settles within three calm runs, or is shown to a person.
    L1,
    /// Nobody waits for something that cannot happen.
    L2,
    /// After a crash the lock can be had again.
    L3,
    /// A schedule ends.
    L4,
    /// Who stands still blocks nobody else.
    L5,
    /// One invoice's refusal does not stop the others.
    L6,
}

impl Invariant {
    /// All of them.
    pub const ALL: [Self; 21] = [
        Self::S1,
        Self::S2,
        Self::S3,
        Self::S4,
        Self::S5,
        Self::S6,
        Self::S7,
        Self::S8,
        Self::S9,
        Self::S10,
        Self::S11,
        Self::S12,
        Self::S13,
        Self::S14,
        Self::S15,
        Self::L1,
        Self::L2,
        Self::L3,
        Self::L4,
        Self::L5,
        Self::L6,
    ];

    /// The invariant of a name such as `S1`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.to_string() == name)
    }

    /// What it says, in a few words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::S1 => "posted twice",
            Self::S2 => "two requests in the air at once",
            Self::S3 => "sent without a claim on record",
            Self::S4 => "a posted invoice has moved",
            Self::S5 => "database and ledger differ",
            Self::S6 => "rejected, and in the ledger",
            Self::S7 => "sent again without evidence",
            Self::S8 => "an older claim has overwritten a newer state",
            Self::S9 => "the trail does not explain the row",
            Self::S10 => "a run's counts are wrong",
            Self::S11 => "another company file was touched",
            Self::S12 => "a lock is held by nobody",
            Self::S13 => "a due invoice was skipped",
            Self::S14 => "a secret is shown",
            Self::S15 => "a bug stopped the work",
            Self::L1 => "an invoice does not settle",
            Self::L2 => "deadlock",
            Self::L3 => "the lock stays taken",
            Self::L4 => "the schedule does not end",
            Self::L5 => "one that stands still blocks another",
            Self::L6 => "one invoice stops the others",
        }
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which one.
    pub invariant: Invariant,
    /// Of what, in words.
    pub words: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.invariant, self.invariant.words(), self.words)
    }
}

/// What is wrong, if anything is.
pub(crate) type Verdict = Result<(), Violation>;

pub(crate) fn broken<T>(invariant: Invariant, words: impl Into<String>) -> Result<T, Violation> {
    Err(Violation { invariant, words: words.into() })
}
