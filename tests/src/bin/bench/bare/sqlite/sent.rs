//! Each transaction, statement by statement.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use diesel::sqlite::SqliteConnection;

use crate::at_once::ROUTE;
use crate::bare::{CLAIM_WORDS, Claim, Due, Outcome, PAGE};
use crate::fill::FILE;
use crate::statement::{holes, statement};

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

#[derive(QueryableByName)]
struct Head {
    #[diesel(sql_type = Text)]
    company_file: String,
    #[diesel(sql_type = BigInt)]
    version: i64,
}

macro_rules! life_columns {
    () => {
        "postonce_invoice.state, postonce_invoice.version, postonce_invoice.held, \
         postonce_invoice.attempt, postonce_invoice.claim_id, postonce_invoice.ledger_uid, \
         postonce_invoice.state_code, postonce_invoice.state_reason, postonce_invoice.state_uids, \
         postonce_invoice.absent_confirmed_at"
    };
}

macro_rules! invoice_columns {
    () => {
        concat!(
            "postonce_invoice.id, postonce_invoice.company_file, postonce_invoice.side, \
             postonce_invoice.external_id, postonce_invoice.number, postonce_invoice.invoice_date, \
             postonce_invoice.customer_code, postonce_invoice.customer_name, \
             postonce_invoice.customer_email, postonce_invoice.freight_minor, \
             postonce_invoice.tax_inclusive, postonce_invoice.memo, postonce_invoice.line_count, \
             postonce_invoice.total_minor, ",
            life_columns!()
        )
    };
}

macro_rules! line_columns {
    () => {
        "postonce_invoice_line.invoice_id, postonce_invoice_line.line_number, \
         postonce_invoice_line.item_code, postonce_invoice_line.description, \
         postonce_invoice_line.quantity_e4, postonce_invoice_line.unit_price_e4, \
         postonce_invoice_line.discount_e2, postonce_invoice_line.tax_code"
    };
}

pub(super) fn page(conn: &mut SqliteConnection, after: i64) -> QueryResult<Vec<Due>> {
    const WAITING: &str = "\
        SELECT id, version FROM postonce_invoice INDEXED BY postonce_invoice_waiting \
        WHERE company_file = ? AND id > ? AND state IN ('ready', 'blocked') AND held = 0 \
        ORDER BY id LIMIT ?";
    let ids: Vec<Id> = statement(WAITING).text(FILE).int(after).int(PAGE).load(conn)?;
    let ids: Vec<i64> = ids.iter().map(|it| it.id).collect();
    let some = holes(ids.len());
    let invoices = concat!("SELECT ", invoice_columns!(), " FROM postonce_invoice WHERE id IN (");
    let invoices = statement(format!("{invoices}{some}) ORDER BY id")).ints(&ids).load(conn)?;
    let lines = concat!("SELECT ", line_columns!(), " FROM postonce_invoice_line");
    let lines = format!("{lines} WHERE invoice_id IN ({some}) ORDER BY invoice_id, line_number");
    statement(lines).ints(&ids).load::<OfInvoice>(conn)?;
    let doubtful = "SELECT invoice_id FROM postonce_claim WHERE invoice_id IN";
    let doubtful = format!("{doubtful} ({some}) AND (outcome IS NULL OR outcome <> 'not_sent')");
    statement(doubtful).ints(&ids).load::<OfInvoice>(conn)?;
    Ok(invoices)
}

const NOW: &str = "SELECT (CAST(round(unixepoch('now', 'subsec') * 1000) AS INTEGER) * 1000)";

fn now(conn: &mut SqliteConnection) -> QueryResult<i64> {
    statement(NOW).of::<BigInt>().get_result(conn)
}

pub(super) fn claim(conn: &mut SqliteConnection, claim: &Claim) -> QueryResult<()> {
    const INVOICE: &str = concat!(
        "SELECT ",
        invoice_columns!(),
        " FROM postonce_invoice WHERE (postonce_invoice.id = ?) LIMIT ?"
    );
    const EPOCH: &str = "\
        SELECT postonce_epoch.epoch FROM postonce_epoch \
        WHERE (postonce_epoch.company_file = ?) LIMIT ?";
    const LINES: &str = concat!(
        "SELECT ",
        line_columns!(),
        " FROM postonce_invoice_line WHERE (postonce_invoice_line.invoice_id = ?) \
         ORDER BY postonce_invoice_line.line_number"
    );
    const CLAIM: &str = "\
        INSERT INTO postonce_claim (id, invoice_id, company_file, attempt, number, reference, \
        customer_code, route, payload, epoch, run_id, claimed_at, quiet_until, next_check) \
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let id = claim.invoice.id;
    let head: Head = statement(INVOICE).int(id).int(1).get_result(conn)?;
    let epoch = statement(EPOCH).text(&head.company_file).int(1).of::<BigInt>();
    let epoch: Option<i64> = epoch.get_result(conn).optional()?;
    statement(LINES).int(id).load::<OfInvoice>(conn)?;
    let now = now(conn)?;
    statement(CLAIM)
        .text(&claim.id)
        .int(id)
        .text(&head.company_file)
        .int(1)
        .text(&claim.invoice.number)
        .text(&claim.invoice.external_id)
        .text("CUS1")
        .text(ROUTE)
        .text(&claim.payload)
        .int(epoch.unwrap_or_default())
        .int(1)
        .int(now)
        .int(now + QUIET)
        .int(now + QUIET)
        .execute(conn)?;
    let life = Life { state: "claimed", claim: Some(&claim.id), uid: None };
    set_life(conn, id, ("ready", head.version), &life, now)?;
    note(conn, (id, now), "claim", &claim.id, (CLAIM_WORDS, Some(&claim.payload)))
}

