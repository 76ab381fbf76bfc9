//! What the database remembers of itself.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use async_trait::async_trait;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};
use diesel::sqlite::SqliteConnection;
use jiff::Timestamp;
use jiff::civil::Date;
use postonce_domain::CompanyFile;
use postonce_ports::error::StoreError;
use postonce_ports::registry::{
    Agreed, Alarm, CompanyFileSettings, CompanyFileWritten, LockSettings, Registry, Whereabouts,
    business_id as kept, is_same_business, spellings,
};

use crate::SqliteStore;
use crate::connection::End;
use crate::error::Step;
use crate::rows::parsed;
use crate::schema::postonce_sync_lock as sync_lock;
use crate::schema::{
    postonce_claim as claim, postonce_company_file as file, postonce_installation as installation,
    postonce_invoice as invoice,
};
use crate::{lock, time};

#[async_trait]
impl Registry for SqliteStore {
    async fn lock_settings(&self, wanted: LockSettings) -> Result<Agreed, StoreError> {
        self.write(move |conn| {
            let columns =
                sync_lock::table.select((sync_lock::kind, sync_lock::scope, sync_lock::name));
            let known: Option<(String, String, String)> = columns.first(conn).optional()?;
            let Some((kind, scope, name)) = known else {
                diesel::insert_into(sync_lock::table)
                    .values((
                        sync_lock::only.eq(1),
                        sync_lock::kind.eq(&wanted.kind),
                        sync_lock::scope.eq(&wanted.scope),
                        sync_lock::name.eq(&wanted.name),
                    ))
                    .execute(conn)?;
                return Ok(End::Keep(Agreed::Yes));
            };
            let known = LockSettings { kind, scope, name };
            Ok(End::Undo(if known == wanted { Agreed::Yes } else { Agreed::Differs(known) }))
        })
        .await
    }

    async fn company_file_settings(
        &self,
        alias: &CompanyFile,
    ) -> Result<Option<CompanyFileSettings>, StoreError> {
        let alias = alias.clone();
        self.read(move |conn| settings(conn, &alias)).await
    }

    async fn set_company_file(
        &self,
        alias: &CompanyFile,
        business_id: &str,
        time_zone: &str,
    ) -> Result<CompanyFileWritten, StoreError> {
        let alias = alias.clone();
        let (business_id, time_zone) = (business_id.to_owned(), time_zone.to_owned());
        self.write(move |conn| write(conn, &alias, &business_id, &time_zone)).await
    }

    async fn set_time_zone(&self, alias: &CompanyFile, time_zone: &str) -> Result<(), StoreError> {
        let (alias, time_zone) = (alias.clone(), time_zone.to_owned());
        self.write(move |conn| {
            let row = file::table.find(alias.as_str()).filter(file::business_id.is_not_null());
            diesel::update(row).set(file::time_zone.eq(time_zone)).execute(conn)?;
            Ok(End::Keep(()))
        })
        .await
    }

    async fn cut_over(&self, alias: &CompanyFile, through: Option<Date>) -> Result<(), StoreError> {
        let alias = alias.clone();
        self.write(move |conn| Ok(End::Keep(cut_over(conn, &alias, through).map(drop)?))).await
    }

    async fn whereabouts(&self) -> Result<Whereabouts, StoreError> {
        let here = self.identity()?;
        let known = self.read(known_identity).await?;
        if known.is_some() {
            return Ok(compare(known, here));
        }
        self.write(move |conn| {
            // Another process may have been first.
            let known = known_identity(conn)?;
            if known.is_none() {
                keep_identity(conn, &here)?;
            }
            Ok(End::Keep(compare(known, here)))
        })
        .await
    }

    async fn take_over(&self, quiet: Duration) -> Result<Whereabouts, StoreError> {
        let here = self.identity()?;
        self.write(move |conn| Ok(End::Keep(take_over(conn, here, quiet)?.0))).await
    }

    async fn alarm(
        &self,
        company_file: &CompanyFile,
        quiet: Duration,
    ) -> Result<Alarm, StoreError> {
        let alias = company_file.to_string();
        self.write(move |conn| {
            let now = time::now(conn)?;
            raise_alarm(conn, &alias, time::later(now, quiet))?;
            let until: Option<i64> =
                file::table.find(&alias).select(file::alarm_quiet_until).first(conn)?;
            Ok(End::Keep(alarm(&alias, now, until.unwrap_or(now))?))
        })
        .await
    }
}

