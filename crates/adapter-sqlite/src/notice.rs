//! What is told to people who do not look.

use std::time::Duration;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use postonce_ports::error::StoreError;
use postonce_ports::notice::{Notice, NoticeEvent, NoticeKind, Notices};
use postonce_store_rows::notice::NoticeRow;

use crate::SqliteStore;
use crate::connection::End;
use crate::error::Step;
use crate::schema::{postonce_notice as notice, postonce_notice_told as told};
use crate::time::{later, now};

#[async_trait]
impl Notices for SqliteStore {
    async fn raise(
        &self,
        kind: NoticeKind,
        events: Vec<NoticeEvent>,
        ways: Vec<String>,
    ) -> Result<u64, StoreError> {
        self.write(move |conn| raise(conn, kind, &events, &ways)).await
    }

    async fn take(&self, ways: Vec<String>, lease: Duration) -> Result<Option<Notice>, StoreError> {
        self.write(move |conn| take(conn, &ways, lease)).await
    }

    async fn delivered(&self, id: i64) -> Result<(), StoreError> {
        self.write(move |conn| {
            let values = (
                notice::delivered_at.eq(Some(now(conn)?)),
                notice::due_at.eq(None::<i64>),
                notice::trouble.eq(""),
            );
            diesel::update(notice::table.find(id)).set(values).execute(conn)?;
            Ok(End::Keep(()))
        })
        .await
    }

    async fn failed(
        &self,
        id: i64,
        why: &str,
        again_in: Option<Duration>,
    ) -> Result<(), StoreError> {
        let why = why.to_owned();
        self.write(move |conn| {
            let now = now(conn)?;
            let due_at = again_in.map(|time| later(now, time));
            let open = notice::table.find(id).filter(notice::delivered_at.is_null());
            let values = (notice::due_at.eq(due_at), notice::trouble.eq(why));
            diesel::update(open).set(values).execute(conn)?;
            Ok(End::Keep(()))
        })
        .await
    }

    async fn notices(&self, limit: u32) -> Result<Vec<Notice>, StoreError> {
        self.read(move |conn| {
            let newest = notice::table.order(notice::id.desc()).limit(i64::from(limit));
            let rows: Vec<NoticeRow> = newest.select(NoticeRow::as_select()).load(conn)?;
            Ok(rows.into_iter().map(NoticeRow::notice).collect::<Result<_, _>>()?)
        })
        .await
    }
}

fn raise(
    conn: &mut SqliteConnection,
    kind: NoticeKind,
    events: &[NoticeEvent],
    ways: &[String],
) -> Step<End<u64>> {
    let now = now(conn)?;
    let mut new = Vec::new();
    for event in events {
        let row = (told::about.eq(&event.about), told::told_at.eq(now));
        let insert = diesel::insert_into(told::table).values(row);
        if insert.on_conflict(told::about).do_nothing().execute(conn)? > 0 {
            new.push(event.text.as_str());
        }
    }
    if new.is_empty() {
        return Ok(End::Undo(0));
    }
    for way in ways {
        let row = (
            notice::way.eq(way),
            notice::kind.eq(kind.as_str()),
            notice::text.eq(new.join("\n")),
            notice::raised_at.eq(now),
            notice::due_at.eq(Some(now)),
        );
        diesel::insert_into(notice::table).values(row).execute(conn)?;
    }
    Ok(End::Keep(u64::try_from(new.len()).unwrap_or(u64::MAX)))
}

fn take(
    conn: &mut SqliteConnection,
    ways: &[String],
    lease: Duration,
) -> Step<End<Option<Notice>>> {
    let now = now(conn)?;
    let due = notice::table.filter(notice::due_at.le(now)).filter(notice::way.eq_any(ways));
    let longest = due.order((notice::due_at, notice::id)).select(NoticeRow::as_select());
    let Some(row) = longest.first(conn).optional()? else { return Ok(End::Undo(None)) };
    let row = NoticeRow { tries: row.tries + 1, due_at: Some(later(now, lease)), ..row };
    let values = (notice::tries.eq(row.tries), notice::due_at.eq(row.due_at));
    diesel::update(notice::table.find(row.id)).set(values).execute(conn)?;
    Ok(End::Keep(Some(row.notice()?)))
}
