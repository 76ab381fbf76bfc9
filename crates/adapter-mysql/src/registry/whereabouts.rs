//! Where the database is, compared with where it was.

use std::time::Duration;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use postonce_ports::registry::Whereabouts;
use postonce_store_rows::schema::postonce_installation as installation;
use postonce_store_rows::time::micros;

use crate::error::Step;
use crate::identity::identity;
use crate::statement::statement;
use crate::time::later_sql;
use crate::transaction::{Conn, End};

pub(super) async fn whereabouts(conn: &mut Conn) -> Step<End<Whereabouts>> {
    let here = identity(conn).await?;
    if let Some(known) = known(conn).await? {
        return Ok(End::Undo(compare(Some(known), here)));
    }
    // Another process may have been first.
    let known = known_for_update(conn).await?;
    if known.is_none() {
        keep(conn, &here).await?;
    }
    Ok(End::Keep(compare(known, here)))
}

/// Every alias on record or of an invoice gets an alarm; one that stands is prolonged.
const ALARM_ALL: &str = concat!(
    "INSERT INTO postonce_company_file (alias, alarm_quiet_until) \
     SELECT known.alias, ",
    later_sql!(),
    " FROM (SELECT alias FROM postonce_company_file \
     UNION SELECT company_file FROM postonce_invoice) AS known \
     ON DUPLICATE KEY UPDATE alarm_quiet_until = \
     GREATEST(COALESCE(postonce_company_file.alarm_quiet_until, 0), ",
    later_sql!(),
    ")"
);

pub(crate) async fn take_over(conn: &mut Conn, quiet: Duration) -> Step<Whereabouts> {
    let here = identity(conn).await?;
    let known = known_for_update(conn).await?;
    keep(conn, &here).await?;
    let seen = compare(known, here);
    if matches!(seen, Whereabouts::Moved { .. }) {
        let quiet = micros(quiet);
        statement(ALARM_ALL).int(quiet).int(quiet).execute(conn).await?;
    }
    Ok(seen)
}

async fn known(conn: &mut Conn) -> Step<Option<String>> {
    Ok(installation::table.select(installation::server).first(conn).await?)
}

async fn known_for_update(conn: &mut Conn) -> Step<Option<String>> {
    Ok(installation::table.select(installation::server).for_update().first(conn).await?)
}

async fn keep(conn: &mut Conn, here: &str) -> Step<()> {
    diesel::update(installation::table).set(installation::server.eq(here)).execute(conn).await?;
    Ok(())
}

fn compare(known: Option<String>, here: String) -> Whereabouts {
    match known {
        Some(from) if from != here => Whereabouts::Moved { from, to: here },
        Some(_) | None => Whereabouts::Same,
    }
}
