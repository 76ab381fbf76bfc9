//! What is on record of a company file.

use std::time::Duration;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jiff::civil::Date;
use postonce_domain::CompanyFile;
use postonce_ports::registry::{
    Alarm, CompanyFileSettings, CompanyFileWritten, business_id as kept, is_same_business,
    spellings,
};
use postonce_store_rows::rows::parsed;
use postonce_store_rows::schema::{
    postonce_claim as claim, postonce_company_file as file, postonce_epoch as epoch,
    postonce_invoice as invoice,
};
use postonce_store_rows::time::micros;

use super::alarm;
use crate::error::{Step, StepError, Trouble, classify};
use crate::statement::statement;
use crate::time::{later_sql, now, now_sql};
use crate::transaction::{Conn, End};

pub(crate) async fn settings(
    conn: &mut Conn,
    alias: &CompanyFile,
) -> Step<Option<CompanyFileSettings>> {
    type Columns = (Option<String>, Option<String>, Option<String>, Option<i64>);
    let columns =
        (file::business_id, file::time_zone, file::cut_over_through, file::alarm_quiet_until);
    let row = file::table.find(alias.as_str()).select(columns);
    let row: Option<Columns> = row.first(conn).await.optional()?;
    let Some((business_id, time_zone, through, quiet_until)) = row else { return Ok(None) };
    let through = through.as_deref().map(str::parse).transpose();
    let cut_over_through = parsed("postonce_company_file", alias, through)?;
    let alarm = match quiet_until {
        Some(until) => Some(alarm(alias.as_str(), now(conn).await?, until)?),
        None => None,
    };
    Ok(Some(CompanyFileSettings { business_id, time_zone, cut_over_through, alarm }))
}

const CUT_OVER: &str = "\
    INSERT INTO postonce_company_file (alias, cut_over_through) VALUES (?, ?) \
    ON DUPLICATE KEY UPDATE cut_over_through = ?";

const ALARM_IS_OVER: &str = concat!(
    "UPDATE postonce_company_file SET alarm_quiet_until = NULL \
     WHERE alias = ? AND alarm_quiet_until <= ",
    now_sql!()
);

/// Settles the past of a company file, or unsettles it; whether it ended an alarm.
pub(crate) async fn cut_over(
    conn: &mut Conn,
    alias: &CompanyFile,
    through: Option<Date>,
) -> Step<bool> {
    let date = through.map(|date| date.to_string());
    let write = statement(CUT_OVER).text(alias.as_str()).maybe_text(date.as_deref());
    write.maybe_text(date).execute(conn).await?;
    if through.is_none() {
        return Ok(false);
    }
    Ok(statement(ALARM_IS_OVER).text(alias.as_str()).execute(conn).await? > 0)
}

/// Raises an alarm, or prolongs the one that stands.
const ALARM: &str = concat!(
    "INSERT INTO postonce_company_file (alias, alarm_quiet_until) VALUES (?, ",
    later_sql!(),
    ") ON DUPLICATE KEY UPDATE alarm_quiet_until = \
     GREATEST(COALESCE(alarm_quiet_until, 0), ",
    later_sql!(),
    ")"
);

pub(super) async fn raise_alarm(
    conn: &mut Conn,
    alias: &CompanyFile,
    quiet: Duration,
) -> Step<End<Alarm>> {
    let quiet = micros(quiet);
    let raise = statement(ALARM).text(alias.as_str()).int(quiet).int(quiet);
    raise.execute(conn).await?;
    let until = file::table.find(alias.as_str()).select(file::alarm_quiet_until);
    let until: Option<i64> = until.first(conn).await?;
    // Asked last: an alarm that is quiet for no time at all is over by now.
    let now = now(conn).await?;
    Ok(End::Keep(alarm(alias.as_str(), now, until.unwrap_or(now))?))
}

pub(super) async fn write(
    conn: &mut Conn,
    alias: &CompanyFile,
    business_id: &str,
    time_zone: &str,
) -> Step<End<CompanyFileWritten>> {
    let written = written(conn, alias, business_id, time_zone).await?;
    let done = written == CompanyFileWritten::Written;
    Ok(if done { End::Keep(written) } else { End::Undo(written) })
}

/// A run that is under way claims nothing any more.
const RAISE_EPOCH: &str = "\
    INSERT INTO postonce_epoch (company_file, epoch) VALUES (?, 1) \
    ON DUPLICATE KEY UPDATE epoch = postonce_epoch.epoch + 1";

