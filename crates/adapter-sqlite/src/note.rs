//! Lines of the audit trail.

use diesel::prelude::*;
use diesel::sqlite::{Sqlite, SqliteConnection};
use postonce_domain::{ClaimId, InvoiceId, NoteKind, Outcome, outcome_note};
use postonce_ports::error::StoreError;
use postonce_ports::reader::NoteRecord;
use postonce_ports::store::{Note, POSTONCE};

use crate::error::Step;
use crate::rows::{claim_id, corrupt};
use crate::schema::postonce_invoice_note as note;
use crate::time::timestamp;

const TABLE: &str = "postonce_invoice_note";

/// A note of a claim by PostOnce itself.
pub(crate) fn ours(kind: NoteKind, claim: ClaimId, text: String) -> Note {
    Note { kind, claim: Some(claim), actor: POSTONCE.to_owned(), text }
}

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

#[derive(Queryable, Selectable)]
#[diesel(table_name = note, check_for_backend(Sqlite))]
struct NoteRow {
    id: i64,
    invoice_id: i64,
    kind: String,
    claim_id: Option<String>,
    actor: String,
    text: String,
    payload: Option<String>,
    created_at: i64,
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
    query.load(conn)?.into_iter().map(NoteRow::record).collect()
}

impl NoteRow {
    fn record(self) -> Step<NoteRecord> {
        let kind = NoteKind::from_name(&self.kind)
            .ok_or_else(|| -> StoreError { corrupt(TABLE, self.id, "its kind is unknown") })?;
        let claim = self.claim_id.as_deref().map(|text| claim_id(TABLE, self.id, text));
        Ok(NoteRecord {
            id: self.id,
            invoice: InvoiceId(self.invoice_id),
            at: timestamp(TABLE, self.id, self.created_at)?,
            note: Note { kind, claim: claim.transpose()?, actor: self.actor, text: self.text },
            payload: self.payload,
        })
    }
}
