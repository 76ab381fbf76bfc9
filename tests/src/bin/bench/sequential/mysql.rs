//! The sequential loop on MariaDB.

use anyhow::{Result, ensure};
use diesel::QueryResult;
use diesel_async::{
    AsyncConnection as _, AsyncMysqlConnection, RunQueryDsl as _, SimpleAsyncConnection as _,
};

use super::{CLAIM, DUE, Due, LINES, LineNumber, NOTE, RECORD, TYPE, fill, tables};
use crate::at_once::{new_uid, payload};
use crate::bare::CLAIM_WORDS;
use crate::statement::statement;

/// Makes the tables, with so many invoices in them.
pub(crate) fn set_up(invoices: u32) -> String {
    let key = "BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY";
    format!("{}; {}", tables(key, "VARCHAR(64)", "MEDIUMTEXT"), fill(invoices))
}

/// Sends all of them.
pub(crate) async fn run(url: String, invoices: u32) -> Result<()> {
    // On a thread of the runtime, where answers of the server arrive: the quickest way.
    tokio::spawn(work(url, invoices)).await?
}

async fn work(url: String, invoices: u32) -> Result<()> {
    let mut conn = AsyncMysqlConnection::establish(&url).await?;
    let due: Vec<Due> = statement(DUE).load(&mut conn).await?;
    ensure!(due.len() == usize::try_from(invoices)?, "{} of {invoices} invoices", due.len());
    for invoice in &due {
        one(&mut conn, invoice).await?;
    }
    Ok(())
}

async fn one(conn: &mut AsyncMysqlConnection, invoice: &Due) -> QueryResult<()> {
    statement(LINES).int(invoice.id).load::<LineNumber>(conn).await?;
    let payload = payload(&invoice.number, &invoice.external_id, &invoice.external_id);
    conn.batch_execute("START TRANSACTION").await?;
    statement(CLAIM).text(&payload).int(invoice.id).execute(conn).await?;
    let note = statement(NOTE).int(invoice.id).text(TYPE).text(CLAIM_WORDS).text(&payload);
    note.execute(conn).await?;
    conn.batch_execute("COMMIT").await?;
    let uid = new_uid();
    conn.batch_execute("START TRANSACTION").await?;
    statement(RECORD).text(&uid).int(invoice.id).execute(conn).await?;
    let note = statement(NOTE).int(invoice.id).text(TYPE).text(format!("posted as {uid}")).null();
    note.execute(conn).await?;
    conn.batch_execute("COMMIT").await
}
