//! How long doubt lasts at least, and when the ledger is asked again.

use std::time::Duration;

use jiff::Timestamp;

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

/// What complete inquiries that found nothing have shown of one claim so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Misses {
    /// When the first one that counts was over.
    pub first: Option<Timestamp>,
    /// When the second one was, which proves that the document is not there.
    pub proven: Option<Timestamp>,
}

impl Misses {
    /// Adds one inquiry that lasted from `begun` to `now`.
    ///
    /// It counts if it began when the claim was quiet, and as the second one if it began at least
    /// `recheck` after the first was over.
    #[must_use]
    pub fn and(
        self,
        begun: Timestamp,
        now: Timestamp,
        quiet_until: Timestamp,
        recheck: Duration,
    ) -> Self {
        match self.first {
            _ if begun < quiet_until => self,
            None => Self { first: Some(now), ..self },
            Some(first) if begun >= later(first, recheck) => {
                Self { proven: self.proven.or(Some(now)), ..self }
            }
            Some(_) => self,
        }
    }

    /// Not before then can one more inquiry prove absence; `None` if none is needed, or none counts
    /// yet.
    pub fn again_at(&self, recheck: Duration) -> Option<Timestamp> {
        self.first.filter(|_| self.proven.is_none()).map(|first| later(first, recheck))
    }
}

fn later(time: Timestamp, by: Duration) -> Timestamp {
    time.saturating_add(by).unwrap_or(Timestamp::MAX)
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
