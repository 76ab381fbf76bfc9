//! What became of a claim, early or late, and claims that were left behind.
//!
//! Two round trips in the common case: a claim that this process has made is settled on what it
//! wrote, by an UPDATE of the invoice if that still stands there, and one text: what is known of
//! the claim, the note, and COMMIT. In any other case one SELECT locks the invoice and reads all
//! that the decision needs. Who comes second waits for the invoice's row, and then sees what the
//! first has written.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use diesel_async::RunQueryDsl;
use postonce_domain::{
    ClaimId, CompanyFile, Epoch, Guard, InvoiceId, Life, Move, NoteKind, Outcome, RunId, Settled,
    outcome_note,
};
use postonce_ports::store::Recorded;
use postonce_store_rows::life::LifeRow;
use postonce_store_rows::note::ours;
use postonce_store_rows::rows::{CLAIM, INVOICE, claim_id, corrupt};

use crate::error::{Step, StepError};
use crate::invoice::{
    Learned, Written, changed, document, first_outcome, learn, set_life, set_locked_life,
    write_life,
};
use crate::standing::Standing;
use crate::statement::statement;
use crate::transaction::{Conn, End};
use crate::{invoice, note};

/// The invoice's notes are read under a lock too: a plain read would show what was committed when
/// the statement began, which is before it waited. Their index is named, for a planner that takes
/// another one would lock the notes of everybody.
pub(crate) const READ: &str = "\
    SELECT i.id, i.state, i.version, i.held, i.attempt, i.claim_id, i.ledger_uid, i.state_code, \
    i.state_reason, i.state_uids, i.absent_confirmed_at, \
    EXISTS (SELECT 1 FROM postonce_invoice_note AS n FORCE INDEX (postonce_invoice_note_trail) \
    WHERE n.invoice_id = i.id AND n.claim_id = ? AND n.kind = 'outcome' AND n.text = ? \
    LOCK IN SHARE MODE) AS written, \
    (SELECT o.id FROM postonce_invoice AS o \
    WHERE o.company_file = i.company_file AND o.ledger_uid = ?) AS owner \
    FROM postonce_invoice AS i \
    WHERE i.id = (SELECT c.invoice_id FROM postonce_claim AS c WHERE c.id = ?) FOR UPDATE";

#[derive(QueryableByName)]
struct ReadRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(embed)]
    life: LifeRow,
    #[diesel(sql_type = Bool)]
    written: bool,
    #[diesel(sql_type = Nullable<BigInt>)]
    owner: Option<i64>,
}

pub(crate) async fn settle(
    conn: &mut Conn,
    claim: ClaimId,
    outcome: &Outcome,
    own: Option<&Standing>,
) -> Step<End<Recorded>> {
    let learned = Learned { claim, outcome };
    let words = outcome_note(outcome);
    let line = |words: String| ours(NoteKind::Outcome, claim, words);
    // While an invoice stands as its claim left it, nothing is known of that claim yet.
    if let Some((id, before)) = own
        && let Settled::Moved(next) = before.settle(claim, outcome, false)
        && write_life(conn, *id, (before, &next)).await? == Written::Yes
    {
        let last = vec![first_outcome(learned), note::insert(*id, &line(words), None)];
        return Ok(End::KeepWith(last, Recorded::Moved(next.state.name())));
    }
    let read = statement(READ)
        .text(claim.to_string())
        .text(words.as_str())
        .maybe_text(document(outcome))
        .text(claim.to_string());
    let Some(row) = read.get_result::<ReadRow>(conn).await.optional()? else {
        return Ok(End::Undo(Recorded::UnknownClaim));
    };
    if row.written {
        return Ok(End::Undo(Recorded::Already));
    }
    let id = InvoiceId(row.id);
    let before = row.life.parse().map_err(|why| corrupt(INVOICE, id, why))?;
    let taken = row.owner.is_some_and(|owner| owner != id.0);
    let recorded = move_by(conn, id, &before, learned, taken).await?;
    Ok(End::KeepWith(vec![note::insert(id, &line(words), None)], recorded))
}

async fn move_by(
    conn: &mut Conn,
    id: InvoiceId,
    before: &Life,
    learned: Learned<'_>,
    mut taken: bool,
) -> Step<Recorded> {
    loop {
        let Settled::Moved(next) = before.settle(learned.claim, learned.outcome, taken) else {
            // Known by another way, such as an inquiry; this claim's trail did not have it yet.
            learn(conn, learned).await?;
            return Ok(Recorded::Noted);
        };
        match set_life(conn, id, (before, &next), Some(learned)).await? {
            Written::Yes => return Ok(Recorded::Moved(next.state.name())),
            // Another invoice has got the document since it was looked up.
            Written::UidTaken if !taken => taken = true,
            Written::UidTaken | Written::Changed => return Err(changed(id)),
        }
    }
}

pub(crate) const LEFT_BEHIND: &str = "\
    SELECT i.id AS invoice, c.id AS claim \
    FROM postonce_invoice AS i FORCE INDEX (postonce_invoice_waiting) \
    JOIN postonce_claim AS c ON c.id = i.claim_id \
    WHERE i.state = 'claimed' AND i.company_file = ? AND c.epoch < ? ORDER BY c.seq";

#[derive(QueryableByName)]
struct LeftBehind {
    #[diesel(sql_type = BigInt)]
    invoice: i64,
    #[diesel(sql_type = Text)]
    claim: String,
}

/// Moves the claims of older epochs to `in_doubt`.
pub(crate) async fn sweep(
    conn: &mut Conn,
    company_file: &CompanyFile,
    epoch: Epoch,
) -> Step<End<u64>> {
    let read = statement(LEFT_BEHIND).text(company_file.as_str()).int(epoch.0);
    let left_behind: Vec<LeftBehind> = read.load(conn).await?;
    let outcome = Outcome::InDoubt { reason: "the run that made the claim is gone".to_owned() };
    let mut swept = 0;
    for row in left_behind {
        let id = InvoiceId(row.invoice);
        let claim = claim_id(CLAIM, &row.claim, &row.claim)?;
        let before = match invoice::lock(conn, id).await {
            Ok(Some((_, before))) => before,
            // A row that cannot be read keeps no other from being swept.
            Ok(None) | Err(StepError::Store(_)) => continue,
            Err(error) => return Err(error),
        };
        let Ok(next) = before.apply(Guard::Claim(claim), Move::LeaveBehind) else { continue };
        let learned = Learned { claim, outcome: &outcome };
        set_locked_life(conn, id, (&before, &next), Some(learned)).await?;
        let line = ours(NoteKind::Outcome, claim, outcome_note(&outcome));
        note::insert(id, &line, None).execute(conn).await?;
        swept += 1;
    }
    Ok(if swept == 0 { End::Undo(0) } else { End::Keep(swept) })
}

/// The claims of a run without an outcome.
pub(crate) async fn open_claims(conn: &mut Conn, run: RunId) -> Step<Vec<ClaimId>> {
    use postonce_store_rows::schema::postonce_claim as claim;
    let open: Vec<String> = claim::table
        .filter(claim::run_id.eq(run.0))
        .filter(claim::outcome.is_null())
        .order(claim::seq)
        .select(claim::id)
        .load(conn)
        .await?;
    open.iter().map(|text| Ok(claim_id(CLAIM, text, text)?)).collect()
}
