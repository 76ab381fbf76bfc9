//! Fires of schedules.

use std::time::Duration;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use postonce_ports::cron::{CronFires, Fire, FireEnd, Planned, Take, Taker};
use postonce_ports::error::StoreError;
use postonce_store_rows::cron::{EndRow, FireRow, TAKEN};
use postonce_store_rows::schema::postonce_cron_fire as fire;
use postonce_store_rows::time::later;

use crate::MysqlStore;
use crate::error::{Step, StepError, Trouble, classify};
use crate::time::now;
use crate::transaction::{Conn, End};

#[async_trait]
impl CronFires for MysqlStore {
    async fn take(
        &self,
        planned: &Planned,
        taker: &Taker,
        lease: Duration,
    ) -> Result<Take, StoreError> {
        self.write((planned.clone(), taker.clone(), lease), |conn, (planned, taker, lease)| {
            Box::pin(take(conn, planned, taker, *lease))
        })
        .await
    }

    async fn keep(
        &self,
        planned: &Planned,
        taker: &Taker,
        lease: Duration,
    ) -> Result<bool, StoreError> {
        let input = (planned.clone(), taker.name.clone(), lease);
        self.write(input, |conn, (planned, taker, lease)| {
            Box::pin(async move {
                let until = fire::lease_until.eq(later(now(conn).await?, *lease));
                let kept = taken(planned.clone(), taker.clone());
                let kept = diesel::update(kept).set(until).execute(conn).await?;
                Ok(End::Keep(kept > 0))
            })
        })
        .await
    }

    async fn end(
        &self,
        planned: &Planned,
        taker: &Taker,
        end: FireEnd,
    ) -> Result<bool, StoreError> {
        let input = (planned.clone(), taker.name.clone(), end);
        self.write(input, |conn, (planned, taker, end)| {
            Box::pin(async move {
                let end = EndRow::of(end.clone(), now(conn).await?);
                let ended = taken(planned.clone(), taker.clone());
                let ended = diesel::update(ended).set(end).execute(conn).await?;
                Ok(End::Keep(ended > 0))
            })
        })
        .await
    }

    async fn missed(&self, fires: &[Planned], by: &Taker, reason: &str) -> Result<(), StoreError> {
        let input = (fires.to_vec(), by.clone(), reason.to_owned());
        self.write(input, |conn, (fires, by, reason)| {
            Box::pin(async move {
                let now = now(conn).await?;
                for planned in fires {
                    let row = FireRow::missed(planned, by, now, reason);
                    diesel::insert_or_ignore_into(fire::table).values(row).execute(conn).await?;
                }
                Ok(End::Keep(()))
            })
        })
        .await
    }

    async fn newest(&self, schedule: &str) -> Result<Option<Fire>, StoreError> {
        self.read(schedule.to_owned(), |conn, schedule| {
            Box::pin(async move {
                let of_schedule = fire::table.filter(fire::schedule.eq(schedule));
                let newest = of_schedule.order(fire::planned_at.desc());
                let newest = newest.select(FireRow::as_select()).first(conn).await.optional()?;
                let newest: Option<FireRow> = newest;
                let now = now(conn).await?;
                Ok(newest.map(|row| row.fire(now)).transpose()?)
            })
        })
        .await
    }

    async fn left(&self, schedule: &str, lease: Duration) -> Result<Vec<Fire>, StoreError> {
        self.read((schedule.to_owned(), lease), |conn, (schedule, lease)| {
            Box::pin(async move {
                let of_schedule = fire::table.filter(fire::schedule.eq(schedule));
                let open = of_schedule.filter(fire::status.eq(TAKEN)).order(fire::planned_at);
                let mut open: Vec<FireRow> = open.select(FireRow::as_select()).load(conn).await?;
                let now = now(conn).await?;
                open.retain(|row| row.is_left(now, *lease));
                told(open, now)
            })
        })
        .await
    }

    async fn fires(&self, limit: u32) -> Result<Vec<Fire>, StoreError> {
        self.read(limit, |conn, limit| {
            Box::pin(async move {
                let newest = fire::table.order((fire::planned_at.desc(), fire::schedule));
                let newest = newest.limit(i64::from(*limit)).select(FireRow::as_select());
                let newest: Vec<FireRow> = newest.load(conn).await?;
                let now = now(conn).await?;
                told(newest, now)
            })
        })
        .await
    }
}

/// The row of a fire while `taker` has it.
#[diesel::dsl::auto_type]
fn taken(planned: Planned, taker: String) -> _ {
    let at: i64 = planned.at.as_microsecond();
    let schedule: String = planned.schedule;
    let status: &'static str = TAKEN;
    fire::table
        .filter(fire::schedule.eq(schedule))
        .filter(fire::planned_at.eq(at))
        .filter(fire::taker.eq(taker))
        .filter(fire::status.eq(status))
}

async fn take(
    conn: &mut Conn,
    planned: &Planned,
    taker: &Taker,
    lease: Duration,
) -> Step<End<Take>> {
    let row = fire::table.find((planned.schedule.clone(), planned.at.as_microsecond()));
    let row = row.select(FireRow::as_select()).for_update();
    let row: Option<FireRow> = row.first(conn).await.optional()?;
    let now = now(conn).await?;
    let Some(row) = row else {
        let first = FireRow::taken(planned, taker, now, lease);
        let written = diesel::insert_into(fire::table).values(first).execute(conn).await;
        return match written {
            Ok(_) => Ok(End::Keep(Take::Ours { takes: 1 })),
            // Two had read that there is none.
            Err(error) if classify(&error) == Trouble::Duplicate => {
                Err(StepError::Overtaken(error))
            }
            Err(error) => Err(error.into()),
        };
    };
    let (take, row) = row.asked_for(taker, now, lease);
    let Some(row) = row else { return Ok(End::Undo(take)) };
    let key = (row.schedule.clone(), row.planned_at);
    let values = (
        fire::taker.eq(row.taker),
        fire::timetable.eq(row.timetable),
        fire::takes.eq(row.takes),
        fire::taken_at.eq(row.taken_at),
        fire::lease_until.eq(row.lease_until),
    );
    diesel::update(fire::table.find(key)).set(values).execute(conn).await?;
    Ok(End::Keep(take))
}

fn told(rows: Vec<FireRow>, now: i64) -> Step<Vec<Fire>> {
    Ok(rows.into_iter().map(|row| row.fire(now)).collect::<Result<_, _>>()?)
}
