//! By whose consent each company file lets us in.

use async_trait::async_trait;
use diesel::dsl::max;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use postonce_domain::CompanyFile;
use postonce_ports::connection::{
    Connected, Connection, ConnectionEvent, ConnectionNote, Connections, NewConnection,
};
use postonce_ports::error::StoreError;
use postonce_ports::registry::CompanyFileWritten;
use postonce_ports::token::Rotated;
use postonce_store_rows::access::AccessRow;
use postonce_store_rows::connection::{ConsentRow, Found};
use postonce_store_rows::schema::{
    postonce_company_file as file, postonce_ledger_access as access,
    postonce_ledger_consent as consent, postonce_ledger_token as token,
};
use postonce_store_rows::time::later;

use crate::MysqlStore;
use crate::error::Step;
use crate::registry::file as registry;
use crate::statement::{Statement, statement};
use crate::time::now;
use crate::transaction::{Conn, End};
use crate::{access as access_of, token as token_of};

#[async_trait]
impl Connections for MysqlStore {
    async fn connect(
        &self,
        company_file: &CompanyFile,
        new: &NewConnection,
    ) -> Result<Connected, StoreError> {
        let input = (company_file.clone(), new.clone());
        self.write(input, |conn, (file, new)| Box::pin(connect(conn, file, new))).await
    }

    async fn connections(&self) -> Result<Vec<Connection>, StoreError> {
        self.read((), |conn, ()| Box::pin(async { Ok(found(conn).await?.connections()?) })).await
    }

    async fn add(
        &self,
        company_file: &CompanyFile,
        note: &ConnectionNote,
    ) -> Result<(), StoreError> {
        self.write((company_file.clone(), note.clone()), |conn, (file, note)| {
            Box::pin(async {
                insert(file, note).execute(conn).await?;
                Ok(End::Keep(()))
            })
        })
        .await
    }

    async fn revoke(
        &self,
        company_file: &CompanyFile,
        actor: &str,
        reason: &str,
    ) -> Result<bool, StoreError> {
        let input = (company_file.clone(), actor.to_owned(), reason.to_owned());
        self.write(input, |conn, (file, actor, reason)| Box::pin(revoke(conn, file, actor, reason)))
            .await
    }
}

async fn connect(conn: &mut Conn, file: &CompanyFile, new: &NewConnection) -> Step<End<Connected>> {
    let known = registry::settings(conn, file).await?.and_then(|known| known.business_id);
    if let Some(refusal) = new.refusal(known) {
        return Ok(End::Undo(refusal));
    }
    let business = &new.consent.business_id;
    match registry::written(conn, file, business, &new.time_zone).await? {
        CompanyFileWritten::Written => {}
        CompanyFileWritten::Fixed { business_id } => {
            return Ok(End::Undo(Connected::Fixed { business_id }));
        }
        CompanyFileWritten::Taken { alias } => return Ok(End::Undo(Connected::Taken { alias })),
    }
    let ends_at = later(now(conn).await?, new.rest);
    replace_tokens(conn, file, &new.refresh, Some((new.access.clone(), ends_at))).await?;
    insert(file, &new.note()).execute(conn).await?;
    Ok(End::Keep(Connected::Done))
}

async fn revoke(conn: &mut Conn, file: &CompanyFile, actor: &str, reason: &str) -> Step<End<bool>> {
    let had = replace_tokens(conn, file, "", None).await?;
    let (event, actor, text) = (ConnectionEvent::Revoked, actor.to_owned(), reason.to_owned());
    let note = ConnectionNote { event, actor, text, consent: None };
    insert(file, &note).execute(conn).await?;
    Ok(End::Keep(had))
}

/// Puts tokens in the place of those on record, whichever those are; whether there was one.
async fn replace_tokens(
    conn: &mut Conn,
    file: &CompanyFile,
    refresh: &str,
    access: Option<(String, i64)>,
) -> Step<bool> {
    // In the order of a turn, so that the two do not wait for each other.
    let is_new = access_of::find(conn, file).await?.is_none();
    let known = token_of::find(conn, file).await?;
    let (had, version) =
        known.map_or((false, 0), |known| (!known.secret.is_empty(), known.version));
    let version = match token_of::replace(conn, file, version, refresh).await? {
        Rotated::Stored(version) => version,
        // Between the two readings somebody rotated.
        Rotated::Overtaken(theirs) => {
            match token_of::replace(conn, file, theirs.version, refresh).await? {
                Rotated::Stored(version) => version,
                Rotated::Overtaken(theirs) => theirs.version,
            }
        }
    };
    let (access, ends_at) = access.map_or((None, 0), |(secret, end)| (Some(secret), end));
    let row = AccessRow { version, access, ends_at, ..AccessRow::default() };
    access_of::put(conn, file, row, is_new).await?;
    Ok(had)
}

/// Writes a line, at the server's time.
fn insert(file: &CompanyFile, note: &ConnectionNote) -> Statement {
    const INSERT: &str = "\
        INSERT INTO postonce_ledger_consent \
        (company_file, event, actor, text, business_id, business_name, scopes, base_url) \
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    let given = note.consent.as_ref();
    statement(INSERT)
        .text(file.as_str())
        .text(note.event.as_str())
        .text(note.actor.as_str())
        .text(note.text.as_str())
        .maybe_text(given.map(|given| given.business_id.as_str()))
        .maybe_text(given.and_then(|given| given.business_name.as_deref()))
        .maybe_text(given.map(|given| given.scopes.as_str()))
        .maybe_text(given.and_then(|given| given.base_url.as_deref()))
}

async fn found(conn: &mut Conn) -> Step<Found> {
    let newest = consent::table.group_by((consent::company_file, consent::event));
    let newest: Vec<Option<i64>> = newest.select(max(consent::id)).load(conn).await?;
    let newest: Vec<i64> = newest.into_iter().flatten().collect();
    Ok(Found {
        businesses: file::table
            .filter(file::business_id.is_not_null())
            .select((file::alias, file::business_id))
            .load(conn)
            .await?,
        tokens: token::table
            .select((token::company_file, token::secret, token::version, token::stored_at))
            .load(conn)
            .await?,
        access: access::table
            .select((access::company_file, access::access, access::version, access::ends_at))
            .load(conn)
            .await?,
        lines: consent::table
            .filter(consent::id.eq_any(newest))
            .order(consent::id)
            .select(ConsentRow::as_select())
            .load(conn)
            .await?,
        now: now(conn).await?,
    })
}
