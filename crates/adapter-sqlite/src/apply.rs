//! One move with its note.
//!
//! This atomically: reads where the invoice stands, lets the domain make the move, looks whose the
//! move's document is, writes the new state against the version that was read, and the note.

use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use postonce_domain::{InvoiceId, InvoiceState, LedgerUid, Move, MoveError, Outcome};
use postonce_ports::store::{Applied, Change};

use crate::connection::End;
use crate::error::Step;
use crate::schema::postonce_ruled_out as ruled_out;
use crate::{invoice, note, settle, time};

pub(crate) fn apply(conn: &mut SqliteConnection, change: &Change) -> Step<End<Applied>> {
    let Some((company_file, before)) = invoice::head(conn, change.invoice)? else {
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
    if let Move::Adopt(uid) | Move::ResolvePosted(uid) = &change.wanted
        && let Some(other) = invoice::owner_of(conn, &company_file, uid)?
    {
        return Ok(End::Undo(Applied::UidTaken(other)));
    }
    let now = time::now(conn)?;
    if let (Move::ResolveAbsent, InvoiceState::NeedsHuman { uids, .. }) =
        (&change.wanted, &before.state)
    {
        rule_out(conn, change.invoice, uids)?;
    }
    if let (Move::LeaveBehind, Some(claim)) = (&change.wanted, before.state.claim()) {
        settle::learn(conn, claim, &Outcome::InDoubt { reason: change.note.text.clone() })?;
    }
    invoice::set_life(conn, change.invoice, &before, &next, now)?;
    note::write(conn, change.invoice, now, &change.note, None)?;
    Ok(End::Keep(Applied::Moved(next)))
}

/// Keeps the documents that later inquiries ignore.
fn rule_out(conn: &mut SqliteConnection, invoice: InvoiceId, uids: &[LedgerUid]) -> Step<()> {
    for uid in uids {
        diesel::insert_or_ignore_into(ruled_out::table)
            .values((ruled_out::invoice_id.eq(invoice.0), ruled_out::ledger_uid.eq(uid.as_str())))
            .execute(conn)?;
    }
    Ok(())
}
