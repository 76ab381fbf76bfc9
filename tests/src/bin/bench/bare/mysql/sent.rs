//! Each transaction, statement by statement. The last ones are sent by the caller, with COMMIT.

use diesel::sql_types::{BigInt, Nullable, Text};
use diesel::{QueryResult, QueryableByName};
use diesel_async::{AsyncMysqlConnection, RunQueryDsl as _, SimpleAsyncConnection as _};

use crate::at_once::ROUTE;
use crate::bare::{CLAIM_WORDS, Claim, Due, Outcome, PAGE};
use crate::fill::FILE;
use crate::statement::{Statement, holes, statement};

/// The server's time in microseconds.
macro_rules! now {
    () => {
        "TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(6))"
    };
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

#[derive(QueryableByName)]
struct OfInvoice {
    #[diesel(sql_type = BigInt)]
    #[expect(dead_code, reason = "that it is read is enough")]
    invoice_id: i64,
}

pub(super) async fn page(conn: &mut AsyncMysqlConnection, after: i64) -> QueryResult<Vec<Due>> {
    const WAITING: &str = "\
        (SELECT id FROM postonce_invoice FORCE INDEX (postonce_invoice_waiting) \
        WHERE state = 'ready' AND company_file = ? AND held = 0 AND id > ? ORDER BY id LIMIT ?) \
        UNION ALL (SELECT id FROM postonce_invoice FORCE INDEX (postonce_invoice_waiting) \
        WHERE state = 'blocked' AND company_file = ? AND held = 0 AND id > ? ORDER BY id LIMIT ?) \
        ORDER BY id LIMIT ?";
    const INVOICES: &str = "\
        SELECT id, company_file, side, external_id, number, invoice_date, customer_code, \
        customer_name, customer_email, freight_minor, tax_inclusive, memo, line_count, \
        total_minor, state, version, held, attempt, claim_id, ledger_uid, state_code, \
        state_reason, state_uids, absent_confirmed_at FROM postonce_invoice WHERE id IN";
    const LINES: &str = "\
        SELECT invoice_id, line_number, item_code, description, quantity_e4, unit_price_e4, \
        discount_e2, tax_code FROM postonce_invoice_line WHERE invoice_id IN";
    const DOUBTFUL: &str = "SELECT invoice_id FROM postonce_claim WHERE invoice_id IN";
    conn.batch_execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ").await?;
    let window = |it: Statement| it.text(FILE).int(after).int(PAGE);
    let ids: Vec<Id> = window(window(statement(WAITING))).int(PAGE).load(conn).await?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<i64> = ids.iter().map(|it| it.id).collect();
    let some = holes(ids.len());
    let invoices = statement(format!("{INVOICES} ({some}) ORDER BY id")).ints(&ids);
    let invoices = invoices.load(conn).await?;
    let lines = format!("{LINES} ({some}) ORDER BY invoice_id, line_number");
    statement(lines).ints(&ids).load::<OfInvoice>(conn).await?;
    let doubtful = format!("{DOUBTFUL} ({some}) AND (outcome IS NULL OR outcome <> 'not_sent')");
    statement(doubtful).ints(&ids).load::<OfInvoice>(conn).await?;
    Ok(invoices)
}

/// What the claim looks at.
#[derive(QueryableByName)]
struct Head {
    #[diesel(sql_type = Text)]
    company_file: String,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    epoch: Option<i64>,
}

pub(super) async fn claim(conn: &mut AsyncMysqlConnection, claim: &Claim) -> QueryResult<String> {
    const READ: &str = "\
        SELECT i.company_file, i.state, i.version, i.held, i.attempt, i.claim_id, i.ledger_uid, \
        i.state_code, i.state_reason, i.state_uids, i.absent_confirmed_at, i.freight_minor, \
        i.line_count, i.total_minor, l.quantity_e4, l.unit_price_e4, l.discount_e2, \
        (SELECT e.epoch FROM postonce_epoch AS e WHERE e.company_file = i.company_file \
        LOCK IN SHARE MODE) AS epoch \
        FROM postonce_invoice AS i LEFT JOIN postonce_invoice_line AS l ON l.invoice_id = i.id \
        WHERE i.id = ?";
    const CLAIM: &str = concat!(
        "INSERT INTO postonce_claim (id, invoice_id, company_file, attempt, number, reference, \
         customer_code, route, payload, epoch, run_id, claimed_at, quiet_until, next_check) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ",
        now!(),
        ", LEAST(",
        now!(),
        " + ?, 253402207200999999), LEAST(",
        now!(),
        " + ?, 253402207200999999))"
    );
    /// In microseconds.
    const QUIET: i64 = 300_000_000;
    let id = claim.invoice.id;
    let rows: Vec<Head> = statement(READ).int(id).load(conn).await?;
    let head = rows.as_slice().first().ok_or(diesel::NotFound)?;
    set_claimed(conn, claim, head.version).await?;
    let made = statement(CLAIM)
        .text(&claim.id)
        .int(id)
        .text(&head.company_file)
        .int(1)
        .text(&claim.invoice.number)
        .text(&claim.invoice.external_id)
        .text("CUS1")
        .text(ROUTE)
        .text(&claim.payload)
        .int(head.epoch.unwrap_or_default())
        .int(1)
        .int(QUIET)
        .int(QUIET)
        .written_out();
    let note = note(id, "claim", &claim.id, (CLAIM_WORDS, Some(&claim.payload)));
    Ok(format!("{made}; {note}"))
}

pub(super) async fn settle(
    conn: &mut AsyncMysqlConnection,
    outcome: &Outcome,
) -> QueryResult<String> {
    set_posted(conn, outcome).await?;
    let learned = learn(outcome);
    let note = note(outcome.invoice, "outcome", &outcome.claim, (&outcome.words, None));
    Ok(format!("{learned}; {note}"))
}

/// The next life of an invoice.
macro_rules! life {
    () => {
        concat!(
            "i.state = ?, i.version = ?, i.held = ?, i.attempt = ?, i.claim_id = ?, \
             i.ledger_uid = ?, i.state_code = ?, i.state_reason = ?, i.state_uids = ?, \
             i.absent_confirmed_at = ?, i.updated_at = ",
            now!()
        )
    };
}

const MOVE: &str = concat!(
    "UPDATE postonce_invoice AS i SET ",
    life!(),
    " WHERE i.id = ? AND i.version = ? AND i.state = ? AND i.held = ? AND i.claim_id <=> ?"
);

async fn set_claimed(
    conn: &mut AsyncMysqlConnection,
    claim: &Claim,
    version: i64,
) -> QueryResult<()> {
    let update = statement(MOVE).text("claimed").int(version + 1).int(0).int(1).text(&claim.id);
    let update = update.null().null().null().null().null();
    let update = update.int(claim.invoice.id).int(version).text("ready").int(0).null();
    update.execute(conn).await?;
    Ok(())
}

async fn set_posted(
    conn: &mut AsyncMysqlConnection,
    Outcome { claim, invoice, version, uid, .. }: &Outcome,
) -> QueryResult<()> {
    let update = statement(MOVE).text("posted").int(version + 1).int(0).int(1).null().text(uid);
    let update = update.null().null().null().null();
    let update = update.int(*invoice).int(*version).text("claimed").int(0).text(claim);
    update.execute(conn).await?;
    Ok(())
}

fn learn(Outcome { claim, uid, .. }: &Outcome) -> String {
    const LEARN: &str = "\
        UPDATE postonce_claim SET first_miss_at = NULL, absent_at = NULL, in_doubt = ?, \
        ledger_uid = ?, outcome = ? WHERE id = ?";
    statement(LEARN).int(0).text(uid).text("posted").text(claim).written_out()
}

fn note(id: i64, kind: &str, claim: &str, (words, payload): (&str, Option<&str>)) -> String {
    const NOTE: &str = "\
        INSERT INTO postonce_invoice_note (invoice_id, kind, claim_id, actor, text, payload) \
        VALUES (?, ?, ?, ?, ?, ?)";
    let note = statement(NOTE).int(id).text(kind).text(claim).text("postonce").text(words);
    note.maybe_text(payload).written_out()
}
