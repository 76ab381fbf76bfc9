//! The steps on an invoice that several transactions share.

use diesel::prelude::*;

use diesel_async::RunQueryDsl;
use postonce_domain::{ClaimId, InvoiceId, InvoiceState, LedgerUid, Life, Outcome};
use postonce_ports::error::StoreError;
use postonce_store_rows::life::LifeRow;
use postonce_store_rows::rows::{INVOICE, InvoiceRow, LineRow, corrupt};
use postonce_store_rows::schema::{
    postonce_claim as claim, postonce_invoice as invoice, postonce_invoice_line as line,
};

use crate::error::{Step, StepError, Trouble, classify};
use crate::statement::{Statement, statement};
use crate::time::now_sql;
use crate::transaction::Conn;

pub(crate) async fn find(conn: &mut Conn, id: InvoiceId) -> Step<Option<InvoiceRow>> {
    let row = invoice::table.find(id.0).select(InvoiceRow::as_select());
    Ok(row.first(conn).await.optional()?)
}

/// Where an invoice stands: enough to move one whose content cannot be read.
pub(crate) async fn head(conn: &mut Conn, id: InvoiceId) -> Step<Option<(String, Life)>> {
    let row = invoice::table.find(id.0).select((invoice::company_file, LifeRow::as_select()));
    life_of(id, row.first(conn).await.optional()?)
}

/// The same with the row locked: whoever else wants to move the invoice waits for us.
pub(crate) async fn lock(conn: &mut Conn, id: InvoiceId) -> Step<Option<(String, Life)>> {
    let row = invoice::table.find(id.0).select((invoice::company_file, LifeRow::as_select()));
    life_of(id, row.for_update().first(conn).await.optional()?)
}

fn life_of(id: InvoiceId, row: Option<(String, LifeRow)>) -> Step<Option<(String, Life)>> {
    let Some((company_file, life)) = row else { return Ok(None) };
    let life = life.parse().map_err(|why| corrupt(INVOICE, id, why))?;
    Ok(Some((company_file, life)))
}

/// Its lines, in order.
pub(crate) async fn lines(conn: &mut Conn, id: i64) -> Step<Vec<LineRow>> {
    let rows = line::table.filter(line::invoice_id.eq(id)).order(line::line_number);
    Ok(rows.select(LineRow::as_select()).load(conn).await?)
}

/// Whether an earlier claim ended other than `not_sent`.
pub(crate) async fn doubtful_past(conn: &mut Conn, id: i64) -> Step<bool> {
    let doubtful = claim::table
        .filter(claim::invoice_id.eq(id))
        .filter(claim::outcome.is_null().or(claim::outcome.ne("not_sent")));
    Ok(diesel::select(diesel::dsl::exists(doubtful)).get_result(conn).await?)
}

/// The invoice of the company file that this document is recorded for.
pub(crate) async fn owner_of(
    conn: &mut Conn,
    company_file: &str,
    uid: &LedgerUid,
) -> Step<Option<InvoiceId>> {
    let owner = invoice::table
        .filter(invoice::company_file.eq(company_file))
        .filter(invoice::ledger_uid.eq(uid.as_str()))
        .select(invoice::id);
    Ok(owner.first(conn).await.optional()?.map(InvoiceId))
}

/// What is learned of a claim.
#[derive(Clone, Copy)]
pub(crate) struct Learned<'a> {
    pub(crate) claim: ClaimId,
    pub(crate) outcome: &'a Outcome,
}

/// Writes an outcome to a claim, unless what is known already says more. The document comes first:
/// a server that assigns from left to right shows the next assignment the new value.
macro_rules! learn_sql {
    () => {
        "c.ledger_uid = IF(c.id = ? AND (c.outcome IS NULL OR (c.outcome <> 'posted' \
         AND ? <> 'in_doubt')), ?, c.ledger_uid), \
         c.outcome = IF(c.id = ? AND (c.outcome IS NULL OR (c.outcome <> 'posted' \
         AND ? <> 'in_doubt')), ?, c.outcome)"
    };
}

fn bind_learned(statement: Statement, learned: Option<Learned<'_>>) -> Statement {
    let claim = learned.map(|it| it.claim.to_string()).unwrap_or_default();
    let outcome = learned.map(|it| it.outcome.name().as_str()).unwrap_or_default();
    let uid = learned.and_then(|it| document(it.outcome));
    let statement = statement.text(&claim).text(outcome).maybe_text(uid);
    statement.text(&claim).text(outcome).text(outcome)
}

/// The document that an outcome tells of.
pub(crate) fn document(outcome: &Outcome) -> Option<&str> {
    match outcome {
        Outcome::Posted { uid } => Some(uid.as_str()),
        Outcome::Rejected { .. } | Outcome::NotSent { .. } | Outcome::InDoubt { .. } => None,
    }
}

