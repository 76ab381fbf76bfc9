//! The sequential loop on SQLite.

use std::path::Path;

use anyhow::{Result, ensure};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;

use super::{CLAIM, DUE, Due, LINES, LineNumber, NOTE, RECORD, TYPE, fill, tables};
use crate::at_once::{new_uid, payload};
use crate::bare::CLAIM_WORDS;
use crate::statement::statement;

/// The same durability as ours.
const SETTINGS: &str = "PRAGMA busy_timeout = 60000; PRAGMA journal_mode = WAL; \
    PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;";

/// Makes the tables, with so many invoices in them.
pub(crate) fn set_up(path: &Path, invoices: u32) -> Result<()> {
    let mut conn = open(path)?;
    let tables = tables("INTEGER PRIMARY KEY AUTOINCREMENT", "TEXT", "TEXT");
    conn.batch_execute(&format!("BEGIN; {tables}; {}; COMMIT", fill(invoices)))?;
    Ok(())
}

fn open(path: &Path) -> Result<SqliteConnection> {
    let mut conn = SqliteConnection::establish(&path.to_string_lossy())?;
    conn.batch_execute(SETTINGS)?;
    Ok(conn)
}

/// Sends all of them.
pub(crate) fn run(path: &Path, invoices: u32) -> Result<()> {
    let mut conn = open(path)?;
    let due: Vec<Due> = statement(DUE).load(&mut conn)?;
    ensure!(due.len() == usize::try_from(invoices)?, "{} of {invoices} invoices", due.len());
    for invoice in &due {
        one(&mut conn, invoice)?;
    }
    Ok(())
}

fn one(conn: &mut SqliteConnection, invoice: &Due) -> QueryResult<()> {
    statement(LINES).int(invoice.id).load::<LineNumber>(conn)?;
    let payload = payload(&invoice.number, &invoice.external_id, &invoice.external_id);
    conn.batch_execute("BEGIN")?;
    statement(CLAIM).text(&payload).int(invoice.id).execute(conn)?;
    statement(NOTE).int(invoice.id).text(TYPE).text(CLAIM_WORDS).text(&payload).execute(conn)?;
    conn.batch_execute("COMMIT")?;
    let uid = new_uid();
    conn.batch_execute("BEGIN")?;
    statement(RECORD).text(&uid).int(invoice.id).execute(conn)?;
    statement(NOTE)
        .int(invoice.id)
        .text(TYPE)
        .text(format!("posted as {uid}"))
        .null()
        .execute(conn)?;
    conn.batch_execute("COMMIT")
}
