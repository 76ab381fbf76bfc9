//! The life of one invoice on its way to the ledger.
//!
//! ```text
//! draft ─▶ ready ◀─▶ blocked            ┌──posted────▶ posted ──gone there, proven──▶ ready
//!           ▲ │                         │
//!           │ └──────claim──▶ claimed ──┼──rejected──▶ rejected ──reprocess──▶ ready
//!           │                    │      │
//!           ├──────not sent──────┘      └──unknown───▶ in_doubt ──found, ours──────────▶ posted
//!           └──absent, by policy or person───────────────┘ │ └──found, not ours / twice──▶ needs_human
//!                                                          └──a person: posted | absent | forgotten
//! ```
//!
//! **Invariant:** time alone never leads back to `ready`; only evidence or a person does.
//!
//! **Invariant:** a late answer is never dropped: [`Life::settle`] moves the invoice or says that it
//! is to be kept as a note.

use std::fmt;

use jiff::Timestamp;

use crate::stored_name::stored_names;
use crate::{Attempt, BlockReason, ClaimId, LedgerUid, Outcome};

/// The database's id of an invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InvoiceId(pub i64);

impl fmt::Display for InvoiceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Grows by one with every change of an invoice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub i64);

/// Where an invoice stands. Each state carries the data that exists in that state only.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum InvoiceState {
    /// Not yet payable at its source.
    Draft,
    /// Waiting for a run.
    Ready,
    /// Cannot be sent as it is; tried again once in every run.
    Blocked {
        /// Why.
        reason: BlockReason,
    },
    /// A run is about to send it, or has.
    Claimed {
        /// Under which claim.
        claim: ClaimId,
    },
    /// Sent perhaps, and nobody knows what became of it.
    InDoubt {
        /// The claim in doubt.
        claim: ClaimId,
        /// When it was proven not to be in the ledger, if it was.
        absent_confirmed_at: Option<Timestamp>,
    },
    /// In the ledger. Final for every run.
    Posted {
        /// Its id there.
        uid: LedgerUid,
    },
    /// The ledger said no. Reprocess leads back.
    Rejected {
        /// The ledger's error code, if any.
        code: Option<String>,
        /// The ledger's words.
        reason: String,
    },
    /// The ledger holds something that we cannot explain. Only a person leads out.
    NeedsHuman {
        /// The documents seen.
        uids: Vec<LedgerUid>,
        /// Why a person is needed.
        reason: String,
    },
    /// A person gave it up. Final for every run.
    Forgotten,
}

stored_names! {
    /// A state without its data. They are in the order of the life.
    #[expect(missing_docs, reason = "each is the variant of `InvoiceState` of the same name")]
    StateName {
        Draft = "draft",
        Ready = "ready",
        Blocked = "blocked",
        Claimed = "claimed",
        Posted = "posted",
        Rejected = "rejected",
        InDoubt = "in_doubt",
        NeedsHuman = "needs_human",
        Forgotten = "forgotten",
    }
}

impl InvoiceState {
    /// Which state it is.
    pub const fn name(&self) -> StateName {
        match self {
            Self::Draft => StateName::Draft,
            Self::Ready => StateName::Ready,
            Self::Blocked { .. } => StateName::Blocked,
            Self::Claimed { .. } => StateName::Claimed,
            Self::InDoubt { .. } => StateName::InDoubt,
            Self::Posted { .. } => StateName::Posted,
            Self::Rejected { .. } => StateName::Rejected,
            Self::NeedsHuman { .. } => StateName::NeedsHuman,
            Self::Forgotten => StateName::Forgotten,
        }
    }

    /// The claim that the invoice carries, if it carries one.
    pub const fn claim(&self) -> Option<ClaimId> {
        match self {
            Self::Claimed { claim } | Self::InDoubt { claim, .. } => Some(*claim),
            Self::Draft
            | Self::Ready
            | Self::Blocked { .. }
            | Self::Posted { .. }
            | Self::Rejected { .. }
            | Self::NeedsHuman { .. }
            | Self::Forgotten => None,
        }
    }
}

/// What may be done to an invoice, apart from the outcome of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Move {
    /// It is payable now, or nothing stands in its way any more.
    Release,
    /// Something stands in its way.
    Block(BlockReason),
    /// A run is about to send it.
    Claim(ClaimId),
    /// Its claim was left behind by a run that is gone.
    LeaveBehind,
    /// A document of ours was found in the ledger.
    Adopt(LedgerUid),
    /// The ledger holds documents that we cannot explain.
    Alarm {
        /// The documents.
        uids: Vec<LedgerUid>,
        /// What is wrong with them.
        reason: String,
    },
    /// Two complete inquiries have found nothing.
    ConfirmAbsent(Timestamp),
    /// Proven absent, and the policy is to send it again.
    Repost,
    /// A person wants a rejected invoice to be sent again.
    Reprocess,
    /// A person says that it is this document.
    ResolvePosted(LedgerUid),
    /// A person says that it is not in the ledger.
    ResolveAbsent,
    /// A person gives it up.
    ResolveForgotten,
    /// A posted document is proven to be gone from the ledger, and a person gave the reason.
    Gone,
    /// A person sets or takes off the flag that keeps it from being claimed.
    Hold(bool),
}