/// Writes the first outcome of a claim, of which nothing is known yet.
pub(crate) fn first_outcome(learned: Learned<'_>) -> Statement {
    const FIRST: &str = "\
        UPDATE postonce_claim SET first_miss_at = NULL, absent_at = NULL, in_doubt = ?, \
        ledger_uid = ?, outcome = ? WHERE id = ?";
    statement(FIRST)
        .bool(matches!(learned.outcome, Outcome::InDoubt { .. }))
        .maybe_text(document(learned.outcome))
        .text(learned.outcome.name().as_str())
        .text(learned.claim.to_string())
}

/// Writes an outcome to its claim alone.
pub(crate) async fn learn(conn: &mut Conn, learned: Learned<'_>) -> Step<()> {
    const LEARN: &str = concat!("UPDATE postonce_claim AS c SET ", learn_sql!(), " WHERE c.id = ?");
    let update = bind_learned(statement(LEARN), Some(learned));
    update.text(learned.claim.to_string()).execute(conn).await?;
    Ok(())
}

/// The next life of an invoice.
macro_rules! life_sql {
    () => {
        concat!(
            "i.state = ?, i.version = ?, i.held = ?, i.attempt = ?, i.claim_id = ?, \
             i.ledger_uid = ?, i.state_code = ?, i.state_reason = ?, i.state_uids = ?, \
             i.absent_confirmed_at = ?, i.updated_at = ",
            now_sql!()
        )
    };
}

/// The guards stand in the statement too.
const SET_LIFE: &str = concat!(
    "UPDATE postonce_invoice AS i SET ",
    life_sql!(),
    " WHERE i.id = ? AND i.version = ? AND i.state = ? AND i.held = ? AND i.claim_id <=> ?"
);

/// What goes with it: misses counted so far say nothing any more, only a carried claim is in doubt,
/// and what is learned of a claim. An update of both tables at once takes the server longer: it
/// makes a third for it.
const SET_CLAIMS: &str = concat!(
    "UPDATE postonce_claim AS c SET c.first_miss_at = NULL, c.absent_at = NULL, \
     c.in_doubt = (c.id = ?), ",
    learn_sql!(),
    " WHERE c.invoice_id = ?"
);

/// What [`set_life`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// It is written.
    Yes,
    /// The invoice is not as it was read; nothing is written.
    Changed,
    /// Another invoice of the company file has the document; nothing is written.
    UidTaken,
}

/// Writes the next life of an invoice over the one that was read: whatever is stored, only that
/// version is written over.
pub(crate) async fn write_life(
    conn: &mut Conn,
    id: InvoiceId,
    (before, next): (&Life, &Life),
) -> Step<Written> {
    let row = LifeRow::of(next);
    let update = statement(SET_LIFE)
        .text(row.state)
        .int(row.version)
        .bool(row.held)
        .int(row.attempt)
        .maybe_text(row.claim_id)
        .maybe_text(row.ledger_uid)
        .maybe_text(row.state_code)
        .maybe_text(row.state_reason)
        .maybe_text(row.state_uids)
        .maybe_int(row.absent_confirmed_at)
        .int(id.0)
        .int(before.version.0)
        .text(before.state.name().as_str())
        .bool(before.held)
        .maybe_text(before.state.claim().map(|claim| claim.to_string()));
    match update.execute(conn).await {
        Ok(0) => Ok(Written::Changed),
        Ok(_) => Ok(Written::Yes),
        // No other key of the table is written here.
        Err(error) if classify(&error) == Trouble::Duplicate => Ok(Written::UidTaken),
        Err(error) => Err(error.into()),
    }
}

/// The same with what it means for the claims of the invoice.
pub(crate) async fn set_life(
    conn: &mut Conn,
    id: InvoiceId,
    (before, next): (&Life, &Life),
    learned: Option<Learned<'_>>,
) -> Step<Written> {
    let written = write_life(conn, id, (before, next)).await?;
    // Before the first attempt there is no claim.
    if written == Written::Yes && before.attempt.0 > 0 {
        let doubtful = if let InvoiceState::InDoubt { claim, .. } = &next.state {
            claim.to_string()
        } else {
            String::new()
        };
        let update = bind_learned(statement(SET_CLAIMS).text(doubtful), learned);
        update.int(id.0).execute(conn).await?;
    }
    Ok(written)
}

/// The same for a row that this transaction has locked, so that nobody can have changed it.
pub(crate) async fn set_locked_life(
    conn: &mut Conn,
    id: InvoiceId,
    lives: (&Life, &Life),
    learned: Option<Learned<'_>>,
) -> Step<()> {
    match set_life(conn, id, lives, learned).await? {
        Written::Yes => Ok(()),
        Written::Changed | Written::UidTaken => Err(changed(id)),
    }
}

/// The error of a row that is not what its lock should have kept.
pub(crate) fn changed(id: InvoiceId) -> StepError {
    StoreError::unavailable(format!("invoice {id} changed under our hands")).into()
}
