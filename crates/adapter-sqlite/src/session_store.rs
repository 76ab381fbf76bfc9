//! People's sessions.

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use postonce_domain::LoginName;
use postonce_ports::account::{NewSession, Session, Sessions};
use postonce_ports::error::StoreError;
use postonce_store_rows::account::SessionRow;
use postonce_store_rows::rows::parsed;

use crate::SqliteStore;
use crate::account::{find as account_of, write_note};
use crate::connection::End;
use crate::error::Step;
use crate::schema::postonce_session as session;
use crate::time::now;

#[async_trait]
impl Sessions for SqliteStore {
    async fn open_session(&self, new: NewSession) -> Result<bool, StoreError> {
        self.write(move |conn| {
            let account = account_of(conn, &new.account)?;
            if account.is_none_or(|account| account.disabled || account.version != new.seen) {
                return Ok(End::Undo(false));
            }
            let now = now(conn)?;
            let over = session::idle_until.le(now).or(session::ends_at.le(now));
            diesel::delete(session::table.filter(over)).execute(conn)?;
            diesel::insert_into(session::table).values(SessionRow::of(&new, now)).execute(conn)?;
            write_note(conn, now, &new.note())?;
            Ok(End::Keep(true))
        })
        .await
    }

    async fn session(&self, key: &str) -> Result<Option<Session>, StoreError> {
        let wanted = key.to_owned();
        let found = self.read(move |conn| find(conn, &wanted)).await?;
        // Most pages only read, and reading waits for nobody.
        if found.as_ref().is_none_or(|found| found.used.is_none()) {
            return Ok(found.map(|found| found.session));
        }
        let key = key.to_owned();
        let found = self.write(move |conn| {
            let Some(until) = find(conn, &key)?.and_then(|found| found.used) else {
                return Ok(End::Undo(find(conn, &key)?));
            };
            let row = session::table.find(&key);
            diesel::update(row).set(session::idle_until.eq(until)).execute(conn)?;
            Ok(End::Keep(find(conn, &key)?))
        });
        Ok(found.await?.map(|found| found.session))
    }

    async fn close_session(&self, key: &str) -> Result<(), StoreError> {
        let key = key.to_owned();
        self.write(move |conn| {
            diesel::delete(session::table.find(key)).execute(conn)?;
            Ok(End::Keep(()))
        })
        .await
    }
}

/// A session that counts.
struct Found {
    session: Session,
    /// Until when it lasts unused from now on, if that is to be written.
    used: Option<i64>,
}

fn find(conn: &mut SqliteConnection, key: &str) -> Step<Option<Found>> {
    let row = session::table.find(key).select(SessionRow::as_select());
    let now = now(conn)?;
    let row: Option<SessionRow> = row.first(conn).optional()?;
    let Some(row) = row.filter(|row| !row.is_over(now)) else { return Ok(None) };
    let name = parsed("postonce_session", &row.account, LoginName::parse(&row.account))?;
    let account = account_of(conn, &name)?.filter(|account| !account.disabled);
    let Some(account) = account else { return Ok(None) };
    let used = row.used(now);
    Ok(Some(Found { session: row.session(account)?, used }))
}
