//! What was answered to requests that carry a key.

use std::time::Duration;

use async_trait::async_trait;
use diesel::prelude::*;
use postonce_ports::error::StoreError;
use postonce_ports::reply::{Asked, KeyedRequest, Replies, Reply};
use postonce_store_rows::reply::{ReplyRow, headers_of};
use postonce_store_rows::time::micros;

use crate::SqliteStore;
use crate::connection::End;
use crate::schema::postonce_reply as reply;
use crate::time::now;

#[async_trait]
impl Replies for SqliteStore {
    async fn ask(&self, request: KeyedRequest, keep: Duration) -> Result<Asked, StoreError> {
        self.write(move |conn| {
            let now = now(conn)?;
            let old = reply::asked_at.le(now.saturating_sub(micros(keep)));
            diesel::delete(reply::table.filter(old)).execute(conn)?;
            let row = reply::table.find((&request.sender, &request.key));
            let row: Option<ReplyRow> = row.select(ReplyRow::as_select()).first(conn).optional()?;
            if let Some(row) = row {
                return Ok(End::Keep(row.asked(&request.digest)?));
            }
            diesel::insert_into(reply::table)
                .values((
                    reply::sender.eq(&request.sender),
                    reply::request_key.eq(&request.key),
                    reply::digest.eq(&request.digest),
                    reply::asked_at.eq(now),
                ))
                .execute(conn)?;
            Ok(End::Keep(Asked::New))
        })
        .await
    }

    async fn answer(&self, request: &KeyedRequest, answer: Reply) -> Result<(), StoreError> {
        let request = request.clone();
        self.write(move |conn| {
            let row = reply::table
                .find((&request.sender, &request.key))
                .filter(reply::digest.eq(&request.digest))
                .filter(reply::status.is_null());
            diesel::update(row)
                .set((
                    reply::status.eq(i64::from(answer.status)),
                    reply::headers.eq(headers_of(&answer)),
                    reply::body.eq(&answer.body),
                ))
                .execute(conn)?;
            Ok(End::Keep(()))
        })
        .await
    }

    async fn give_up(&self, request: &KeyedRequest) -> Result<(), StoreError> {
        let request = request.clone();
        self.write(move |conn| {
            let row = reply::table
                .find((&request.sender, &request.key))
                .filter(reply::digest.eq(&request.digest))
                .filter(reply::status.is_null());
            diesel::delete(row).execute(conn)?;
            Ok(End::Keep(()))
        })
        .await
    }
}
