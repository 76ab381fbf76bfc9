//! How invoices come in that another integration has posted: all of a list in one transaction, or
//! nothing.

use std::collections::HashMap;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use postonce_domain::{Invoice, InvoiceId, Life, TakenOver};
use postonce_ports::error::StoreError;
use postonce_ports::intake::{ImportProblem, ImportRefusal, Imported, PostedIntake, PostedInvoice};
use postonce_store_rows::life::LifeRow;
use postonce_store_rows::rows::{INVOICE, corrupt};
use postonce_store_rows::schema::postonce_invoice as invoice;

use crate::MysqlStore;
use crate::error::Step;
use crate::intake::{self, CHUNK};
use crate::invoice::{Written, changed, owner_of, set_life};
use crate::note;
use crate::transaction::{Conn, End};

#[async_trait]
impl PostedIntake for MysqlStore {
    async fn import_posted(&self, invoices: Vec<PostedInvoice>) -> Result<Imported, StoreError> {
        let content: Vec<Invoice> = invoices.iter().map(|posted| posted.invoice.clone()).collect();
        self.write_at_length((content, invoices), |conn, (content, posted)| {
            Box::pin(import(conn, content, posted))
        })
        .await
    }
}

async fn import(
    conn: &mut Conn,
    content: &[Invoice],
    posted: &[PostedInvoice],
) -> Step<End<Imported>> {
    let created = match intake::take(conn, content).await? {
        Imported::Done { created, .. } => created,
        refused @ Imported::Refused(_) => return Ok(End::Undo(refused)),
    };
    let (mut moved, mut refusals) = (0, Vec::new());
    for (chunk, first) in posted.chunks(CHUNK).zip((0..).step_by(CHUNK)) {
        let mut lives = lives(conn, chunk).await?;
        for (index, posted) in (first..).zip(chunk) {
            match take_over(conn, &mut lives, posted).await? {
                Ok(true) => moved += 1,
                Ok(false) => {}
                Err(problem) => refusals.push(ImportRefusal { index, problem }),
            }
        }
    }
    if !refusals.is_empty() {
        return Ok(End::Undo(Imported::Refused(refusals)));
    }
    let all = u64::try_from(posted.len()).unwrap_or(u64::MAX);
    Ok(End::Keep(Imported::Done { created, replaced: moved - created, unchanged: all - moved }))
}

/// What tells one invoice from another: company file and external id.
type Key = (String, String);

type Lives = HashMap<Key, (InvoiceId, Life)>;

fn key(invoice: &Invoice) -> Key {
    let parts = invoice.parts();
    (parts.company_file.to_string(), parts.external_id.to_string())
}

/// Where these invoices stand. All of them are on record, and this transaction has their rows.
async fn lives(conn: &mut Conn, posted: &[PostedInvoice]) -> Step<Lives> {
    let keys: Vec<Key> = posted.iter().map(|posted| key(&posted.invoice)).collect();
    let rows: Vec<(Key, i64, LifeRow)> = invoice::table
        .filter(invoice::company_file.eq_any(keys.iter().map(|(file, _)| file)))
        .filter(invoice::external_id.eq_any(keys.iter().map(|(_, external_id)| external_id)))
        .select(((invoice::company_file, invoice::external_id), invoice::id, LifeRow::as_select()))
        .order(invoice::id)
        .for_update()
        .load(conn)
        .await?;
    let mut lives = Lives::new();
    for (key, id, row) in rows {
        let life = row.parse().map_err(|why| corrupt(INVOICE, id, why))?;
        lives.insert(key, (InvoiceId(id), life));
    }
    Ok(lives)
}

/// Whether it moved.
async fn take_over(
    conn: &mut Conn,
    lives: &mut Lives,
    posted: &PostedInvoice,
) -> Step<Result<bool, ImportProblem>> {
    let key = key(&posted.invoice);
    let Some((id, before)) = lives.get(&key) else {
        return Err(corrupt(INVOICE, &key.1, "it was not written").into());
    };
    let next = match before.taken_over(&posted.past) {
        Ok(Some(next)) => next,
        Ok(None) => return Ok(Ok(false)),
        Err(state) => return Ok(Err(ImportProblem::NotTakenOver { state })),
    };
    let id = *id;
    match (set_life(conn, id, (before, &next), None).await?, &posted.past) {
        (Written::Yes, _) => {}
        (Written::UidTaken, TakenOver::Posted(uid)) => {
            let other = owner_of(conn, &key.0, uid).await?.ok_or_else(|| changed(id))?;
            let other = invoice::table.find(other.0).select(invoice::number).first(conn).await?;
            return Ok(Err(ImportProblem::UidTaken { uid: uid.clone(), other }));
        }
        (Written::UidTaken | Written::Changed, _) => return Err(changed(id)),
    }
    note::insert(id, &posted.note, None).execute(conn).await?;
    lives.insert(key, (id, next));
    Ok(Ok(true))
}
