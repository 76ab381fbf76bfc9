//! The runs that were.

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;
use postonce_domain::{RunCounts, RunId, RunStatus};
use postonce_ports::error::StoreError;
use postonce_ports::history::{NewRun, Run, RunHistory};
use postonce_store_rows::run::{CountsRow, NewRunRow, RunRow, narrow};
use postonce_store_rows::schema::postonce_sync_run as run;

use crate::MysqlStore;
use crate::error::Step;
use crate::statement::statement;
use crate::time::now;
use crate::transaction::{Conn, End};

#[async_trait]
impl RunHistory for MysqlStore {
    async fn start(&self, new: NewRun) -> Result<RunId, StoreError> {
        self.write(new, |conn, new| Box::pin(start(conn, new))).await
    }

    async fn progress(
        &self,
        run: RunId,
        counts: RunCounts,
        done: u64,
        total: u64,
    ) -> Result<(), StoreError> {
        self.write((run, counts, done, total), |conn, (id, counts, done, total)| {
            Box::pin(async move {
                let far = (run::done.eq(narrow(*done)), run::total.eq(narrow(*total)));
                let counts = CountsRow::of(*counts);
                diesel::update(running(*id)).set((counts, far)).execute(conn).await?;
                Ok(End::Keep(()))
            })
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
        let input = (run, status, counts, reason.to_owned());
        self.write(input, |conn, (id, status, counts, reason)| {
            Box::pin(async move {
                let ended_at = run::ended_at.eq(now(conn).await?);
                let status = run::status.eq(status.as_str());
                let counts = CountsRow::of(*counts);
                let values = (status, counts, ended_at, run::reason.eq(reason));
                diesel::update(running(*id)).set(values).execute(conn).await?;
                Ok(End::Keep(()))
            })
        })
        .await
    }

    async fn runs(&self, limit: u32) -> Result<Vec<Run>, StoreError> {
        self.read(limit, |conn, limit| {
            Box::pin(async {
                let newest = run::table.order(run::id.desc()).limit(i64::from(*limit));
                let rows: Vec<RunRow> = newest.select(RunRow::as_select()).load(conn).await?;
                Ok(rows.into_iter().map(RunRow::run).collect::<Result<_, _>>()?)
            })
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

#[derive(QueryableByName)]
struct Given {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

async fn start(conn: &mut Conn, new: &NewRun) -> Step<End<RunId>> {
    let now = now(conn).await?;
    diesel::update(run::table.filter(run::status.eq("running")))
        .set((run::status.eq(RunStatus::Abandoned.as_str()), run::ended_at.eq(now)))
        .execute(conn)
        .await?;
    diesel::insert_into(run::table).values(NewRunRow::of(new, now)).execute(conn).await?;
    let given = statement("SELECT CAST(LAST_INSERT_ID() AS SIGNED) AS id");
    let given: Given = given.get_result(conn).await?;
    Ok(End::Keep(RunId(given.id)))
}
