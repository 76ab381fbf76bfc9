//! What is told to people who do not look.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use postonce_ports::error::StoreError;
use postonce_ports::notice::{Notice, NoticeEvent, NoticeKind, Notices};
use postonce_store_rows::notice::NoticeRow;
use postonce_store_rows::schema::{postonce_notice as notice, postonce_notice_told as told};
use postonce_store_rows::time::later;

use crate::MysqlStore;
use crate::error::{Step, StepError, Trouble, classify};
use crate::time::now;
use crate::transaction::{Conn, End};

#[async_trait]
impl Notices for MysqlStore {
    async fn raise(
        &self,
        kind: NoticeKind,
        events: Vec<NoticeEvent>,
        ways: Vec<String>,
    ) -> Result<u64, StoreError> {
        self.write((kind, events, ways), |conn, (kind, events, ways)| {
            Box::pin(raise(conn, *kind, events, ways))
        })
        .await
    }

    async fn take(&self, ways: Vec<String>, lease: Duration) -> Result<Option<Notice>, StoreError> {
        self.write((ways, lease), |conn, (ways, lease)| Box::pin(take(conn, ways, *lease))).await
    }

    async fn delivered(&self, id: i64) -> Result<(), StoreError> {
        self.write(id, |conn, id| {
            Box::pin(async {
                let values = (
                    notice::delivered_at.eq(Some(now(conn).await?)),
                    notice::due_at.eq(None::<i64>),
                    notice::trouble.eq(""),
                );
                diesel::update(notice::table.find(*id)).set(values).execute(conn).await?;
                Ok(End::Keep(()))
            })
        })
        .await
    }

    async fn failed(
        &self,
        id: i64,
        why: &str,
        again_in: Option<Duration>,
    ) -> Result<(), StoreError> {
        self.write((id, why.to_owned(), again_in), |conn, (id, why, again_in)| {
            Box::pin(async {
                let now = now(conn).await?;
                let due_at = again_in.map(|time| later(now, time));
                let open = notice::table.find(*id).filter(notice::delivered_at.is_null());
                let values = (notice::due_at.eq(due_at), notice::trouble.eq(why.as_str()));
                diesel::update(open).set(values).execute(conn).await?;
                Ok(End::Keep(()))
            })
        })
        .await
    }

    async fn notices(&self, limit: u32) -> Result<Vec<Notice>, StoreError> {
        self.read(limit, |conn, limit| {
            Box::pin(async {
                let newest = notice::table.order(notice::id.desc()).limit(i64::from(*limit));
                let rows = newest.select(NoticeRow::as_select()).load(conn).await?;
                Ok(rows.into_iter().map(NoticeRow::notice).collect::<Result<_, _>>()?)
            })
        })
        .await
    }
}

async fn raise(
    conn: &mut Conn,
    kind: NoticeKind,
    events: &[NoticeEvent],
    ways: &[String],
) -> Step<End<u64>> {
    let abouts = events.iter().map(|event| event.about.as_str());
    let known = told::table.filter(told::about.eq_any(abouts)).select(told::about);
    let mut known: BTreeSet<String> = known.load(conn).await?.into_iter().collect();
    let new: Vec<_> = events.iter().filter(|it| known.insert(it.about.clone())).collect();
    if new.is_empty() {
        return Ok(End::Undo(0));
    }
    let now = now(conn).await?;
    for event in &new {
        let row = (told::about.eq(&event.about), told::told_at.eq(now));
        match diesel::insert_into(told::table).values(row).execute(conn).await {
            Ok(_) => {}
            // Two had read that nobody has told it.
            Err(error) if classify(&error) == Trouble::Duplicate => {
                return Err(StepError::Overtaken(error));
            }
            Err(error) => return Err(error.into()),
        }
    }
    let text = new.iter().map(|event| event.text.as_str()).collect::<Vec<_>>().join("\n");
    for way in ways {
        let row = (
            notice::way.eq(way),
            notice::kind.eq(kind.as_str()),
            notice::text.eq(&text),
            notice::raised_at.eq(now),
            notice::tries.eq(0),
            notice::due_at.eq(Some(now)),
            notice::trouble.eq(""),
        );
        diesel::insert_into(notice::table).values(row).execute(conn).await?;
    }
    Ok(End::Keep(u64::try_from(new.len()).unwrap_or(u64::MAX)))
}

/// Whoever comes at the same time waits for the row, and then takes the next one.
async fn take(conn: &mut Conn, ways: &[String], lease: Duration) -> Step<End<Option<Notice>>> {
    let now = now(conn).await?;
    let due = notice::table.filter(notice::due_at.le(now)).filter(notice::way.eq_any(ways));
    let longest = due.order((notice::due_at, notice::id)).select(NoticeRow::as_select());
    let row = longest.limit(1).for_update().load(conn).await?.into_iter().next();
    let Some(row) = row else { return Ok(End::Undo(None)) };
    let row = NoticeRow { tries: row.tries + 1, due_at: Some(later(now, lease)), ..row };
    let values = (notice::tries.eq(row.tries), notice::due_at.eq(row.due_at));
    diesel::update(notice::table.find(row.id)).set(values).execute(conn).await?;
    Ok(End::Keep(Some(row.notice()?)))
}