/// What must still be true for a move to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Nothing happened to the invoice since it was read.
    Version(Version),
    /// The invoice still carries this claim.
    Claim(ClaimId),
}

/// Why a move is not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoveError {
    /// The guard does not hold any more.
    #[error("the invoice has moved on: it is {now}")]
    Stale {
        /// Where it is.
        now: StateName,
    },
    /// The state does not allow the move.
    #[error("cannot {verb} an invoice that is {from}")]
    NotAllowed {
        /// The move.
        verb: &'static str,
        /// The state.
        from: StateName,
    },
    /// A person holds it.
    #[error("the invoice is held")]
    Held,
}

/// What the outcome of a claim does to the invoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It moves.
    Moved(Life),
    /// The invoice is recorded as posted by this very document.
    Already,
    /// It changes nothing, and is kept as a note.
    Noted,
}

/// Where an invoice stands, with the counters that guard its moves.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Life {
    /// The state.
    pub state: InvoiceState,
    /// Raised by every change.
    pub version: Version,
    /// Claims so far.
    pub attempt: Attempt,
    /// Whether a person keeps it from being claimed.
    pub held: bool,
}

impl Life {
    /// A new invoice in `state`, never claimed.
    pub const fn new(state: InvoiceState) -> Self {
        Self { state, version: Version(1), attempt: Attempt(0), held: false }
    }

    /// Makes `wanted`, if `guard` holds and the state allows it: the one table of moves.
    pub fn apply(&self, guard: Guard, wanted: Move) -> Result<Self, MoveError> {
        self.check(guard)?;
        let verb = wanted.verb();
        let state = &self.state;
        let next = match (state, wanted) {
            (InvoiceState::Draft | InvoiceState::Blocked { .. }, Move::Release)
            | (InvoiceState::Rejected { .. }, Move::Reprocess)
            | (InvoiceState::InDoubt { absent_confirmed_at: Some(_), .. }, Move::Repost)
            | (
                InvoiceState::InDoubt { .. } | InvoiceState::NeedsHuman { .. },
                Move::ResolveAbsent,
            )
            | (InvoiceState::Posted { .. }, Move::Gone) => InvoiceState::Ready,
            (InvoiceState::Ready | InvoiceState::Blocked { .. }, Move::Block(reason)) => {
                InvoiceState::Blocked { reason }
            }
            (InvoiceState::Ready, Move::Claim(claim)) => return self.claimed(claim),
            (InvoiceState::Claimed { claim }, Move::LeaveBehind) => {
                InvoiceState::InDoubt { claim: *claim, absent_confirmed_at: None }
            }
            (InvoiceState::Ready | InvoiceState::InDoubt { .. }, Move::Adopt(uid))
            | (
                InvoiceState::InDoubt { .. } | InvoiceState::NeedsHuman { .. },
                Move::ResolvePosted(uid),
            ) => InvoiceState::Posted { uid },
            (InvoiceState::Ready | InvoiceState::InDoubt { .. }, Move::Alarm { uids, reason }) => {
                InvoiceState::NeedsHuman { uids, reason }
            }
            (
                InvoiceState::InDoubt { claim, absent_confirmed_at: None },
                Move::ConfirmAbsent(at),
            ) => InvoiceState::InDoubt { claim: *claim, absent_confirmed_at: Some(at) },
            (
                InvoiceState::InDoubt { .. } | InvoiceState::NeedsHuman { .. },
                Move::ResolveForgotten,
            ) => InvoiceState::Forgotten,
            // A hold that came too late can still be taken off.
            (state, Move::Hold(held)) if !held || !state.is_final() => {
                return Ok(Self { held, ..self.next(state.clone()) });
            }
            (state, _) => return Err(MoveError::NotAllowed { verb, from: state.name() }),
        };
        Ok(self.next(next))
    }

