//! What became of a claim, early or late, and claims that were left behind.
//!
//! Each atomically: reads claim and invoice, lets the domain say where the outcome leads, and
//! writes state, outcome and note.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel::sqlite::SqliteConnection;
use postonce_domain::{
    ClaimId, CompanyFile, Epoch, Guard, InvoiceId, Move, NoteKind, Outcome, OutcomeName, RunId,
    Settled, outcome_note,
};
use postonce_ports::store::Recorded;

use crate::connection::End;
use crate::error::{Step, StepError};
use crate::rows::{CLAIM, claim_id};
use crate::schema::{postonce_claim, postonce_invoice};
use crate::{invoice, note, time};

pub(crate) fn settle(
    conn: &mut SqliteConnection,
    claim: ClaimId,
    outcome: &Outcome,
) -> Step<End<Recorded>> {
    let found = postonce_claim::table
        .filter(postonce_claim::id.eq(claim.to_string()))
        .select(postonce_claim::invoice_id);
    let Some(id) = found.first::<i64>(conn).optional()?.map(InvoiceId) else {
        return Ok(End::Undo(Recorded::UnknownClaim));
    };
    if note::knows(conn, claim, outcome)? {
        return Ok(End::Undo(Recorded::Already));
    }
    let (company_file, before) = invoice::stands(conn, id)?;
    let owner = match outcome {
        Outcome::Posted { uid } => invoice::owner_of(conn, &company_file, uid)?,
        Outcome::Rejected { .. } | Outcome::NotSent { .. } | Outcome::InDoubt { .. } => None,
    };
    let taken = owner.is_some_and(|owner| owner != id);
    let now = time::now(conn)?;
    let recorded = match before.settle(claim, outcome, taken) {
        Settled::Moved(next) => {
            invoice::set_life(conn, id, &before, &next, now)?;
            Recorded::Moved(next.state.name())
        }
        // Known by another way, such as an inquiry; this claim's trail did not have it yet.
        Settled::Already | Settled::Noted => Recorded::Noted,
    };
    learn(conn, claim, outcome)?;
    let line = note::ours(NoteKind::Outcome, claim, outcome_note(outcome));
    note::write(conn, id, now, &line, None)?;
    Ok(End::Keep(recorded))
}

/// Writes an outcome to its claim, unless what is known already says more.
pub(crate) fn learn(conn: &mut SqliteConnection, claim: ClaimId, outcome: &Outcome) -> Step<()> {
    use postonce_claim as c;
    let row = c::table.filter(c::id.eq(claim.to_string()));
    let known: Option<String> = row.clone().select(c::outcome).first(conn)?;
    let known = known.as_deref().and_then(OutcomeName::from_name);
    let vaguer = outcome.name() == OutcomeName::InDoubt && known.is_some();
    if vaguer || known == Some(OutcomeName::Posted) {
        return Ok(());
    }
    let uid = match outcome {
        Outcome::Posted { uid } => Some(uid.as_str()),
        Outcome::Rejected { .. } | Outcome::NotSent { .. } | Outcome::InDoubt { .. } => None,
    };
    diesel::update(row)
        .set((c::outcome.eq(outcome.name().as_str()), c::ledger_uid.eq(uid)))
        .execute(conn)?;
    Ok(())
}

/// The words of the index of open invoices, and the state wanted.
pub(crate) const CLAIMED: &str =
    "state IN ('ready', 'blocked', 'claimed', 'in_doubt') AND state = 'claimed'";

/// Moves the claims of older epochs to `in_doubt`.
pub(crate) fn sweep(
    conn: &mut SqliteConnection,
    company_file: &CompanyFile,
    epoch: Epoch,
) -> Step<End<u64>> {
    let left_behind: Vec<(i64, String)> = postonce_invoice::table
        .inner_join(
            postonce_claim::table.on(postonce_invoice::claim_id.eq(postonce_claim::id.nullable())),
        )
        .filter(postonce_invoice::company_file.eq(company_file.as_str()))
        .filter(sql::<Bool>(CLAIMED))
        .filter(postonce_claim::epoch.lt(epoch.0))
        .order(postonce_claim::seq)
        .select((postonce_invoice::id, postonce_claim::id))
        .load(conn)?;
    if left_behind.is_empty() {
        return Ok(End::Undo(0));
    }
    let outcome = Outcome::InDoubt { reason: "the run that made the claim is gone".to_owned() };
    let now = time::now(conn)?;
    let mut swept = 0;
    for (id, text) in left_behind {
        let (id, claim) = (InvoiceId(id), claim_id(CLAIM, &text, &text)?);
        let before = match invoice::stands(conn, id) {
            Ok((_, before)) => before,
            // A row that cannot be read keeps no other from being swept.
            Err(StepError::Store(_)) => continue,
            Err(error) => return Err(error),
        };
        let Ok(next) = before.apply(Guard::Claim(claim), Move::LeaveBehind) else { continue };
        invoice::set_life(conn, id, &before, &next, now)?;
        learn(conn, claim, &outcome)?;
        let line = note::ours(NoteKind::Outcome, claim, outcome_note(&outcome));
        note::write(conn, id, now, &line, None)?;
        swept += 1;
    }
    Ok(End::Keep(swept))
}

/// The claims of a run without an outcome.
pub(crate) fn open_claims(conn: &mut SqliteConnection, run: RunId) -> Step<Vec<ClaimId>> {
    let open: Vec<String> = postonce_claim::table
        .filter(postonce_claim::run_id.eq(run.0))
        .filter(postonce_claim::outcome.is_null())
        .order(postonce_claim::seq)
        .select(postonce_claim::id)
        .load(conn)?;
    open.iter().map(|text| Ok(claim_id(CLAIM, text, text)?)).collect()
}
