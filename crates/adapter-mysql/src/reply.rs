//! What was answered to requests that carry a key.

use std::time::Duration;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use postonce_ports::error::StoreError;
use postonce_ports::reply::{Asked, KeyedRequest, Replies, Reply};
use postonce_store_rows::reply::{ReplyRow, headers_of};
use postonce_store_rows::schema::postonce_reply as reply;
use postonce_store_rows::time::micros;

use crate::MysqlStore;
use crate::error::{Step, StepError, Trouble, classify};
use crate::time::now;
use crate::transaction::{Conn, End};

#[async_trait]
impl Replies for MysqlStore {
    async fn ask(&self, request: KeyedRequest, keep: Duration) -> Result<Asked, StoreError> {
        self.write((request, keep), |conn, (request, keep)| Box::pin(ask(conn, request, *keep)))
            .await
    }

    async fn answer(&self, request: &KeyedRequest, answer: Reply) -> Result<(), StoreError> {
        self.write((request.clone(), answer), |conn, (request, answer)| {
            Box::pin(async move {
                let row = reply::table
                    .find((&request.sender, &request.key))
                    .filter(reply::digest.eq(&request.digest))
                    .filter(reply::status.is_null());
                let values = (
                    reply::status.eq(i64::from(answer.status)),
                    reply::headers.eq(headers_of(answer)),
                    reply::body.eq(&answer.body),
                );
                diesel::update(row).set(values).execute(conn).await?;
                Ok(End::Keep(()))
            })
        })
        .await
    }

    async fn give_up(&self, request: &KeyedRequest) -> Result<(), StoreError> {
        self.write(request.clone(), |conn, request| {
            Box::pin(async move {
                let row = reply::table
                    .find((&request.sender, &request.key))
                    .filter(reply::digest.eq(&request.digest))
                    .filter(reply::status.is_null());
                diesel::delete(row).execute(conn).await?;
                Ok(End::Keep(()))
            })
        })
        .await
    }
}

async fn ask(conn: &mut Conn, request: &KeyedRequest, keep: Duration) -> Step<End<Asked>> {
    let now = now(conn).await?;
    let old = reply::asked_at.le(now.saturating_sub(micros(keep)));
    diesel::delete(reply::table.filter(old)).execute(conn).await?;
    let row = reply::table.find((&request.sender, &request.key)).select(ReplyRow::as_select());
    let row: Option<ReplyRow> = row.first(conn).await.optional()?;
    if let Some(row) = row {
        return Ok(End::Keep(row.asked(&request.digest)?));
    }
    let values = (
        reply::sender.eq(&request.sender),
        reply::request_key.eq(&request.key),
        reply::digest.eq(&request.digest),
        reply::asked_at.eq(now),
    );
    match diesel::insert_into(reply::table).values(values).execute(conn).await {
        Ok(_) => Ok(End::Keep(Asked::New)),
        // Two had read that there is none.
        Err(error) if classify(&error) == Trouble::Duplicate => Err(StepError::Overtaken(error)),
        Err(error) => Err(error.into()),
    }
}
