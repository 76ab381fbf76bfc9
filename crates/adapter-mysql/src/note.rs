//! Lines of the audit trail.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use postonce_domain::InvoiceId;
use postonce_ports::reader::NoteRecord;
use postonce_ports::store::Note;
use postonce_store_rows::note::NoteRow;
use postonce_store_rows::schema::postonce_invoice_note as note;

use crate::error::Step;
use crate::transaction::Conn;

/// Writes a line, as part of the transaction that it tells of, at the server's time.
pub(crate) async fn write(
    conn: &mut Conn,
    invoice: InvoiceId,
    line: &Note,
    payload: Option<&str>,
) -> Step<()> {
    diesel::insert_into(note::table)
        .values((
            note::invoice_id.eq(invoice.0),
            note::kind.eq(line.kind.as_str()),
            note::claim_id.eq(line.claim.map(|claim| claim.to_string())),
            note::actor.eq(&line.actor),
            note::text.eq(&line.text),
            note::payload.eq(payload),
        ))
        .execute(conn)
        .await?;
    Ok(())
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
