//! The sequential loop, as platforms have it: for each invoice claim and flush, POST, record and
//! flush, on one connection and on tables of its own.

pub(crate) mod mysql;
pub(crate) mod sqlite;

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};

use crate::fill::FILE;

/// All that is not processed yet, read at once.
const DUE: &str = "SELECT * FROM plain_invoice WHERE is_processed = 0 ORDER BY id";
const LINES: &str = "SELECT * FROM plain_invoice_line WHERE invoice_id = ? ORDER BY line_number";
const CLAIM: &str = "UPDATE plain_invoice SET is_processed = 1, request_payload = ? WHERE id = ?";
const RECORD: &str = "UPDATE plain_invoice SET ledger_uid = ? WHERE id = ?";
const NOTE: &str =
    "INSERT INTO plain_invoice_note (invoice_id, type, text, payload) VALUES (?, ?, ?, ?)";

#[derive(Clone, Debug, QueryableByName)]
struct Due {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    number: String,
    #[diesel(sql_type = Text)]
    external_id: String,
}

#[derive(Debug, QueryableByName)]
struct LineNumber {
    #[diesel(sql_type = BigInt)]
    #[expect(dead_code, reason = "that it is read is enough")]
    line_number: i64,
}

/// The type of every note.
const TYPE: &str = "MYOB_SYNC";

/// The tables, with the columns and keys of ours and no states.
fn tables(key: &str, short: &str, long: &str) -> String {
    format!(
        "CREATE TABLE plain_invoice (id {key}, company_file {short} NOT NULL, \
         side {short} NOT NULL, external_id {short} NOT NULL, number {short} NOT NULL, \
         invoice_date {short} NOT NULL, customer_code {short} NOT NULL, \
         customer_name {short} NOT NULL, customer_email {short} NOT NULL DEFAULT '', \
         freight_minor BIGINT NOT NULL DEFAULT 0, tax_inclusive INTEGER NOT NULL, \
         memo {long}, line_count BIGINT NOT NULL, total_minor BIGINT NOT NULL, \
         is_processed INTEGER NOT NULL DEFAULT 0, request_payload {long}, ledger_uid {short}, \
         UNIQUE (company_file, external_id), UNIQUE (company_file, number), \
         UNIQUE (company_file, ledger_uid)); \
         CREATE INDEX plain_waiting ON plain_invoice (is_processed, id); \
         CREATE TABLE plain_invoice_line (invoice_id BIGINT NOT NULL, \
         line_number BIGINT NOT NULL, item_code {short}, description {long} NOT NULL, \
         quantity_e4 BIGINT NOT NULL, unit_price_e4 BIGINT NOT NULL, \
         discount_e2 BIGINT NOT NULL DEFAULT 0, tax_code {short} NOT NULL, \
         PRIMARY KEY (invoice_id, line_number), \
         FOREIGN KEY (invoice_id) REFERENCES plain_invoice (id)); \
         CREATE TABLE plain_invoice_note (id {key}, invoice_id BIGINT NOT NULL, \
         type {short} NOT NULL, text {long} NOT NULL, payload {long}, \
         created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, \
         FOREIGN KEY (invoice_id) REFERENCES plain_invoice (id)); \
         CREATE INDEX plain_trail ON plain_invoice_note (invoice_id, id)"
    )
}

/// So many invoices of two lines.
fn fill(invoices: u32) -> String {
    let line = |number, description, quantity, price, tax| {
        format!(
            "INSERT INTO plain_invoice_line (invoice_id, line_number, description, quantity_e4, \
             unit_price_e4, tax_code) SELECT id, {number}, '{description}', {quantity}, {price}, \
             '{tax}' FROM plain_invoice"
        )
    };
    format!(
        "INSERT INTO plain_invoice (company_file, side, external_id, number, invoice_date, \
         customer_code, customer_name, tax_inclusive, line_count, total_minor) \
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {invoices}) \
         SELECT '{FILE}', 'platform', concat('order R', i), concat('R-', i), '2026-03-01', 'CUS1', \
         'Customer One', 1, 2, 600 FROM n; {}; {}",
        line(1, "Binding", 10_000, 35_000, "GST"),
        line(2, "Paper", 20_000, 12_500, "FRE")
    )
}