impl SqliteStore {
    pub(crate) fn identity(&self) -> Result<String, StoreError> {
        let path = &self.inner.path;
        identity_of(path).map_err(|source| StoreError::Unavailable {
            message: format!("{}: {source}", path.display()),
            source: Some(Box::new(source)),
        })
    }
}

/// The file's number in its file system and, where that is known, when it was made. Another file
/// in its place has another; the same one under another path or mount keeps it.
pub(crate) fn identity_of(path: &Path) -> std::io::Result<String> {
    let file = std::fs::metadata(path)?;
    let made = file.created().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    let made =
        made.and_then(|age| Timestamp::from_microsecond(i64::try_from(age.as_micros()).ok()?).ok());
    let made = made.map(|at| format!(", made at {at}")).unwrap_or_default();
    Ok(format!("file {}{made}", file.ino()))
}

fn known_identity(conn: &mut SqliteConnection) -> Step<Option<String>> {
    Ok(installation::table.select(installation::server).first(conn)?)
}

fn keep_identity(conn: &mut SqliteConnection, here: &str) -> Step<()> {
    diesel::update(installation::table).set(installation::server.eq(here)).execute(conn)?;
    Ok(())
}

fn compare(known: Option<String>, here: String) -> Whereabouts {
    match known {
        Some(from) if from != here => Whereabouts::Moved { from, to: here },
        Some(_) | None => Whereabouts::Same,
    }
}

/// Every alias on record or of an invoice.
fn every_file(conn: &mut SqliteConnection) -> Step<Vec<String>> {
    let known = file::table.select(file::alias);
    Ok(known.union(invoice::table.select(invoice::company_file)).load(conn)?)
}

/// Settles the past of a company file, or unsettles it; whether it ended an alarm.
pub(crate) fn cut_over(
    conn: &mut SqliteConnection,
    alias: &CompanyFile,
    through: Option<Date>,
) -> Step<bool> {
    let is_settled = through.is_some();
    let through = file::cut_over_through.eq(through.map(|date| date.to_string()));
    diesel::insert_into(file::table)
        .values((file::alias.eq(alias.as_str()), through.clone()))
        .on_conflict(file::alias)
        .do_update()
        .set(through)
        .execute(conn)?;
    if !is_settled {
        return Ok(false);
    }
    let now = time::now(conn)?;
    let over = file::table.find(alias.as_str()).filter(file::alarm_quiet_until.le(now));
    let ended = diesel::update(over).set(file::alarm_quiet_until.eq(None::<i64>));
    Ok(ended.execute(conn)? > 0)
}

/// Where the file was and is, and the company files that have an alarm for it.
pub(crate) fn take_over(
    conn: &mut SqliteConnection,
    here: String,
    quiet: Duration,
) -> Step<(Whereabouts, Vec<String>)> {
    let known = known_identity(conn)?;
    keep_identity(conn, &here)?;
    let seen = compare(known, here);
    if seen == Whereabouts::Same {
        return Ok((seen, Vec::new()));
    }
    let quiet_until = time::later(time::now(conn)?, quiet);
    let files = every_file(conn)?;
    for alias in &files {
        raise_alarm(conn, alias, quiet_until)?;
    }
    Ok((seen, files))
}

/// Raises an alarm, or prolongs the one that stands.
fn raise_alarm(conn: &mut SqliteConnection, alias: &str, quiet_until: i64) -> Step<()> {
    let longer = sql::<Nullable<BigInt>>("max(coalesce(alarm_quiet_until, 0), ")
        .bind::<BigInt, _>(quiet_until)
        .sql(")");
    diesel::insert_into(file::table)
        .values((file::alias.eq(alias), file::alarm_quiet_until.eq(quiet_until)))
        .on_conflict(file::alias)
        .do_update()
        .set(file::alarm_quiet_until.eq(longer))
        .execute(conn)?;
    Ok(())
}

pub(crate) fn alarm(alias: &str, now: i64, quiet_until: i64) -> Step<Alarm> {
    Ok(Alarm {
        quiet_until: time::timestamp("postonce_company_file", alias, quiet_until)?,
        quiet_over: now >= quiet_until,
    })
}

