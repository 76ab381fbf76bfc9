//! The runs that were.

use async_trait::async_trait;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel::sqlite::{Sqlite, SqliteConnection};
use postonce_domain::{RunCounts, RunId, RunStatus, Trigger};
use postonce_ports::error::StoreError;
use postonce_ports::history::{NewRun, Run, RunHistory};

use crate::SqliteStore;
use crate::connection::End;
use crate::error::Step;
use crate::rows::corrupt;
use crate::schema::postonce_sync_run as run;
use crate::time::{now, timestamp};

const TABLE: &str = "postonce_sync_run";

/// The words of the partial index on runs.
const RUNNING: &str = "status = 'running'";

#[async_trait]
impl RunHistory for SqliteStore {
    async fn start(&self, new: NewRun) -> Result<RunId, StoreError> {
        self.write(move |conn| start(conn, &new)).await
    }

    async fn progress(
        &self,
        run: RunId,
        counts: RunCounts,
        done: u64,
        total: u64,
    ) -> Result<(), StoreError> {
        self.write(move |conn| {
            diesel::update(running(run))
                .set((
                    CountsRow::of(counts),
                    run::done.eq(narrow(done)),
                    run::total.eq(narrow(total)),
                ))
                .execute(conn)?;
            Ok(End::Keep(()))
        })
        .await
    }

    async fn finish(
        &self,
        run: RunId,
        status: RunStatus,
        counts: RunCounts,
        reason: &str,
    ) -> Result<(), StoreError> {
        let reason = reason.to_owned();
        self.write(move |conn| {
            let ended_at = run::ended_at.eq(now(conn)?);
            let status = run::status.eq(status.as_str());
            diesel::update(running(run))
                .set((status, CountsRow::of(counts), ended_at, run::reason.eq(reason)))
                .execute(conn)?;
            Ok(End::Keep(()))
        })
        .await
    }

    async fn runs(&self, limit: u32) -> Result<Vec<Run>, StoreError> {
        self.read(move |conn| {
            let newest = run::table.order(run::id.desc()).limit(i64::from(limit));
            let rows = newest.select(RunRow::as_select()).load(conn)?;
            rows.into_iter().map(RunRow::run).collect()
        })
        .await
    }
}

/// The row of a run while it is running; none afterwards.
#[diesel::dsl::auto_type]
fn running(id: RunId) -> _ {
    let id: i64 = id.0;
    let status: &'static str = "running";
    run::table.filter(run::id.eq(id)).filter(run::status.eq(status))
}

fn start(conn: &mut SqliteConnection, new: &NewRun) -> Step<End<RunId>> {
    let now = now(conn)?;
    diesel::update(run::table.filter(sql::<Bool>(RUNNING)))
        .set((run::status.eq(RunStatus::Abandoned.as_str()), run::ended_at.eq(now)))
        .execute(conn)?;
    let id = diesel::insert_into(run::table)
        .values((
            run::trigger.eq(new.trigger.as_str()),
            run::actor.eq(&new.actor),
            run::host.eq(&new.host),
            run::pid.eq(i64::from(new.pid)),
            run::boot_id.eq(&new.boot_id),
            run::lock_owner.eq(&new.lock_owner),
            run::connection_id.eq(new.connection_id.map(narrow)),
            run::started_at.eq(now),
        ))
        .returning(run::id)
        .get_result(conn)?;
    Ok(End::Keep(RunId(id)))
}

/// The running run whose lock has this owner.
pub(crate) fn by_lock_owner(conn: &mut SqliteConnection, owner: &str) -> Step<Option<Run>> {
    let row = run::table
        .filter(run::lock_owner.eq(owner))
        .filter(sql::<Bool>(RUNNING))
        .select(RunRow::as_select());
    row.first(conn).optional()?.map(RunRow::run).transpose()
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = run, check_for_backend(Sqlite))]
struct RunRow {
    id: i64,
    trigger: String,
    actor: String,
    host: String,
    pid: i64,
    boot_id: String,
    lock_owner: String,
    connection_id: Option<i64>,
    status: String,
    started_at: i64,
    ended_at: Option<i64>,
    #[diesel(embed)]
    counts: CountsRow,
    done: i64,
    total: i64,
    reason: String,
}

#[derive(Queryable, Selectable, AsChangeset)]
#[diesel(table_name = run, check_for_backend(Sqlite))]
struct CountsRow {
    claimed: i64,
    posted: i64,
    rejected: i64,
    not_sent: i64,
    in_doubt: i64,
    blocked: i64,
    needs_human: i64,
    adopted: i64,
}

impl CountsRow {
    fn of(counts: RunCounts) -> Self {
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
    fn run(self) -> Step<Run> {
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

fn narrow(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn wide(count: i64) -> u64 {
    u64::try_from(count).unwrap_or_default()
}