    /// Applies the outcome of `claim`, early or late.
    ///
    /// `taken`: whether another invoice of the company file has the outcome's UID already. That the
    /// very same outcome of the claim is on record is for the caller to see.
    pub fn settle(&self, claim: ClaimId, outcome: &Outcome, taken: bool) -> Settled {
        let carried = self.state.claim() == Some(claim);
        let next = match outcome {
            Outcome::Posted { uid } => match self.posted_late(carried, uid, taken) {
                Some(state) => state,
                None => return Settled::Already,
            },
            Outcome::Rejected { code, reason } if carried => {
                InvoiceState::Rejected { code: code.clone(), reason: reason.clone() }
            }
            Outcome::NotSent { .. } if carried => InvoiceState::Ready,
            Outcome::InDoubt { .. } if self.state == (InvoiceState::Claimed { claim }) => {
                InvoiceState::InDoubt { claim, absent_confirmed_at: None }
            }
            Outcome::Rejected { .. } | Outcome::NotSent { .. } | Outcome::InDoubt { .. } => {
                return Settled::Noted;
            }
        };
        Settled::Moved(self.next(next))
    }

    /// Where a `posted` leads; `None` if it is known already.
    fn posted_late(&self, carried: bool, uid: &LedgerUid, taken: bool) -> Option<InvoiceState> {
        let human = |uids: Vec<LedgerUid>, reason: &str| {
            Some(InvoiceState::NeedsHuman { uids, reason: reason.to_owned() })
        };
        match &self.state {
            InvoiceState::Posted { uid: known } if known == uid => None,
            InvoiceState::Posted { uid: known } => {
                human(vec![known.clone(), uid.clone()], "two documents were posted for it")
            }
            InvoiceState::NeedsHuman { uids, .. } if uids.contains(uid) => None,
            InvoiceState::NeedsHuman { uids, reason } => {
                human(uids.iter().chain([uid]).cloned().collect(), reason)
            }
            InvoiceState::Forgotten => {
                human(vec![uid.clone()], "it was forgotten, and then found to be posted")
            }
            InvoiceState::Claimed { .. } if !carried => {
                human(vec![uid.clone()], "an older claim was posted while a newer one is open")
            }
            InvoiceState::Draft
            | InvoiceState::Ready
            | InvoiceState::Blocked { .. }
            | InvoiceState::Rejected { .. }
            | InvoiceState::Claimed { .. }
            | InvoiceState::InDoubt { .. } => {
                if taken {
                    human(vec![uid.clone()], "the ledger's answer names another invoice's document")
                } else {
                    Some(InvoiceState::Posted { uid: uid.clone() })
                }
            }
        }
    }

    /// Takes new content: a blocked invoice has its chance again, a rejected one waits for
    /// reprocess. `None` once the content may have been sent.
    pub fn renew(&self) -> Option<Self> {
        match &self.state {
            InvoiceState::Blocked { .. } => Some(self.next(InvoiceState::Ready)),
            InvoiceState::Draft | InvoiceState::Ready | InvoiceState::Rejected { .. } => {
                Some(self.next(self.state.clone()))
            }
            InvoiceState::Claimed { .. }
            | InvoiceState::InDoubt { .. }
            | InvoiceState::Posted { .. }
            | InvoiceState::NeedsHuman { .. }
            | InvoiceState::Forgotten => None,
        }
    }

    fn check(&self, guard: Guard) -> Result<(), MoveError> {
        let holds = match guard {
            Guard::Version(version) => self.version == version,
            Guard::Claim(claim) => self.state.claim() == Some(claim),
        };
        if holds { Ok(()) } else { Err(MoveError::Stale { now: self.state.name() }) }
    }

    fn claimed(&self, claim: ClaimId) -> Result<Self, MoveError> {
        if self.held {
            return Err(MoveError::Held);
        }
        let attempt = Attempt(self.attempt.0 + 1);
        Ok(Self { attempt, ..self.next(InvoiceState::Claimed { claim }) })
    }

    fn next(&self, state: InvoiceState) -> Self {
        Self { state, version: Version(self.version.0 + 1), ..self.clone() }
    }
}

impl InvoiceState {
    /// Whether no run will ever touch it again.
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Posted { .. } | Self::Forgotten)
    }
}

impl Move {
    /// What the move does, as a message names it.
    pub const fn verb(&self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Block(_) => "block",
            Self::Claim(_) => "claim",
            Self::LeaveBehind => "leave behind",
            Self::Adopt(_) => "adopt a document for",
            Self::Alarm { .. } => "raise an alarm for",
            Self::ConfirmAbsent(_) => "confirm the absence of",
            Self::Repost => "repost",
            Self::Reprocess => "reprocess",
            Self::ResolvePosted(_) => "resolve as posted",
            Self::ResolveAbsent => "resolve as absent",
            Self::ResolveForgotten => "forget",
            Self::Gone => "reopen",
            Self::Hold(true) => "hold",
            Self::Hold(false) => "unhold",
        }
    }
}

#[cfg(test)]
mod tests;
