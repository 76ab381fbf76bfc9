//! What a run has to do: company files with work, and windows of their invoices.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel_async::RunQueryDsl;
use postonce_domain::CompanyFile;
use postonce_ports::store::{Candidate, FileWork, Page, Wanted};
use postonce_store_rows::page::candidate;
use postonce_store_rows::rows::{INVOICE, InvoiceRow, LineRow, parsed};
use postonce_store_rows::run::wide;
use postonce_store_rows::schema::{
    postonce_claim as claim, postonce_invoice as invoice, postonce_invoice_line as line,
};

use crate::error::Step;
use crate::registry::alarm;
use crate::statement::{Statement, statement};
use crate::time::now_sql;
use crate::transaction::{Conn, one_snapshot};

/// How many invoices are read together.
const CHUNK: usize = 500;

#[derive(QueryableByName)]
struct WorkRow {
    #[diesel(sql_type = Text)]
    company_file: String,
    #[diesel(sql_type = BigInt)]
    due: i64,
    #[diesel(sql_type = Nullable<Text>)]
    cut_over_through: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    alarm_quiet_until: Option<i64>,
    #[diesel(sql_type = BigInt)]
    now: i64,
}

/// Reads the index of states alone, and of it only what is open, so what was posted costs nothing.
pub(crate) const WORK: &str = concat!(
    "SELECT work.company_file, work.due, f.cut_over_through, f.alarm_quiet_until, ",
    now_sql!(),
    " AS now FROM (\
     SELECT company_file, \
     CAST(SUM(state IN ('ready', 'blocked') AND held = 0) AS SIGNED) AS due \
     FROM postonce_invoice FORCE INDEX (postonce_invoice_waiting) \
     WHERE state IN ('ready', 'blocked', 'claimed', 'in_doubt') GROUP BY company_file) AS work \
     LEFT JOIN postonce_company_file AS f ON f.alias = work.company_file \
     ORDER BY work.company_file"
);

pub(crate) async fn files_with_work(conn: &mut Conn) -> Step<Vec<FileWork>> {
    let rows: Vec<WorkRow> = statement(WORK).load(conn).await?;
    let work = |row: WorkRow| {
        let key = row.company_file.clone();
        let date = row.cut_over_through.as_deref().map(str::parse).transpose();
        let alarmed = row.alarm_quiet_until.map(|until| alarm(&key, row.now, until));
        Ok(FileWork {
            company_file: parsed(INVOICE, &key, CompanyFile::parse(&row.company_file))?,
            cut_over_through: parsed("postonce_company_file", &key, date)?,
            alarm: alarmed.transpose()?,
            due: wide(row.due),
        })
    };
    rows.into_iter().map(work).collect()
}

/// A window of one state. The index is named: a planner that is asked for this order may prefer to
/// walk the table by id, past everything that was ever posted.
macro_rules! window_sql {
    ($state:literal, $more:literal) => {
        concat!(
            "SELECT id FROM postonce_invoice FORCE INDEX (postonce_invoice_waiting) \
             WHERE state = '",
            $state,
            "' AND company_file = ? AND held = 0 AND id > ?",
            $more,
            " ORDER BY id LIMIT ?"
        )
    };
}

pub(crate) const READY: &str = window_sql!("ready", "");
pub(crate) const NEVER_CLAIMED: &str = window_sql!("ready", " AND attempt = 0");
pub(crate) const WAITING: &str = concat!(
    "(",
    window_sql!("ready", ""),
    ") UNION ALL (",
    window_sql!("blocked", ""),
    ") ORDER BY id LIMIT ?"
);

#[derive(QueryableByName)]
struct KeyRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

pub(crate) fn window(page: &Page) -> Statement {
    let limit = i64::from(page.limit);
    let bind = |it: Statement| {
        let after = page.after.map_or(0, |after| after.0);
        it.text(page.company_file.as_str()).int(after).int(limit)
    };
    match page.wanted {
        Wanted::Ready => bind(statement(READY)),
        Wanted::NeverClaimed => bind(statement(NEVER_CLAIMED)),
        Wanted::ReadyOrBlocked => bind(bind(statement(WAITING))).int(limit),
    }
}

pub(crate) async fn page(conn: &mut Conn, page: &Page) -> Step<Vec<Candidate>> {
    one_snapshot(conn).await?;
    let keys: Vec<KeyRow> = window(page).load(conn).await?;
    let ids: Vec<i64> = keys.iter().map(|key| key.id).collect();
    let mut candidates = Vec::with_capacity(ids.len());
    for ids in ids.chunks(CHUNK) {
        candidates.extend(read(conn, ids).await?);
    }
    Ok(candidates)
}

async fn read(conn: &mut Conn, ids: &[i64]) -> Step<Vec<Candidate>> {
    let rows = invoice::table
        .filter(invoice::id.eq_any(ids))
        .order(invoice::id)
        .select(InvoiceRow::as_select())
        .load(conn)
        .await?;
    let mut lines = lines_of(conn, ids).await?;
    let doubtful = doubtful_of(conn, ids).await?;
    let one = |row: &InvoiceRow| {
        let lines = lines.remove(&row.id).unwrap_or_default();
        candidate(row, &lines, doubtful.contains(&row.id))
    };
    Ok(rows.iter().map(one).collect())
}

pub(crate) async fn lines_of(conn: &mut Conn, ids: &[i64]) -> Step<BTreeMap<i64, Vec<LineRow>>> {
    let rows = line::table
        .filter(line::invoice_id.eq_any(ids))
        .order((line::invoice_id, line::line_number))
        .select(LineRow::as_select())
        .load(conn)
        .await?;
    let mut lines: BTreeMap<i64, Vec<LineRow>> = BTreeMap::new();
    for row in rows {
        lines.entry(row.invoice_id).or_default().push(row);
    }
    Ok(lines)
}

async fn doubtful_of(conn: &mut Conn, ids: &[i64]) -> Step<BTreeSet<i64>> {
    let doubtful: Vec<i64> = claim::table
        .filter(claim::invoice_id.eq_any(ids))
        .filter(claim::outcome.is_null().or(claim::outcome.ne("not_sent")))
        .select(claim::invoice_id)
        .load(conn)
        .await?;
    Ok(doubtful.into_iter().collect())
}