const UNSETTLE: &str = "UPDATE postonce_company_file SET cut_over_through = NULL WHERE alias = ?";

/// Writes business and zone, or says why not.
pub(crate) async fn written(
    conn: &mut Conn,
    alias: &CompanyFile,
    business_id: &str,
    time_zone: &str,
) -> Step<CompanyFileWritten> {
    // Claims read the epoch under a share lock: with its row in hand, none is being made.
    let epochs = epoch::table.find(alias.as_str()).select(epoch::epoch).for_update();
    let _: Option<i64> = epochs.first(conn).await.optional()?;
    let spelled = spellings(business_id);
    let other = file::table
        .filter(file::business_id.eq_any(&spelled))
        .filter(file::alias.ne(alias.as_str()))
        .select(file::alias);
    if let Some(alias) = other.first(conn).await.optional()? {
        return Ok(CompanyFileWritten::Taken { alias });
    }
    for own in spelled.iter().filter(|own| *own != alias.as_str()) {
        if is_used_as_its_own(conn, own).await? {
            return Ok(CompanyFileWritten::Taken { alias: own.clone() });
        }
    }
    // An alias without a business on record is its own: that is how a loopback ledger is used.
    let recorded = settings(conn, alias).await?.and_then(|known| known.business_id);
    let known = recorded.clone().unwrap_or_else(|| alias.to_string());
    if !is_same_business(&known, business_id) {
        if is_fixed(conn, alias, recorded.is_some()).await? {
            return Ok(CompanyFileWritten::Fixed { business_id: known });
        }
        statement(RAISE_EPOCH).text(alias.as_str()).execute(conn).await?;
        if recorded.is_some() {
            statement(UNSETTLE).text(alias.as_str()).execute(conn).await?;
        }
    }
    let business_id = kept(alias, business_id);
    let values = (file::business_id.eq(&business_id), file::time_zone.eq(time_zone));
    let row = file::table.find(alias.as_str());
    let written = match diesel::update(row).set(values).execute(conn).await {
        Ok(0) => {
            let row = (file::alias.eq(alias.as_str()), values);
            diesel::insert_into(file::table).values(row).execute(conn).await
        }
        written => written,
    };
    match written {
        Ok(_) => Ok(CompanyFileWritten::Written),
        // Another has written the alias, or got the business, since it was looked up.
        Err(error) if classify(&error) == Trouble::Duplicate => Err(StepError::Overtaken(error)),
        Err(error) => Err(error.into()),
    }
}

const ZONE: &str = "\
    UPDATE postonce_company_file SET time_zone = ? WHERE alias = ? AND business_id IS NOT NULL";

pub(super) async fn set_time_zone(
    conn: &mut Conn,
    alias: &CompanyFile,
    time_zone: &str,
) -> Step<End<()>> {
    statement(ZONE).text(time_zone).text(alias.as_str()).execute(conn).await?;
    Ok(End::Keep(()))
}

/// Whether a company file has invoices that bind it to its business.
async fn is_fixed(conn: &mut Conn, alias: &CompanyFile, is_recorded: bool) -> Step<bool> {
    let claims = claim::table.filter(claim::company_file.eq(alias.as_str()));
    let claimed: bool = diesel::select(diesel::dsl::exists(claims)).get_result(conn).await?;
    let posted = invoice::table
        .filter(invoice::company_file.eq(alias.as_str()))
        .filter(invoice::ledger_uid.is_not_null());
    let posted: bool = diesel::select(diesel::dsl::exists(posted)).get_result(conn).await?;
    Ok(claimed || is_recorded && posted)
}

/// Whether there are invoices of an alias of this name that has no other business on record.
async fn is_used_as_its_own(conn: &mut Conn, business_id: &str) -> Step<bool> {
    let elsewhere = file::table
        .filter(file::alias.eq(business_id))
        .filter(file::business_id.is_not_null())
        .filter(file::business_id.ne(business_id));
    let elsewhere: bool = diesel::select(diesel::dsl::exists(elsewhere)).get_result(conn).await?;
    let invoices = invoice::table.filter(invoice::company_file.eq(business_id));
    let used: bool = diesel::select(diesel::dsl::exists(invoices)).get_result(conn).await?;
    Ok(used && !elsewhere)
}
