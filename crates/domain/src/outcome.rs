//! What became of a claim.

use std::fmt;

use crate::LedgerUid;
use crate::stored_name::stored_names;

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

stored_names! {
    /// Why nothing was sent; decides what the run does next.
    NotSentCause {
        /// The connection was never made.
        NoConnection = "no_connection",
        /// The token's time had passed before the request was handed over.
        Expired = "expired",
        /// The ledger wants a fresh access token.
        Unauthorised = "unauthorised",
        /// The ledger wants fewer requests.
        RateLimited = "rate_limited",
        /// The ledger denies access, or does not know the resource.
        AccessDenied = "access_denied",
        /// The claim's commit went unanswered, and it was found on record: only we could have sent it.
        CommitUnanswered = "commit_unanswered",
    }
}

stored_names! {
    /// An outcome without its details.
    OutcomeName {
        /// See [`Outcome::Posted`].
        Posted = "posted",
        /// See [`Outcome::Rejected`].
        Rejected = "rejected",
        /// See [`Outcome::NotSent`].
        NotSent = "not_sent",
        /// See [`Outcome::InDoubt`].
        InDoubt = "in_doubt",
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

#[cfg(test)]
mod tests;
