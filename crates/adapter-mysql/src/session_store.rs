//! People's sessions.

use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use postonce_domain::LoginName;
use postonce_ports::account::{NewSession, Session, Sessions};
use postonce_ports::error::StoreError;
use postonce_store_rows::account::SessionRow;
use postonce_store_rows::rows::parsed;
use postonce_store_rows::schema::postonce_session as session;

use crate::MysqlStore;
use crate::account::{find as account_of, held, insert_note};
use crate::error::Step;
use crate::time::now;
use crate::transaction::{Conn, End};

#[async_trait]
impl Sessions for MysqlStore {
    async fn open_session(&self, new: NewSession) -> Result<bool, StoreError> {
        self.write(new, |conn, new| Box::pin(open(conn, new))).await
    }

    async fn session(&self, key: &str) -> Result<Option<Session>, StoreError> {
        self.write(key.to_owned(), |conn, key| Box::pin(find(conn, key))).await
    }

    async fn close_session(&self, key: &str) -> Result<(), StoreError> {
        self.write(key.to_owned(), |conn, key| {
            Box::pin(async move {
                diesel::delete(session::table.find(key)).execute(conn).await?;
                Ok(End::Keep(()))
            })
        })
        .await
    }
}

async fn open(conn: &mut Conn, new: &NewSession) -> Step<End<bool>> {
    // Held, or a change of it that ends its sessions could miss this one.
    let account = held(conn, &new.account).await?;
    if account.is_none_or(|account| account.disabled || account.version != new.seen) {
        return Ok(End::Undo(false));
    }
    let now = now(conn).await?;
    let over = session::idle_until.le(now).or(session::ends_at.le(now));
    diesel::delete(session::table.filter(over)).execute(conn).await?;
    diesel::insert_into(session::table).values(SessionRow::of(new, now)).execute(conn).await?;
    Ok(End::KeepWith(vec![insert_note(&new.note())], true))
}

async fn find(conn: &mut Conn, key: &str) -> Step<End<Option<Session>>> {
    let row = session::table.find(key).select(SessionRow::as_select());
    let row: Option<SessionRow> = row.first(conn).await.optional()?;
    let Some(mut row) = row else { return Ok(End::Undo(None)) };
    let now = now(conn).await?;
    if row.is_over(now) {
        return Ok(End::Undo(None));
    }
    let name = parsed("postonce_session", &row.account, LoginName::parse(&row.account))?;
    let account = account_of(conn, &name).await?.filter(|account| !account.disabled);
    let Some(account) = account else { return Ok(End::Undo(None)) };
    let Some(until) = row.used(now) else { return Ok(End::Undo(Some(row.session(account)?))) };
    row.idle_until = until;
    let used = session::table.find(key);
    diesel::update(used).set(session::idle_until.eq(until)).execute(conn).await?;
    Ok(End::Keep(Some(row.session(account)?)))
}
