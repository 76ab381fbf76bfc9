//! What became of a claim.

use std::fmt;

use crate::LedgerUid;

/// How one claim ended, as its sender knows it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The ledger answered that the invoice is there.
    Posted {
        /// Its id in the ledger.
        uid: LedgerUid,
    },
    /// The ledger answered that it will not take the invoice.
    Rejected {
        /// The ledger's error code, if it gave one.
        code: Option<String>,
        /// The ledger's words.
        reason: String,
    },
    /// Nothing reached the ledger, or it answered that it did nothing.
    NotSent {
        /// Why.
        cause: NotSentCause,
        /// In words.
        reason: String,
    },
    /// Anything else: the invoice may be there.
    InDoubt {
        /// What was seen.
        reason: String,
    },
}

/// Why nothing was sent; decides what the run does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NotSentCause {
    /// The connection was never made.
    NoConnection,
    /// The token's time had passed before the request was handed over.
    Expired,
    /// The ledger wants a fresh access token.
    Unauthorised,
    /// The ledger wants fewer requests.
    RateLimited,
    /// The ledger denies access, or does not know the resource.
    AccessDenied,
    /// The claim's commit went unanswered, and it was found on record: only we could have sent it.
    CommitUnanswered,
}

impl NotSentCause {
    const ALL: [(Self, &'static str); 6] = [
        (Self::NoConnection, "no_connection"),
        (Self::Expired, "expired"),
        (Self::Unauthorised, "unauthorised"),
        (Self::RateLimited, "rate_limited"),
        (Self::AccessDenied, "access_denied"),
        (Self::CommitUnanswered, "commit_unanswered"),
    ];

    /// As stored and as shown.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(cause, _)| *cause == self).map_or("expired", |(_, name)| name)
    }
}

/// An outcome without its details.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OutcomeName {
    /// See [`Outcome::Posted`].
    Posted,
    /// See [`Outcome::Rejected`].
    Rejected,
    /// See [`Outcome::NotSent`].
    NotSent,
    /// See [`Outcome::InDoubt`].
    InDoubt,
}

impl OutcomeName {
    /// As stored and as shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Posted => "posted",
            Self::Rejected => "rejected",
            Self::NotSent => "not_sent",
            Self::InDoubt => "in_doubt",
        }
    }

    /// The outcome that is stored as `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Posted, Self::Rejected, Self::NotSent, Self::InDoubt]
            .into_iter()
            .find(|known| known.as_str() == name)
    }
}

impl Outcome {
    /// Which one it is.
    pub const fn name(&self) -> OutcomeName {
        match self {
            Self::Posted { .. } => OutcomeName::Posted,
            Self::Rejected { .. } => OutcomeName::Rejected,
            Self::NotSent { .. } => OutcomeName::NotSent,
            Self::InDoubt { .. } => OutcomeName::InDoubt,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Posted { uid } => write!(f, "posted as {uid}"),
            Self::Rejected { code: Some(code), reason } => write!(f, "rejected ({code}): {reason}"),
            Self::Rejected { code: None, reason } => write!(f, "rejected: {reason}"),
            Self::NotSent { cause, reason } => {
                write!(f, "not sent ({}): {reason}", cause.as_str())
            }
            Self::InDoubt { reason } => write!(f, "in doubt: {reason}"),
        }
    }
}
