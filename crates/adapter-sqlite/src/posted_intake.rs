//! How invoices come in that another integration has posted: all of a list in one transaction, or
//! nothing.

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use postonce_domain::{InvoiceId, TakenOver};
use postonce_ports::error::StoreError;
use postonce_ports::intake::{ImportProblem, ImportRefusal, Imported, PostedIntake, PostedInvoice};

use crate::SqliteStore;
use crate::connection::End;
use crate::error::Step;
use crate::rows::{INVOICE, LifeRow, corrupt};
use crate::schema::postonce_invoice as invoice;
use crate::{intake, note, time};

#[async_trait]
impl PostedIntake for SqliteStore {
    async fn import_posted(&self, invoices: Vec<PostedInvoice>) -> Result<Imported, StoreError> {
        self.write(move |conn| import(conn, &invoices)).await
    }
}

fn import(conn: &mut SqliteConnection, posted: &[PostedInvoice]) -> Step<End<Imported>> {
    let content = posted.iter().map(|posted| &posted.invoice);
    let created = match intake::take(conn, content)? {
        Imported::Done { created, .. } => created,
        refused @ Imported::Refused(_) => return Ok(End::Undo(refused)),
    };
    let now = time::now(conn)?;
    let (mut moved, mut refusals) = (0, Vec::new());
    for (index, posted) in posted.iter().enumerate() {
        match take_over(conn, posted, now)? {
            Ok(true) => moved += 1,
            Ok(false) => {}
            Err(problem) => refusals.push(ImportRefusal { index, problem }),
        }
    }
    if !refusals.is_empty() {
        return Ok(End::Undo(Imported::Refused(refusals)));
    }
    let all = u64::try_from(posted.len()).unwrap_or(u64::MAX);
    Ok(End::Keep(Imported::Done { created, replaced: moved - created, unchanged: all - moved }))
}

/// Whether it moved.
fn take_over(
    conn: &mut SqliteConnection,
    posted: &PostedInvoice,
    now: i64,
) -> Step<Result<bool, ImportProblem>> {
    let parts = posted.invoice.parts();
    let (id, row): (i64, LifeRow) = invoice::table
        .filter(invoice::company_file.eq(parts.company_file.as_str()))
        .filter(invoice::external_id.eq(parts.external_id.as_str()))
        .select((invoice::id, LifeRow::as_select()))
        .first(conn)?;
    let before = row.parse().map_err(|why| corrupt(INVOICE, id, why))?;
    let next = match before.taken_over(&posted.past) {
        Ok(Some(next)) => next,
        Ok(None) => return Ok(Ok(false)),
        Err(state) => return Ok(Err(ImportProblem::NotTakenOver { state })),
    };
    if let TakenOver::Posted(uid) = &posted.past
        && let Some(other) = crate::invoice::owner_of(conn, parts.company_file.as_str(), uid)?
    {
        let other = invoice::table.find(other.0).select(invoice::number).first(conn)?;
        return Ok(Err(ImportProblem::UidTaken { uid: uid.clone(), other }));
    }
    crate::invoice::set_life(conn, InvoiceId(id), &before, &next, now)?;
    note::write(conn, InvoiceId(id), now, &posted.note, None)?;
    Ok(Ok(true))
}