pub(super) fn settle(conn: &mut SqliteConnection, outcome: &Outcome) -> QueryResult<()> {
    const INVOICE: &str = "\
        SELECT postonce_claim.invoice_id FROM postonce_claim WHERE (postonce_claim.id = ?) LIMIT ?";
    const KNOWN: &str = "\
        SELECT EXISTS (SELECT postonce_invoice_note.id, postonce_invoice_note.invoice_id, \
        postonce_invoice_note.kind, postonce_invoice_note.claim_id, postonce_invoice_note.actor, \
        postonce_invoice_note.text, postonce_invoice_note.payload, \
        postonce_invoice_note.created_at FROM postonce_invoice_note \
        WHERE (((postonce_invoice_note.claim_id = ?) AND (postonce_invoice_note.kind = ?)) AND \
        (postonce_invoice_note.text = ?)))";
    const STANDS: &str = concat!(
        "SELECT postonce_invoice.company_file, ",
        life_columns!(),
        " FROM postonce_invoice WHERE (postonce_invoice.id = ?) LIMIT ?"
    );
    const OWNER: &str = "\
        SELECT postonce_invoice.id FROM postonce_invoice \
        WHERE ((postonce_invoice.company_file = ?) AND (postonce_invoice.ledger_uid = ?)) LIMIT ?";
    const LEARNED: &str = "\
        SELECT postonce_claim.outcome FROM postonce_claim WHERE (postonce_claim.id = ?) LIMIT ?";
    const LEARN: &str = "\
        UPDATE postonce_claim SET outcome = ?, ledger_uid = ? WHERE (postonce_claim.id = ?)";
    let Outcome { claim, uid, words, .. } = outcome;
    let id: i64 = statement(INVOICE).text(claim).int(1).of::<BigInt>().get_result(conn)?;
    let known = statement(KNOWN).text(claim).text("outcome").text(words).of::<Bool>();
    let _known: bool = known.get_result(conn)?;
    let head: Head = statement(STANDS).int(id).int(1).get_result(conn)?;
    let owner = statement(OWNER).text(&head.company_file).text(uid).int(1).of::<BigInt>();
    let _owner: Option<i64> = owner.get_result(conn).optional()?;
    let now = now(conn)?;
    let life = Life { state: "posted", claim: None, uid: Some(uid) };
    set_life(conn, id, ("claimed", head.version), &life, now)?;
    let learned = statement(LEARNED).text(claim).int(1).of::<Nullable<Text>>();
    let _learned: Option<String> = learned.get_result(conn)?;
    statement(LEARN).text("posted").text(uid).text(claim).execute(conn)?;
    note(conn, (id, now), "outcome", claim, (words, None))
}

/// The quiet period in microseconds.
const QUIET: i64 = 300_000_000;

struct Life<'a> {
    state: &'a str,
    claim: Option<&'a str>,
    uid: Option<&'a str>,
}

fn set_life(
    conn: &mut SqliteConnection,
    id: i64,
    (state, version): (&str, i64),
    next: &Life<'_>,
    now: i64,
) -> QueryResult<()> {
    const LIFE: &str = "\
        UPDATE postonce_invoice SET state = ?, version = ?, held = ?, attempt = ?, claim_id = ?, \
        ledger_uid = ?, state_code = ?, state_reason = ?, state_uids = ?, \
        absent_confirmed_at = ?, updated_at = ? WHERE ((((postonce_invoice.id = ?) AND \
        (postonce_invoice.version = ?)) AND (postonce_invoice.state = ?)) AND \
        (postonce_invoice.held = ?))";
    const MISSES: &str = "\
        UPDATE postonce_claim SET first_miss_at = ?, absent_at = ? \
        WHERE ((postonce_claim.invoice_id = ?) AND \
        ((postonce_claim.first_miss_at IS NOT NULL) OR (postonce_claim.absent_at IS NOT NULL)))";
    statement(LIFE)
        .text(next.state)
        .int(version + 1)
        .int(0)
        .int(1)
        .maybe_text(next.claim)
        .maybe_text(next.uid)
        .null()
        .null()
        .null()
        .null()
        .int(now)
        .int(id)
        .int(version)
        .text(state)
        .int(0)
        .execute(conn)?;
    statement(MISSES).null().null().int(id).execute(conn)?;
    Ok(())
}

fn note(
    conn: &mut SqliteConnection,
    (id, now): (i64, i64),
    kind: &str,
    claim: &str,
    (words, payload): (&str, Option<&str>),
) -> QueryResult<()> {
    const NOTE: &str = "\
        INSERT INTO postonce_invoice_note (invoice_id, kind, claim_id, actor, text, payload, \
        created_at) VALUES (?, ?, ?, ?, ?, ?, ?)";
    let note = statement(NOTE).int(id).text(kind).text(claim).text("postonce").text(words);
    note.maybe_text(payload).int(now).execute(conn)?;
    Ok(())
}
