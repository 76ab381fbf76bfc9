//! Fires of schedules.

use std::time::Duration;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use postonce_ports::cron::{CronFires, Fire, FireEnd, Planned, Take, Taker};
use postonce_ports::error::StoreError;
use postonce_store_rows::cron::{EndRow, FireRow, TAKEN};

use crate::SqliteStore;
use crate::connection::End;
use crate::error::Step;
use crate::schema::postonce_cron_fire as fire;
use crate::time::{later, now};

#[async_trait]
impl CronFires for SqliteStore {
    async fn take(
        &self,
        planned: &Planned,
        taker: &Taker,
        lease: Duration,
    ) -> Result<Take, StoreError> {
        let (planned, taker) = (planned.clone(), taker.clone());
        self.write(move |conn| {
            let now = now(conn)?;
            let row = fire::table.find((&planned.schedule, planned.at.as_microsecond()));
            let row: Option<FireRow> = row.select(FireRow::as_select()).first(conn).optional()?;
            let (take, row) = if let Some(row) = row {
                row.asked_for(&taker, now, lease)
            } else {
                let first = FireRow::taken(&planned, &taker, now, lease);
                (Take::Ours { takes: 1 }, Some(first))
            };
            let Some(row) = row else { return Ok(End::Undo(take)) };
            diesel::replace_into(fire::table).values(row).execute(conn)?;
            Ok(End::Keep(take))
        })
        .await
    }

    async fn keep(
        &self,
        planned: &Planned,
        taker: &Taker,
        lease: Duration,
    ) -> Result<bool, StoreError> {
        let (planned, taker) = (planned.clone(), taker.name.clone());
        self.write(move |conn| {
            let until = fire::lease_until.eq(later(now(conn)?, lease));
            let kept = diesel::update(taken(planned, taker)).set(until).execute(conn)?;
            Ok(End::Keep(kept > 0))
        })
        .await
    }

    async fn end(
        &self,
        planned: &Planned,
        taker: &Taker,
        end: FireEnd,
    ) -> Result<bool, StoreError> {
        let (planned, taker) = (planned.clone(), taker.name.clone());
        self.write(move |conn| {
            let end = EndRow::of(end, now(conn)?);
            let ended = diesel::update(taken(planned, taker)).set(end).execute(conn)?;
            Ok(End::Keep(ended > 0))
        })
        .await
    }

    async fn missed(&self, fires: &[Planned], by: &Taker, reason: &str) -> Result<(), StoreError> {
        let (fires, by, reason) = (fires.to_vec(), by.clone(), reason.to_owned());
        self.write(move |conn| {
            let now = now(conn)?;
            for planned in &fires {
                let row = FireRow::missed(planned, &by, now, &reason);
                diesel::insert_or_ignore_into(fire::table).values(row).execute(conn)?;
            }
            Ok(End::Keep(()))
        })
        .await
    }

    async fn newest(&self, schedule: &str) -> Result<Option<Fire>, StoreError> {
        let schedule = schedule.to_owned();
        self.read(move |conn| {
            let of_schedule = fire::table.filter(fire::schedule.eq(schedule));
            let newest = of_schedule.order(fire::planned_at.desc()).select(FireRow::as_select());
            let newest: Option<FireRow> = newest.first(conn).optional()?;
            Ok(told(conn, newest.into_iter())?.pop())
        })
        .await
    }

    async fn left(&self, schedule: &str, lease: Duration) -> Result<Vec<Fire>, StoreError> {
        let schedule = schedule.to_owned();
        self.read(move |conn| {
            let of_schedule = fire::table.filter(fire::schedule.eq(schedule));
            let open = of_schedule.filter(fire::status.eq(TAKEN)).order(fire::planned_at);
            let open: Vec<FireRow> = open.select(FireRow::as_select()).load(conn)?;
            let now = now(conn)?;
            told(conn, open.into_iter().filter(|row| row.is_left(now, lease)))
        })
        .await
    }

    async fn fires(&self, limit: u32) -> Result<Vec<Fire>, StoreError> {
        self.read(move |conn| {
            let newest = fire::table.order((fire::planned_at.desc(), fire::schedule));
            let newest = newest.limit(i64::from(limit)).select(FireRow::as_select());
            let newest: Vec<FireRow> = newest.load(conn)?;
            told(conn, newest.into_iter())
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

fn told(conn: &mut SqliteConnection, rows: impl Iterator<Item = FireRow>) -> Step<Vec<Fire>> {
    let now = now(conn)?;
    Ok(rows.map(|row| row.fire(now)).collect::<Result<_, _>>()?)
}
