//! One move with its note.
//!
//! Locks the invoice's row, lets the domain make the move on what is stored, looks whose the move's
//! document is, and writes the new state and the note.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use postonce_domain::{InvoiceId, InvoiceState, LedgerUid, Move, MoveError, Outcome};
use postonce_ports::store::{Applied, Change};
use postonce_store_rows::schema::postonce_ruled_out as ruled_out;

use crate::error::{Step, StepError, Trouble, classify};
use crate::invoice::{Learned, Written, changed, owner_of, set_life};
use crate::transaction::{Conn, End};
use crate::{invoice, note};

pub(crate) async fn apply(conn: &mut Conn, change: &Change) -> Step<End<Applied>> {
    let id = change.invoice;
    let Some((company_file, before)) = invoice::lock(conn, id).await? else {
        return Ok(End::Undo(Applied::NotFound));
    };
    if let Move::Claim(_) = change.wanted {
        let (verb, from) = (change.wanted.verb(), before.state.name());
        return Ok(End::Undo(Applied::Refused(MoveError::NotAllowed { verb, from })));
    }
    let next = match before.apply(change.guard, change.wanted.clone()) {
        Ok(next) => next,
        Err(refusal) => return Ok(End::Undo(Applied::Refused(refusal))),
    };
    let uid = if let Move::Adopt(uid) | Move::ResolvePosted(uid) = &change.wanted {
        Some(uid)
    } else {
        None
    };
    if let Some(uid) = uid
        && let Some(other) = owner_of(conn, &company_file, uid).await?
    {
        return Ok(End::Undo(Applied::UidTaken(other)));
    }
    if let (Move::ResolveAbsent, InvoiceState::NeedsHuman { uids, .. }) =
        (&change.wanted, &before.state)
    {
        rule_out(conn, id, uids).await?;
    }
    let left = Outcome::InDoubt { reason: change.note.text.clone() };
    let learned = match (&change.wanted, before.state.claim()) {
        (Move::LeaveBehind, Some(claim)) => Some(Learned { claim, outcome: &left }),
        _ => None,
    };
    match set_life(conn, id, (&before, &next), learned).await? {
        Written::Yes => {}
        Written::Changed => return Err(changed(id)),
        // Another invoice has got the document since it was looked up.
        Written::UidTaken => {
            let other = match uid {
                Some(uid) => owner_of(conn, &company_file, uid).await?,
                None => None,
            };
            return other
                .map_or_else(|| Err(changed(id)), |it| Ok(End::Undo(Applied::UidTaken(it))));
        }
    }
    Ok(End::KeepWith(vec![note::insert(id, &change.note, None)], Applied::Moved(next)))
}

/// Keeps the documents that later inquiries ignore.
async fn rule_out(conn: &mut Conn, invoice: InvoiceId, uids: &[LedgerUid]) -> Step<()> {
    for uid in uids {
        let row = (ruled_out::invoice_id.eq(invoice.0), ruled_out::ledger_uid.eq(uid.as_str()));
        match diesel::insert_into(ruled_out::table).values(row).execute(conn).await {
            // It was ruled out before.
            Err(error) if classify(&error) == Trouble::Duplicate => {}
            done => {
                done.map_err(StepError::from)?;
            }
        }
    }
    Ok(())
}