pub(crate) fn settings(
    conn: &mut SqliteConnection,
    alias: &CompanyFile,
) -> Step<Option<CompanyFileSettings>> {
    type Columns = (Option<String>, Option<String>, Option<String>, Option<i64>);
    let columns =
        (file::business_id, file::time_zone, file::cut_over_through, file::alarm_quiet_until);
    let row: Option<Columns> =
        file::table.find(alias.as_str()).select(columns).first(conn).optional()?;
    let Some((business_id, time_zone, through, quiet_until)) = row else { return Ok(None) };
    let through = through.as_deref().map(str::parse).transpose();
    let cut_over_through = parsed("postonce_company_file", alias, through)?;
    let now = time::now(conn)?;
    let alarm = quiet_until.map(|until| alarm(alias.as_str(), now, until)).transpose()?;
    Ok(Some(CompanyFileSettings { business_id, time_zone, cut_over_through, alarm }))
}

fn write(
    conn: &mut SqliteConnection,
    alias: &CompanyFile,
    business_id: &str,
    time_zone: &str,
) -> Step<End<CompanyFileWritten>> {
    let written = written(conn, alias, business_id, time_zone)?;
    let done = written == CompanyFileWritten::Written;
    Ok(if done { End::Keep(written) } else { End::Undo(written) })
}

/// Writes business and zone, or says why not.
pub(crate) fn written(
    conn: &mut SqliteConnection,
    alias: &CompanyFile,
    business_id: &str,
    time_zone: &str,
) -> Step<CompanyFileWritten> {
    let spelled = spellings(business_id);
    let other: Option<String> = file::table
        .filter(file::business_id.eq_any(&spelled))
        .filter(file::alias.ne(alias.as_str()))
        .select(file::alias)
        .first(conn)
        .optional()?;
    if let Some(alias) = other {
        return Ok(CompanyFileWritten::Taken { alias });
    }
    for own in spelled.iter().filter(|own| *own != alias.as_str()) {
        if is_used_as_its_own(conn, own)? {
            return Ok(CompanyFileWritten::Taken { alias: own.clone() });
        }
    }
    // An alias without a business on record is its own: that is how a loopback ledger is used.
    let recorded = settings(conn, alias)?.and_then(|known| known.business_id);
    let known = recorded.clone().unwrap_or_else(|| alias.to_string());
    if !is_same_business(&known, business_id) {
        if is_fixed(conn, alias, recorded.is_some())? {
            return Ok(CompanyFileWritten::Fixed { business_id: known });
        }
        lock::raised(conn, alias)?;
        if recorded.is_some() {
            let row = file::table.find(alias.as_str());
            let unsettled = file::cut_over_through.eq(None::<String>);
            diesel::update(row).set(unsettled).execute(conn)?;
        }
    }
    let business_id = kept(alias, business_id);
    let values = (file::business_id.eq(&business_id), file::time_zone.eq(time_zone));
    diesel::insert_into(file::table)
        .values((file::alias.eq(alias.as_str()), values))
        .on_conflict(file::alias)
        .do_update()
        .set(values)
        .execute(conn)?;
    Ok(CompanyFileWritten::Written)
}

/// Whether a company file has invoices that bind it to its business.
fn is_fixed(conn: &mut SqliteConnection, alias: &CompanyFile, is_recorded: bool) -> Step<bool> {
    let claims = claim::table.filter(claim::company_file.eq(alias.as_str()));
    let claimed: bool = diesel::select(diesel::dsl::exists(claims)).get_result(conn)?;
    let posted = invoice::table
        .filter(invoice::company_file.eq(alias.as_str()))
        .filter(invoice::ledger_uid.is_not_null());
    let posted: bool = diesel::select(diesel::dsl::exists(posted)).get_result(conn)?;
    Ok(claimed || is_recorded && posted)
}

/// Whether there are invoices of an alias of this name that has no other business on record.
fn is_used_as_its_own(conn: &mut SqliteConnection, business_id: &str) -> Step<bool> {
    let elsewhere = file::table
        .filter(file::alias.eq(business_id))
        .filter(file::business_id.is_not_null())
        .filter(file::business_id.ne(business_id));
    let elsewhere: bool = diesel::select(diesel::dsl::exists(elsewhere)).get_result(conn)?;
    let invoices = invoice::table.filter(invoice::company_file.eq(business_id));
    let used: bool = diesel::select(diesel::dsl::exists(invoices)).get_result(conn)?;
    Ok(used && !elsewhere)
}
