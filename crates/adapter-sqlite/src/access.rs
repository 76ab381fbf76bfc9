//! Each company file's access token, and whose turn it is to get the next one.

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use postonce_domain::CompanyFile;
use postonce_ports::access::{AccessStore, Ask, NewTokens, Turn};
use postonce_ports::error::StoreError;
use postonce_ports::token::Rotated;
use postonce_store_rows::access::{AccessRow, Columns};

use crate::SqliteStore;
use crate::connection::End;
use crate::error::Step;
use crate::schema::postonce_ledger_access as access;
use crate::time::{later, now};
use crate::token;

#[async_trait]
impl AccessStore for SqliteStore {
    async fn turn<'a>(&self, company_file: &CompanyFile, ask: Ask<'a>) -> Result<Turn, StoreError> {
        let (file, me) = (company_file.to_string(), ask.me.to_owned());
        let Ask { enough, lease, .. } = ask;
        self.write(move |conn| {
            let ask = Ask { me: &me, enough, lease };
            let (row, now) = (find(conn, &file)?, now(conn)?);
            let turn = row.clone().turn(token::find(conn, &file)?, ask, now);
            if !matches!(turn, Turn::Ours { .. }) {
                return Ok(End::Undo(turn));
            }
            let (refresher, refresh_until) = (Some(me.clone()), later(now, lease));
            put(conn, &file, AccessRow { refresher, refresh_until, ..row })?;
            Ok(End::Keep(turn))
        })
        .await
    }

    async fn granted(
        &self,
        company_file: &CompanyFile,
        me: &str,
        new: &NewTokens,
    ) -> Result<Rotated, StoreError> {
        let (file, me, new) = (company_file.to_string(), me.to_owned(), new.clone());
        self.write(move |conn| {
            let rotated = token::replace(conn, &file, new.version, &new.refresh)?;
            let Rotated::Stored(version) = rotated else { return Ok(End::Undo(rotated)) };
            let (row, now) = (find(conn, &file)?, now(conn)?);
            let row = AccessRow {
                version,
                access: Some(new.access.clone()),
                ends_at: later(now, new.rest),
                refresher: row.refresher.filter(|refresher| *refresher != me),
                ..row
            };
            put(conn, &file, row)?;
            Ok(End::Keep(rotated))
        })
        .await
    }

    async fn give_up(&self, company_file: &CompanyFile, me: &str) -> Result<(), StoreError> {
        let (file, me) = (company_file.to_string(), me.to_owned());
        self.write(move |conn| {
            let row = access::table.find(&file).filter(access::refresher.eq(&me));
            diesel::update(row).set(access::refresher.eq(None::<String>)).execute(conn)?;
            Ok(End::Keep(()))
        })
        .await
    }

    async fn refused(&self, company_file: &CompanyFile, version: i64) -> Result<(), StoreError> {
        let file = company_file.to_string();
        self.write(move |conn| {
            let row = access::table.find(&file).filter(access::version.eq(version));
            diesel::update(row).set(access::access.eq(None::<String>)).execute(conn)?;
            Ok(End::Keep(()))
        })
        .await
    }
}

fn find(conn: &mut SqliteConnection, file: &str) -> Step<AccessRow> {
    let columns = (
        access::version,
        access::access,
        access::ends_at,
        access::refresher,
        access::refresh_until,
    );
    let row: Option<Columns> = access::table.find(file).select(columns).first(conn).optional()?;
    Ok(row.map(AccessRow::from).unwrap_or_default())
}

pub(crate) fn put(conn: &mut SqliteConnection, file: &str, row: AccessRow) -> Step<()> {
    let values = (
        access::company_file.eq(file),
        access::version.eq(row.version),
        access::access.eq(row.access),
        access::ends_at.eq(row.ends_at),
        access::refresher.eq(row.refresher),
        access::refresh_until.eq(row.refresh_until),
    );
    diesel::replace_into(access::table).values(values).execute(conn)?;
    Ok(())
}
