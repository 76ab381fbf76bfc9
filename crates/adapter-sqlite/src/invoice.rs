//! The steps on an invoice that several transactions share.

use diesel::prelude::*;
use diesel::result::Error as DriverError;
use diesel::sqlite::SqliteConnection;
use postonce_domain::{InvoiceId, InvoiceState, LedgerUid, Life};
use postonce_ports::error::StoreError;

use crate::error::{Step, StepError};
use crate::rows::{INVOICE, InvoiceRow, LifeRow, LineRow, corrupt};
use crate::schema::postonce_invoice_line as line;
use crate::schema::{postonce_claim as claim, postonce_invoice as invoice};

pub(crate) fn find(conn: &mut SqliteConnection, id: InvoiceId) -> Step<Option<InvoiceRow>> {
    let row = invoice::table.find(id.0).select(InvoiceRow::as_select());
    readable(INVOICE, id.0, row.first(conn).optional())
}

/// The same where its absence is an error.
pub(crate) fn get(conn: &mut SqliteConnection, id: InvoiceId) -> Step<InvoiceRow> {
    find(conn, id)?.ok_or_else(|| corrupt(INVOICE, id, "there is no such invoice").into())
}

/// Where an invoice stands: enough to move one whose content cannot be read.
pub(crate) fn head(conn: &mut SqliteConnection, id: InvoiceId) -> Step<Option<(String, Life)>> {
    let row = invoice::table.find(id.0).select((invoice::company_file, LifeRow::as_select()));
    let row = readable(INVOICE, id.0, row.first::<(String, LifeRow)>(conn).optional())?;
    let Some((company_file, life)) = row else { return Ok(None) };
    let life = life.parse().map_err(|why| corrupt(INVOICE, id, why))?;
    Ok(Some((company_file, life)))
}

/// The same where its absence is an error.
pub(crate) fn stands(conn: &mut SqliteConnection, id: InvoiceId) -> Step<(String, Life)> {
    head(conn, id)?.ok_or_else(|| corrupt(INVOICE, id, "there is no such invoice").into())
}

/// Its lines, in order.
pub(crate) fn lines(conn: &mut SqliteConnection, id: i64) -> Step<Vec<LineRow>> {
    let rows = line::table
        .filter(line::invoice_id.eq(id))
        .order(line::line_number)
        .select(LineRow::as_select())
        .load(conn);
    readable("postonce_invoice_line", id, rows)
}

/// Names the row that is not even text.
fn readable<T>(table: &'static str, key: i64, row: QueryResult<T>) -> Step<T> {
    row.map_err(|error| {
        if let DriverError::DeserializationError(why) = error {
            corrupt(table, key, why).into()
        } else {
            StepError::Driver(error)
        }
    })
}

/// Whether an earlier claim ended other than `not_sent`.
pub(crate) fn doubtful_past(conn: &mut SqliteConnection, id: i64) -> Step<bool> {
    let doubtful = claim::table
        .filter(claim::invoice_id.eq(id))
        .filter(claim::outcome.is_null().or(claim::outcome.ne("not_sent")));
    Ok(diesel::select(diesel::dsl::exists(doubtful)).get_result(conn)?)
}

/// The invoice of the company file that this document is recorded for.
pub(crate) fn owner_of(
    conn: &mut SqliteConnection,
    company_file: &str,
    uid: &LedgerUid,
) -> Step<Option<InvoiceId>> {
    let owner = invoice::table
        .filter(invoice::company_file.eq(company_file))
        .filter(invoice::ledger_uid.eq(uid.as_str()))
        .select(invoice::id)
        .first(conn)
        .optional()?;
    Ok(owner.map(InvoiceId))
}

/// Writes the next life of an invoice that was read in this transaction, and what goes with it:
/// misses counted so far say nothing any more, and only a carried claim is in doubt.
///
/// The guards stand in the statement too: whatever was read, only that version is written over.
pub(crate) fn set_life(
    conn: &mut SqliteConnection,
    id: InvoiceId,
    before: &Life,
    next: &Life,
    now: i64,
) -> Step<()> {
    let changed = diesel::update(invoice::table)
        .filter(invoice::id.eq(id.0))
        .filter(invoice::version.eq(before.version.0))
        .filter(invoice::state.eq(before.state.name().as_str()))
        .filter(invoice::held.eq(before.held))
        .set((LifeRow::of(next), invoice::updated_at.eq(now)))
        .execute(conn)?;
    if changed != 1 {
        return Err(StoreError::unavailable(format!("invoice {id} changed under our hands")).into());
    }
    let counted = claim::first_miss_at.is_not_null().or(claim::absent_at.is_not_null());
    diesel::update(claim::table)
        .filter(claim::invoice_id.eq(id.0))
        .filter(counted)
        .set((claim::first_miss_at.eq(None::<i64>), claim::absent_at.eq(None::<i64>)))
        .execute(conn)?;
    for (life, in_doubt) in [(before, false), (next, true)] {
        if let InvoiceState::InDoubt { claim: carried, .. } = &life.state {
            diesel::update(claim::table)
                .filter(claim::id.eq(carried.to_string()))
                .set(claim::in_doubt.eq(in_doubt))
                .execute(conn)?;
        }
    }
    Ok(())
}
