//! Schedules: when they fire, and what came of each fire.
//!
//! A fire is a schedule's name and the moment it was planned for. Any number of processes watch one
//! schedule; the store gives each fire to one of them.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use postonce_domain::RunId;

use crate::error::StoreError;

/// When a schedule fires.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait Timetable: Send + Sync {
    /// The first fire after an instant; `None` if there is none any more.
    fn next(&self, after: Timestamp) -> Option<Timestamp>;

    /// The last fire before an instant; `None` if there was none.
    fn last(&self, before: Timestamp) -> Option<Timestamp>;

    /// What it is in words. Two timetables of the same words fire alike.
    fn words(&self) -> String;
}

/// A fire.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Planned {
    /// The name of the schedule; 64 characters at most.
    pub schedule: String,
    /// When it is planned.
    pub at: Timestamp,
}

/// Who takes a fire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taker {
    /// A name that no other process has; 200 characters at most.
    pub name: String,
    /// [`Timetable::words`] of the timetable that it goes by.
    pub timetable: String,
}

/// What came of a fire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FireEnd {
    /// A run that was through.
    Ran {
        /// Which one.
        run: RunId,
    },
    /// No run: another one was going on all the time.
    Skipped {
        /// Who had the lock, in words.
        holder: String,
    },
    /// No run, or one that stopped by itself.
    Failed {
        /// Which one, if it began.
        run: Option<RunId>,
        /// Why.
        reason: String,
    },
    /// Nobody was there at its time.
    Missed {
        /// What was done about it.
        reason: String,
    },
}

/// Where a fire stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FireState {
    /// Somebody has it.
    Taken,
    /// Its taker is not heard of any more, or has let go: anybody may take it.
    Left,
    /// It is over.
    Ended(FireEnd),
}

/// A fire on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fire {
    /// Which one.
    pub planned: Planned,
    /// Who has it or had it last.
    pub taker: Taker,
    /// How often it was taken, by whomever.
    pub takes: u32,
    /// When it was last taken, by the store's clock.
    pub taken_at: Timestamp,
    /// When it ended, if it has.
    pub ended_at: Option<Timestamp>,
    /// Where it stands, by the store's clock.
    pub state: FireState,
}

/// Whether a fire is the caller's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Take {
    /// It is.
    Ours {
        /// How often it was taken, this time included.
        takes: u32,
    },
    /// Another one has it.
    Theirs,
    /// It is over.
    Over,
}

/// Keeps a row for each fire. All times but the planned ones are by the store's own clock.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait CronFires: Send + Sync {
    /// Takes a fire for as long as `lease`. Of any number of concurrent calls one is told that it
    /// has it.
    ///
    /// A fire whose lease is over is taken over, and so is one whose lease would end later than a
    /// new one: the clock was set back. Who has it and asks again has it still, for a new lease,
    /// and that is no further take.
    async fn take(
        &self,
        fire: &Planned,
        taker: &Taker,
        lease: Duration,
    ) -> Result<Take, StoreError>;

    /// Prolongs the lease of a fire that `taker` has to `lease` from now; no time at all lets it go.
    /// Whether it has it still; if not, nothing is changed.
    async fn keep(
        &self,
        fire: &Planned,
        taker: &Taker,
        lease: Duration,
    ) -> Result<bool, StoreError>;

    /// Ends a fire that `taker` has, even if its lease is over. Whether it has it still; if not,
    /// nothing is changed.
    async fn end(&self, fire: &Planned, taker: &Taker, end: FireEnd) -> Result<bool, StoreError>;

    /// Writes fires that nobody took, as ended without a run for this reason. Those that are on
    /// record stay as they are.
    async fn missed(&self, fires: &[Planned], by: &Taker, reason: &str) -> Result<(), StoreError>;

    /// The fire of a schedule that is planned last; `None` if none is on record.
    async fn newest(&self, schedule: &str) -> Result<Option<Fire>, StoreError>;

    /// The fires of a schedule that [`CronFires::take`] would give away for `lease`, oldest first.
    async fn left(&self, schedule: &str, lease: Duration) -> Result<Vec<Fire>, StoreError>;

    /// The newest `limit` fires of all schedules by the time they are planned for, newest first.
    async fn fires(&self, limit: u32) -> Result<Vec<Fire>, StoreError>;
}
