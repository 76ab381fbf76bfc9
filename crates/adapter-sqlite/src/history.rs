//! The runs that were.

use async_trait::async_trait;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel::sqlite::SqliteConnection;
use postonce_domain::{RunCounts, RunId, RunStatus};
use postonce_ports::error::StoreError;
use postonce_ports::history::{NewRun, Run, RunHistory};
use postonce_store_rows::run::{CountsRow, NewRunRow, RunRow, narrow};

use crate::SqliteStore;
use crate::connection::End;
use crate::error::Step;
use crate::schema::postonce_sync_run as run;
use crate::time::now;

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
            Ok(rows.into_iter().map(RunRow::run).collect::<Result<_, _>>()?)
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
        .values(NewRunRow::of(new, now))
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
    Ok(row.first(conn).optional()?.map(RunRow::run).transpose()?)
}
