//! Each company file's access token, and whose turn it is to get the next one.

use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use postonce_domain::CompanyFile;
use postonce_ports::access::{AccessStore, Ask, NewTokens, Turn};
use postonce_ports::error::StoreError;
use postonce_ports::token::Rotated;
use postonce_store_rows::access::{AccessRow, Columns};
use postonce_store_rows::schema::postonce_ledger_access as access;
use postonce_store_rows::time::later;

use crate::MysqlStore;
use crate::error::{Step, StepError, Trouble, classify};
use crate::time::now;
use crate::token;
use crate::transaction::{Conn, End};

#[async_trait]
impl AccessStore for MysqlStore {
    async fn turn<'a>(&self, company_file: &CompanyFile, ask: Ask<'a>) -> Result<Turn, StoreError> {
        let input = (company_file.clone(), ask.me.to_owned(), ask.enough, ask.lease);
        self.write(input, |conn, (file, me, enough, lease)| {
            Box::pin(turn(conn, file, Ask { me, enough: *enough, lease: *lease }))
        })
        .await
    }

    async fn granted(
        &self,
        company_file: &CompanyFile,
        me: &str,
        new: &NewTokens,
    ) -> Result<Rotated, StoreError> {
        let input = (company_file.clone(), me.to_owned(), new.clone());
        self.write(input, |conn, (file, me, new)| Box::pin(granted(conn, file, me, new))).await
    }

    async fn give_up(&self, company_file: &CompanyFile, me: &str) -> Result<(), StoreError> {
        self.write((company_file.clone(), me.to_owned()), |conn, (file, me)| {
            Box::pin(async move {
                let row = access::table.find(file.as_str()).filter(access::refresher.eq(me));
                let none = access::refresher.eq(None::<String>);
                diesel::update(row).set(none).execute(conn).await?;
                Ok(End::Keep(()))
            })
        })
        .await
    }

    async fn refused(&self, company_file: &CompanyFile, version: i64) -> Result<(), StoreError> {
        self.write((company_file.clone(), version), |conn, (file, version)| {
            Box::pin(async move {
                let row = access::table.find(file.as_str()).filter(access::version.eq(*version));
                let none = access::access.eq(None::<String>);
                diesel::update(row).set(none).execute(conn).await?;
                Ok(End::Keep(()))
            })
        })
        .await
    }
}

async fn turn(conn: &mut Conn, file: &CompanyFile, ask: Ask<'_>) -> Step<End<Turn>> {
    let found = find(conn, file).await?;
    let (is_new, row) = (found.is_none(), found.unwrap_or_default());
    let (token, now) = (token::find(conn, file).await?, now(conn).await?);
    let turn = row.clone().turn(token, ask, now);
    if !matches!(turn, Turn::Ours { .. }) {
        return Ok(End::Undo(turn));
    }
    let (refresher, refresh_until) = (Some(ask.me.to_owned()), later(now, ask.lease));
    put(conn, file, AccessRow { refresher, refresh_until, ..row }, is_new).await?;
    Ok(End::Keep(turn))
}

async fn granted(
    conn: &mut Conn,
    file: &CompanyFile,
    me: &str,
    new: &NewTokens,
) -> Step<End<Rotated>> {
    // In the order of `turn`, so that the two do not wait for each other.
    let found = find(conn, file).await?;
    let (is_new, row) = (found.is_none(), found.unwrap_or_default());
    let rotated = token::replace(conn, file, new.version, &new.refresh).await?;
    let Rotated::Stored(version) = rotated else { return Ok(End::Undo(rotated)) };
    let row = AccessRow {
        version,
        access: Some(new.access.clone()),
        ends_at: later(now(conn).await?, new.rest),
        refresher: row.refresher.filter(|refresher| refresher != me),
        ..row
    };
    put(conn, file, row, is_new).await?;
    Ok(End::Keep(rotated))
}

/// What is on record; nobody else changes it before this transaction ends.
pub(crate) async fn find(conn: &mut Conn, file: &CompanyFile) -> Step<Option<AccessRow>> {
    let columns = (
        access::version,
        access::access,
        access::ends_at,
        access::refresher,
        access::refresh_until,
    );
    let row = access::table.find(file.as_str()).select(columns).for_update();
    let row: Option<Columns> = row.first(conn).await.optional()?;
    Ok(row.map(AccessRow::from))
}

pub(crate) async fn put(
    conn: &mut Conn,
    file: &CompanyFile,
    row: AccessRow,
    is_new: bool,
) -> Step<()> {
    let values = (
        access::version.eq(row.version),
        access::access.eq(row.access),
        access::ends_at.eq(row.ends_at),
        access::refresher.eq(row.refresher),
        access::refresh_until.eq(row.refresh_until),
    );
    let key = access::company_file.eq(file.as_str());
    let written = if is_new {
        diesel::insert_into(access::table).values((key, values)).execute(conn).await
    } else {
        diesel::update(access::table.filter(key)).set(values).execute(conn).await
    };
    match written {
        Ok(_) => Ok(()),
        // Two had read that there is none.
        Err(error) if classify(&error) == Trouble::Duplicate => Err(StepError::Overtaken(error)),
        Err(error) => Err(error.into()),
    }
}
