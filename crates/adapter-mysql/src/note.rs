//! Lines of the audit trail.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use postonce_domain::InvoiceId;
use postonce_ports::reader::NoteRecord;
use postonce_ports::store::Note;
use postonce_store_rows::note::NoteRow;
use postonce_store_rows::schema::postonce_invoice_note as note;

use crate::error::Step;
use crate::statement::{Statement, statement};
use crate::transaction::Conn;

/// Writes a line, as part of the transaction that it tells of, at the server's time.
pub(crate) fn insert(invoice: InvoiceId, line: &Note, payload: Option<&str>) -> Statement {
    const INSERT: &str = "\
        INSERT INTO postonce_invoice_note (invoice_id, kind, claim_id, actor, text, payload) \
        VALUES (?, ?, ?, ?, ?, ?)";
    statement(INSERT)
        .int(invoice.0)
        .text(line.kind.as_str())
        .maybe_text(line.claim.map(|claim| claim.to_string()))
        .text(line.actor.as_str())
        .text(line.text.as_str())
        .maybe_text(payload)
}

/// The trail of one invoice, or of all, by rising id.
pub(crate) async fn read(
    conn: &mut Conn,
    invoice: Option<InvoiceId>,
    after: i64,
    limit: u32,
) -> Step<Vec<NoteRecord>> {
    let mut query = note::table
        .filter(note::id.gt(after))
        .order(note::id)
        .limit(i64::from(limit))
        .select(NoteRow::as_select())
        .into_boxed();
    if let Some(invoice) = invoice {
        query = query.filter(note::invoice_id.eq(invoice.0));
    }
    let rows: Vec<NoteRow> = query.load(conn).await?;
    Ok(rows.into_iter().map(NoteRow::record).collect::<Result<_, _>>()?)
}
