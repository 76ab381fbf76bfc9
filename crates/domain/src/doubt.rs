//! How long doubt lasts at least, and when the ledger is asked again.

use std::time::Duration;

/// What the quiet period is made of: how long a request of a claim may still take effect or stay
/// unseen after the claim was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuietParts {
    /// How long after the claim the request may still be handed over.
    pub send_window: Duration,
    /// How long our side waits for the answer.
    pub post_timeout: Duration,
    /// How long the ledger may work on one call.
    pub longest_call: Duration,
    /// How long after its effect a document may be missing from a search.
    pub visibility: Duration,
}

/// The bounds of being in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DoubtPolicy {
    /// From the claim until the first inquiry.
    pub quiet: Duration,
    /// Between two inquiries that are to prove absence.
    pub recheck: Duration,
    /// Whether a confirmed absent invoice is sent again without a person.
    pub repost_absent: bool,
}

/// A quiet period that may end while the request is still under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the quiet period of {} s is shorter than the {} s for which a request may still take effect",
    .wanted.as_secs(), .least.as_secs()
)]
pub struct QuietTooShort {
    /// What was asked for.
    pub wanted: Duration,
    /// What is safe.
    pub least: Duration,
}

impl QuietParts {
    /// The send window: how long a claim's request may wait before it is handed over.
    pub const SEND_WINDOW: Duration = Duration::from_secs(10);

    /// The allowance for a document that is there and not yet found.
    pub const VISIBILITY: Duration = Duration::from_secs(20);

    /// The shortest safe quiet period.
    pub fn least(&self) -> Duration {
        self.send_window + self.post_timeout + self.longest_call + self.visibility
    }

    /// `wanted`, or the shortest safe period if none is wanted; one that is too short is refused
    /// unless `allow_short`.
    pub fn quiet(
        &self,
        wanted: Option<Duration>,
        allow_short: bool,
    ) -> Result<Duration, QuietTooShort> {
        let least = self.least();
        match wanted {
            Some(wanted) if wanted < least && !allow_short => Err(QuietTooShort { wanted, least }),
            Some(wanted) => Ok(wanted),
            None => Ok(least),
        }
    }
}

impl DoubtPolicy {
    /// How long after the `inquiries`-th inquiry (counted from 1) the next one is due: the recheck
    /// time, doubled each time, a day at most and the recheck time at least.
    pub fn next_check(&self, inquiries: u32) -> Duration {
        const DAY: Duration = Duration::from_hours(24);
        let factor = 2_u32.saturating_pow(inquiries.saturating_sub(1).min(20));
        let grown = self.recheck.checked_mul(factor).unwrap_or(DAY);
        grown.min(DAY).max(self.recheck)
    }
}

#[cfg(test)]
mod tests;
