//! Rows of runs.
//!
//! The fields are the columns; the migrations say what they hold.

#![expect(missing_docs, reason = "each field is the column of its name")]

use diesel::prelude::*;
use postonce_domain::{RunCounts, RunId, RunStatus, Trigger};
use postonce_ports::error::StoreError;
use postonce_ports::history::{NewRun, Run};

use crate::rows::corrupt;
use crate::schema::postonce_sync_run;
use crate::time::timestamp;

const TABLE: &str = "postonce_sync_run";

/// A run.
#[derive(Clone, Debug, Queryable, QueryableByName, Selectable)]
#[diesel(table_name = postonce_sync_run)]
pub struct RunRow {
    pub id: i64,
    pub trigger: String,
    pub actor: String,
    pub host: String,
    pub pid: i64,
    pub boot_id: String,
    pub lock_owner: String,
    pub connection_id: Option<i64>,
    pub status: String,
    pub started_at: i64,
    pub ended_at: Option<i64>,
    #[diesel(embed)]
    pub counts: CountsRow,
    pub done: i64,
    pub total: i64,
    pub reason: String,
}

/// What a run did so far.
#[derive(Clone, Debug, Queryable, QueryableByName, Selectable, AsChangeset)]
#[diesel(table_name = postonce_sync_run)]
pub struct CountsRow {
    pub claimed: i64,
    pub posted: i64,
    pub rejected: i64,
    pub not_sent: i64,
    pub in_doubt: i64,
    pub blocked: i64,
    pub needs_human: i64,
    pub adopted: i64,
}

/// A run that starts.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = postonce_sync_run)]
pub struct NewRunRow {
    pub trigger: String,
    pub actor: String,
    pub host: String,
    pub pid: i64,
    pub boot_id: String,
    pub lock_owner: String,
    pub connection_id: Option<i64>,
    pub started_at: i64,
}

impl NewRunRow {
    /// The row of a run that starts at `started_at`.
    pub fn of(new: &NewRun, started_at: i64) -> Self {
        Self {
            trigger: new.trigger.as_str().to_owned(),
            actor: new.actor.clone(),
            host: new.host.clone(),
            pid: i64::from(new.pid),
            boot_id: new.boot_id.clone(),
            lock_owner: new.lock_owner.clone(),
            connection_id: new.connection_id.map(narrow),
            started_at,
        }
    }
}

impl CountsRow {
    /// The row of these counts.
    pub fn of(counts: RunCounts) -> Self {
        Self {
            claimed: narrow(counts.claimed),
            posted: narrow(counts.posted),
            rejected: narrow(counts.rejected),
            not_sent: narrow(counts.not_sent),
            in_doubt: narrow(counts.in_doubt),
            blocked: narrow(counts.blocked),
            needs_human: narrow(counts.needs_human),
            adopted: narrow(counts.adopted),
        }
    }

    fn counts(&self) -> RunCounts {
        RunCounts {
            claimed: wide(self.claimed),
            posted: wide(self.posted),
            rejected: wide(self.rejected),
            not_sent: wide(self.not_sent),
            in_doubt: wide(self.in_doubt),
            blocked: wide(self.blocked),
            needs_human: wide(self.needs_human),
            adopted: wide(self.adopted),
        }
    }
}

impl RunRow {
    /// The run that the row tells of.
    pub fn run(self) -> Result<Run, StoreError> {
        let broken = |what: &str| corrupt(TABLE, self.id, format!("its {what} is unknown"));
        let ended_at = self.ended_at.map(|at| timestamp(TABLE, self.id, at));
        Ok(Run {
            id: RunId(self.id),
            status: RunStatus::from_name(&self.status).ok_or_else(|| broken("status"))?,
            started_at: timestamp(TABLE, self.id, self.started_at)?,
            ended_at: ended_at.transpose()?,
            counts: self.counts.counts(),
            done: wide(self.done),
            total: wide(self.total),
            new: NewRun {
                trigger: Trigger::from_name(&self.trigger).ok_or_else(|| broken("trigger"))?,
                actor: self.actor,
                host: self.host,
                pid: u32::try_from(self.pid).unwrap_or_default(),
                boot_id: self.boot_id,
                lock_owner: self.lock_owner,
                connection_id: self.connection_id.map(wide),
            },
            reason: self.reason,
        })
    }
}

/// A count as it is stored.
pub fn narrow(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A stored count.
pub fn wide(count: i64) -> u64 {
    u64::try_from(count).unwrap_or_default()
}
