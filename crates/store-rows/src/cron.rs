//! Fires of schedules as rows.

use std::time::Duration;

use diesel::prelude::*;
use postonce_domain::RunId;
use postonce_ports::cron::{Fire, FireEnd, FireState, Planned, Take, Taker};
use postonce_ports::error::StoreError;

use crate::rows::corrupt;
use crate::schema::postonce_cron_fire;
use crate::time::{later, timestamp};

const TABLE: &str = "postonce_cron_fire";

/// The status of a fire that has not ended.
pub const TAKEN: &str = "taken";

/// A fire on record.
#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = postonce_cron_fire)]
#[expect(missing_docs, reason = "each field is the column of its name")]
pub struct FireRow {
    pub schedule: String,
    pub planned_at: i64,
    pub timetable: String,
    pub taker: String,
    pub takes: i64,
    pub taken_at: i64,
    pub lease_until: i64,
    pub status: String,
    pub run_id: Option<i64>,
    pub reason: String,
    pub ended_at: Option<i64>,
}

impl FireRow {
    /// A fire that `taker` takes `now`, the first to do so.
    pub fn taken(fire: &Planned, taker: &Taker, now: i64, lease: Duration) -> Self {
        Self {
            schedule: fire.schedule.clone(),
            planned_at: fire.at.as_microsecond(),
            timetable: taker.timetable.clone(),
            taker: taker.name.clone(),
            takes: 1,
            taken_at: now,
            lease_until: later(now, lease),
            status: TAKEN.to_owned(),
            run_id: None,
            reason: String::new(),
            ended_at: None,
        }
    }

    /// A fire that nobody took, as `by` found `now`.
    pub fn missed(fire: &Planned, by: &Taker, now: i64, reason: &str) -> Self {
        let end = EndRow::of(FireEnd::Missed { reason: reason.to_owned() }, now);
        Self {
            takes: 0,
            status: end.status.to_owned(),
            reason: end.reason,
            ended_at: Some(now),
            ..Self::taken(fire, by, now, Duration::ZERO)
        }
    }

    /// The row after `taker` has asked for the fire `now`, and whether it has it; `None` if the row
    /// stays as it is.
    pub fn asked_for(&self, taker: &Taker, now: i64, lease: Duration) -> (Take, Option<Self>) {
        if self.status != TAKEN {
            return (Take::Over, None);
        }
        let is_theirs = self.taker != taker.name;
        if is_theirs && !self.is_left(now, lease) {
            return (Take::Theirs, None);
        }
        let all = self.takes + i64::from(is_theirs);
        let taken_at = if is_theirs { now } else { self.taken_at };
        let row = Self {
            taker: taker.name.clone(),
            timetable: taker.timetable.clone(),
            takes: all,
            taken_at,
            lease_until: later(now, lease),
            ..self.clone()
        };
        (Take::Ours { takes: count(all) }, Some(row))
    }

    /// Whether anybody may take it `now` for so long.
    pub fn is_left(&self, now: i64, lease: Duration) -> bool {
        self.status == TAKEN && (self.lease_until <= now || self.lease_until > later(now, lease))
    }

    /// The fire that the row tells of, as it stands `now`.
    pub fn fire(self, now: i64) -> Result<Fire, StoreError> {
        let key = format!("{} at {}", self.schedule, self.planned_at);
        let at = |micros| timestamp(TABLE, key.as_str(), micros);
        let (reason, run) = (self.reason, self.run_id.map(RunId));
        let unknown = || corrupt(TABLE, key.as_str(), "its status is unknown".to_owned());
        let state = match (self.status.as_str(), run) {
            (TAKEN, _) if self.lease_until <= now => FireState::Left,
            (TAKEN, _) => FireState::Taken,
            ("ran", Some(run)) => FireState::Ended(FireEnd::Ran { run }),
            ("skipped", _) => FireState::Ended(FireEnd::Skipped { holder: reason }),
            ("failed", run) => FireState::Ended(FireEnd::Failed { run, reason }),
            ("missed", _) => FireState::Ended(FireEnd::Missed { reason }),
            _ => return Err(unknown()),
        };
        Ok(Fire {
            planned: Planned { at: at(self.planned_at)?, schedule: self.schedule },
            taker: Taker { name: self.taker, timetable: self.timetable },
            takes: count(self.takes),
            taken_at: at(self.taken_at)?,
            ended_at: self.ended_at.map(at).transpose()?,
            state,
        })
    }
}

fn count(stored: i64) -> u32 {
    u32::try_from(stored).unwrap_or(u32::MAX)
}

/// What an end changes of a row.
#[derive(Clone, Debug, AsChangeset)]
#[diesel(table_name = postonce_cron_fire)]
#[expect(missing_docs, reason = "each field is the column of its name")]
pub struct EndRow {
    pub status: &'static str,
    pub run_id: Option<i64>,
    pub reason: String,
    pub ended_at: i64,
}

impl EndRow {
    /// The columns of a fire that ends `now`.
    pub fn of(end: FireEnd, now: i64) -> Self {
        let (status, run, reason) = match end {
            FireEnd::Ran { run } => ("ran", Some(run), String::new()),
            FireEnd::Skipped { holder } => ("skipped", None, holder),
            FireEnd::Failed { run, reason } => ("failed", run, reason),
            FireEnd::Missed { reason } => ("missed", None, reason),
        };
        Self { status, run_id: run.map(|run| run.0), reason, ended_at: now }
    }
}
