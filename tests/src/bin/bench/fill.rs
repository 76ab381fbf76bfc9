//! Invoices by SQL that every database understands: two lines, 3.50 + 2 × 1.25 = 6.00 in all.

/// The company file of every invoice here.
pub(crate) const FILE: &str = "books";

/// The past of the company file is settled through this date, the day before that of every invoice.
pub(crate) const SETTLED_THROUGH: jiff::civil::Date = jiff::civil::date(2026, 2, 28);

/// So many invoices that are ready.
pub(crate) fn ready(count: u32) -> String {
    format!("{}; {}", invoices(&numbers(count), "ready", "R"), lines())
}

/// So many that were posted, each with its claim, and then so many that are ready.
pub(crate) fn posted_and_ready(posted: u32, ready: u32) -> String {
    format!(
        "{}; {}; {}; {}",
        invoices(&numbers(posted), "posted", "P"),
        claims(),
        invoices(&numbers(ready), "ready", "R"),
        lines()
    )
}

fn numbers(count: u32) -> String {
    format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) SELECT"
    )
}

fn invoices(numbers: &str, state: &str, prefix: &str) -> String {
    let (version, attempt, uid) = match state {
        "posted" => (3, 1, "concat('uid-', i)"),
        _ => (1, 0, "NULL"),
    };
    format!(
        "INSERT INTO postonce_invoice (company_file, side, external_id, number, invoice_date, \
         customer_code, customer_name, tax_inclusive, line_count, total_minor, state, version, \
         attempt, ledger_uid) {numbers} '{FILE}', 'platform', concat('order {prefix}', i), \
         concat('{prefix}-', i), '2026-03-01', 'CUS1', 'Customer One', 1, 2, 600, '{state}', \
         {version}, {attempt}, {uid} FROM n"
    )
}

fn lines() -> &'static str {
    "INSERT INTO postonce_invoice_line (invoice_id, line_number, description, quantity_e4, \
     unit_price_e4, tax_code) SELECT id, 1, 'Binding', 10000, 35000, 'GST' FROM postonce_invoice; \
     INSERT INTO postonce_invoice_line (invoice_id, line_number, description, quantity_e4, \
     unit_price_e4, tax_code) SELECT id, 2, 'Paper', 20000, 12500, 'FRE' FROM postonce_invoice"
}

fn claims() -> &'static str {
    "INSERT INTO postonce_claim (id, invoice_id, company_file, attempt, number, reference, \
     customer_code, route, payload, epoch, run_id, claimed_at, quiet_until, outcome, ledger_uid, \
     next_check) SELECT concat('00000000-0000-4000-8000-', substr(concat('000000000000', id), -12)), \
     id, company_file, 1, number, external_id, customer_code, '/Sale/Invoice/Service', '{}', 1, 1, \
     1, 1, 'posted', ledger_uid, 1 FROM postonce_invoice"
}
