//! Lines of the audit trail.

use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use postonce_domain::{ClaimId, InvoiceId, NoteKind, Outcome, outcome_note};
use postonce_ports::reader::NoteRecord;
use postonce_ports::store::Note;
use postonce_store_rows::note::NoteRow;

use crate::error::Step;
use crate::schema::postonce_invoice_note as note;

pub(crate) use postonce_store_rows::note::ours;

/// Writes a line, as part of the transaction that it tells of.
pub(crate) fn write(
    conn: &mut SqliteConnection,
    invoice: InvoiceId,
    at: i64,
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
            note::created_at.eq(at),
        ))
        .execute(conn)?;
    Ok(())
}

/// Whether the trail of a claim has this outcome.
pub(crate) fn knows(conn: &mut SqliteConnection, claim: ClaimId, outcome: &Outcome) -> Step<bool> {
    let same = note::table
        .filter(note::claim_id.eq(claim.to_string()))
        .filter(note::kind.eq(NoteKind::Outcome.as_str()))
        .filter(note::text.eq(outcome_note(outcome)));
    Ok(diesel::select(diesel::dsl::exists(same)).get_result(conn)?)
}

/// The trail of one invoice, or of all, by rising id.
pub(crate) fn read(
    conn: &mut SqliteConnection,
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
    let rows: Vec<NoteRow> = query.load(conn)?;
    Ok(rows.into_iter().map(NoteRow::record).collect::<Result<_, _>>()?)
}
