//! By whose consent each company file lets us in.

use async_trait::async_trait;
use diesel::dsl::max;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use postonce_domain::CompanyFile;
use postonce_ports::connection::{
    Connected, Connection, ConnectionEvent, ConnectionNote, Connections, NewConnection,
};
use postonce_ports::error::StoreError;
use postonce_ports::registry::CompanyFileWritten;
use postonce_ports::token::Rotated;
use postonce_store_rows::access::AccessRow;
use postonce_store_rows::connection::{ConsentRow, Found};

use crate::SqliteStore;
use crate::connection::End;
use crate::error::Step;
use crate::schema::{
    postonce_company_file as file, postonce_ledger_access as access,
    postonce_ledger_consent as consent, postonce_ledger_token as token,
};
use crate::time::{later, now};
use crate::{access as access_of, registry, token as token_of};

#[async_trait]
impl Connections for SqliteStore {
    async fn connect(
        &self,
        company_file: &CompanyFile,
        new: &NewConnection,
    ) -> Result<Connected, StoreError> {
        let (file, new) = (company_file.clone(), new.clone());
        self.write(move |conn| connect(conn, &file, &new)).await
    }

    async fn connections(&self) -> Result<Vec<Connection>, StoreError> {
        self.read(|conn| Ok(found(conn)?.connections()?)).await
    }

    async fn add(
        &self,
        company_file: &CompanyFile,
        note: &ConnectionNote,
    ) -> Result<(), StoreError> {
        let (file, note) = (company_file.clone(), note.clone());
        self.write(move |conn| Ok(End::Keep(insert(conn, &file, &note)?))).await
    }

    async fn revoke(
        &self,
        company_file: &CompanyFile,
        actor: &str,
        reason: &str,
    ) -> Result<bool, StoreError> {
        let (file, actor, text) = (company_file.clone(), actor.to_owned(), reason.to_owned());
        self.write(move |conn| {
            let known = token_of::find(conn, file.as_str())?;
            let had = known.is_some_and(|known| !known.secret.is_empty());
            let version = replace_token(conn, &file, "")?;
            access_of::put(conn, file.as_str(), AccessRow { version, ..AccessRow::default() })?;
            let event = ConnectionEvent::Revoked;
            insert(conn, &file, &ConnectionNote { event, actor, text, consent: None })?;
            Ok(End::Keep(had))
        })
        .await
    }
}

fn connect(
    conn: &mut SqliteConnection,
    file: &CompanyFile,
    new: &NewConnection,
) -> Step<End<Connected>> {
    let known = registry::settings(conn, file)?.and_then(|known| known.business_id);
    if let Some(refusal) = new.refusal(known) {
        return Ok(End::Undo(refusal));
    }
    match registry::written(conn, file, &new.consent.business_id, &new.time_zone)? {
        CompanyFileWritten::Written => {}
        CompanyFileWritten::Fixed { business_id } => {
            return Ok(End::Undo(Connected::Fixed { business_id }));
        }
        CompanyFileWritten::Taken { alias } => return Ok(End::Undo(Connected::Taken { alias })),
    }
    let version = replace_token(conn, file, &new.refresh)?;
    let ends_at = later(now(conn)?, new.rest);
    let row =
        AccessRow { version, access: Some(new.access.clone()), ends_at, ..AccessRow::default() };
    access_of::put(conn, file.as_str(), row)?;
    insert(conn, file, &new.note())?;
    Ok(End::Keep(Connected::Done))
}

/// Puts a refresh token in the place of the one on record, whichever that is.
fn replace_token(conn: &mut SqliteConnection, file: &CompanyFile, secret: &str) -> Step<i64> {
    let known = token_of::find(conn, file.as_str())?.map_or(0, |known| known.version);
    match token_of::replace(conn, file.as_str(), known, secret)? {
        Rotated::Stored(version) => Ok(version),
        Rotated::Overtaken(theirs) => Ok(theirs.version),
    }
}

fn insert(conn: &mut SqliteConnection, file: &CompanyFile, note: &ConnectionNote) -> Step<()> {
    let given = note.consent.as_ref();
    let created_at = now(conn)?;
    diesel::insert_into(consent::table)
        .values((
            consent::company_file.eq(file.as_str()),
            consent::event.eq(note.event.as_str()),
            consent::actor.eq(&note.actor),
            consent::text.eq(&note.text),
            consent::business_id.eq(given.map(|given| &given.business_id)),
            consent::business_name.eq(given.and_then(|given| given.business_name.as_ref())),
            consent::scopes.eq(given.map(|given| &given.scopes)),
            consent::base_url.eq(given.and_then(|given| given.base_url.as_ref())),
            consent::created_at.eq(created_at),
        ))
        .execute(conn)?;
    Ok(())
}

fn found(conn: &mut SqliteConnection) -> Step<Found> {
    let newest = consent::table.group_by((consent::company_file, consent::event));
    let newest: Vec<Option<i64>> = newest.select(max(consent::id)).load(conn)?;
    let newest = consent::id.eq_any(newest.into_iter().flatten());
    Ok(Found {
        businesses: file::table
            .filter(file::business_id.is_not_null())
            .select((file::alias, file::business_id))
            .load(conn)?,
        tokens: token::table
            .select((token::company_file, token::secret, token::version, token::stored_at))
            .load(conn)?,
        access: access::table
            .select((access::company_file, access::access, access::version, access::ends_at))
            .load(conn)?,
        lines: consent::table
            .filter(newest)
            .order(consent::id)
            .select(ConsentRow::as_select())
            .load(conn)?,
        now: now(conn)?,
    })
}
