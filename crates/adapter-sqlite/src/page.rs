//! What a run has to do: company files with work, and windows of their invoices.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel::result::Error as DriverError;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel::sqlite::SqliteConnection;
use postonce_domain::{BlockCode, BlockReason, CompanyFile, InvoiceId, Version};
use postonce_ports::store::{Candidate, FileWork, Page, Wanted};
use postonce_store_rows::page::{candidate, is_blocked};

use crate::error::{Step, StepError};
use crate::registry::alarm;
use crate::rows::{INVOICE, InvoiceRow, LineRow, parsed};
use crate::schema::postonce_invoice_line as line;
use crate::schema::{postonce_claim as claim, postonce_invoice as invoice};
use crate::time;

/// How many invoices are read together: a statement has room for so many keys.
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
}

/// Reads the index of open invoices alone, so what was posted costs nothing.
const WORK: &str = "\
    SELECT work.company_file, work.due, postonce_company_file.cut_over_through, \
    postonce_company_file.alarm_quiet_until FROM (\
    SELECT company_file, sum(state IN ('ready', 'blocked') AND held = 0) AS due \
    FROM postonce_invoice INDEXED BY postonce_invoice_open \
    WHERE state IN ('ready', 'blocked', 'claimed', 'in_doubt') \
    GROUP BY company_file) AS work \
    LEFT JOIN postonce_company_file ON postonce_company_file.alias = work.company_file \
    ORDER BY work.company_file";

pub(crate) fn files_with_work(conn: &mut SqliteConnection) -> Step<Vec<FileWork>> {
    let rows: Vec<WorkRow> = diesel::sql_query(WORK).load(conn)?;
    let now = time::now(conn)?;
    let work = |row: WorkRow| {
        let key = row.company_file.clone();
        let date = row.cut_over_through.as_deref().map(str::parse).transpose();
        Ok(FileWork {
            company_file: parsed("postonce_invoice", &key, CompanyFile::parse(&row.company_file))?,
            cut_over_through: parsed("postonce_company_file", &key, date)?,
            alarm: row.alarm_quiet_until.map(|until| alarm(&key, now, until)).transpose()?,
            due: u64::try_from(row.due).unwrap_or_default(),
        })
    };
    rows.into_iter().map(work).collect()
}

/// A window of ready invoices. The index is named: it has what waits and nothing else, and a
/// planner that knows nothing of a table's rows may prefer another.
const READY: &str = "\
    SELECT id, version FROM postonce_invoice INDEXED BY postonce_invoice_ready \
    WHERE company_file = ? AND id > ? AND state = 'ready' AND held = 0 ORDER BY id LIMIT ?";

/// The same of those that were never claimed.
const NEVER_CLAIMED: &str = "\
    SELECT id, version FROM postonce_invoice INDEXED BY postonce_invoice_never_claimed \
    WHERE company_file = ? AND id > ? AND state = 'ready' AND held = 0 AND attempt = 0 \
    ORDER BY id LIMIT ?";

/// The same with blocked ones.
const WAITING: &str = "\
    SELECT id, version FROM postonce_invoice INDEXED BY postonce_invoice_waiting \
    WHERE company_file = ? AND id > ? AND state IN ('ready', 'blocked') AND held = 0 \
    ORDER BY id LIMIT ?";

#[derive(QueryableByName)]
struct KeyRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    version: i64,
}

pub(crate) fn page(conn: &mut SqliteConnection, page: &Page) -> Step<Vec<Candidate>> {
    let keys: Vec<KeyRow> = diesel::sql_query(match page.wanted {
        Wanted::Ready => READY,
        Wanted::ReadyOrBlocked => WAITING,
        Wanted::NeverClaimed => NEVER_CLAIMED,
    })
    .bind::<Text, _>(page.company_file.as_str())
    .bind::<BigInt, _>(page.after.map_or(0, |after| after.0))
    .bind::<BigInt, _>(i64::from(page.limit))
    .load(conn)?;
    let mut candidates = Vec::with_capacity(keys.len());
    for keys in keys.chunks(CHUNK) {
        match read(conn, keys) {
            Err(StepError::Driver(DriverError::DeserializationError(_))) => {
                // One of them is not even text: looked at singly, it hides no other.
                for key in keys {
                    candidates.extend(read_one(conn, key)?);
                }
            }
            together => candidates.extend(together?),
        }
    }
    Ok(candidates)
}

fn read_one(conn: &mut SqliteConnection, key: &KeyRow) -> Step<Vec<Candidate>> {
    match read(conn, std::slice::from_ref(key)) {
        Err(StepError::Driver(DriverError::DeserializationError(why))) => {
            let text = format!("row {} of {INVOICE} cannot be read: {why}", key.id);
            let reason = BlockReason::new(BlockCode::Unreadable, text);
            let head = crate::invoice::head(conn, InvoiceId(key.id)).ok().flatten();
            Ok(vec![Candidate::Unreadable {
                id: InvoiceId(key.id),
                version: Version(key.version),
                already_blocked: head.is_some_and(|(_, life)| is_blocked(&life, &reason)),
                reason,
            }])
        }
        read => read,
    }
}

fn read(conn: &mut SqliteConnection, keys: &[KeyRow]) -> Step<Vec<Candidate>> {
    let ids: Vec<i64> = keys.iter().map(|key| key.id).collect();
    let rows = invoice::table
        .filter(invoice::id.eq_any(&ids))
        .order(invoice::id)
        .select(InvoiceRow::as_select())
        .load(conn)?;
    let mut lines = lines_of(conn, &ids)?;
    let doubtful = doubtful_of(conn, &ids)?;
    let one = |row: &InvoiceRow| {
        let lines = lines.remove(&row.id).unwrap_or_default();
        candidate(row, &lines, doubtful.contains(&row.id))
    };
    Ok(rows.iter().map(one).collect())
}

fn lines_of(conn: &mut SqliteConnection, ids: &[i64]) -> Step<BTreeMap<i64, Vec<LineRow>>> {
    let rows = line::table
        .filter(line::invoice_id.eq_any(ids))
        .order((line::invoice_id, line::line_number))
        .select(LineRow::as_select())
        .load(conn)?;
    let mut lines: BTreeMap<i64, Vec<LineRow>> = BTreeMap::new();
    for row in rows {
        lines.entry(row.invoice_id).or_default().push(row);
    }
    Ok(lines)
}

fn doubtful_of(conn: &mut SqliteConnection, ids: &[i64]) -> Step<BTreeSet<i64>> {
    let doubtful: Vec<i64> = claim::table
        .filter(claim::invoice_id.eq_any(ids))
        .filter(claim::outcome.is_null().or(claim::outcome.ne("not_sent")))
        .select(claim::invoice_id)
        .load(conn)?;
    Ok(doubtful.into_iter().collect())
}
