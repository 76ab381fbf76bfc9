//! Rows of the mapping, and the codes of invoices that may still be sent.
//!
//! The fields are the columns; the migrations say what they hold.

#![expect(missing_docs, reason = "each field is the column of its name")]

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use postonce_domain::{CompanyFile, LedgerUid, MappingKey, MappingKind, MappingRow, MappingState};
use postonce_ports::error::StoreError;
use postonce_ports::mapping::{MappingChange, WantedCode};

use crate::rows::{corrupt, parsed};
use crate::run::wide;
use crate::schema::postonce_ledger_mapping;

const TABLE: &str = "postonce_ledger_mapping";

/// So many rows are read by one statement.
pub const AT_ONCE: usize = 500;

/// A row on record.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = postonce_ledger_mapping)]
pub struct StoredMapping {
    pub kind: String,
    pub code: String,
    pub ledger_uid: Option<String>,
    pub ledger_code: String,
    pub ledger_name: String,
    pub state: String,
    pub reason: String,
    pub version: i64,
}

impl StoredMapping {
    /// The row's value.
    pub fn row(self) -> Result<MappingRow, StoreError> {
        let name = format!("{} {}", self.kind, self.code);
        let unknown = |what: &str| corrupt(TABLE, &name, format!("its {what} is unknown"));
        let kind = MappingKind::from_name(&self.kind).ok_or_else(|| unknown("kind"))?;
        let code = parsed(TABLE, &name, kind.code(&self.code))?;
        let uid = self.ledger_uid.as_deref().map(LedgerUid::parse).transpose();
        Ok(MappingRow {
            key: MappingKey { kind, code },
            uid: parsed(TABLE, &name, uid)?,
            their_code: self.ledger_code,
            their_name: self.ledger_name,
            state: MappingState::from_name(&self.state).ok_or_else(|| unknown("state"))?,
            reason: self.reason,
            version: self.version,
        })
    }
}

/// The values of rows, by kind and code.
pub fn rows(stored: Vec<StoredMapping>) -> Result<Vec<MappingRow>, StoreError> {
    let rows: Result<Vec<MappingRow>, _> = stored.into_iter().map(StoredMapping::row).collect();
    let mut rows = rows?;
    rows.sort_by(|one, next| one.key.cmp(&next.key));
    Ok(rows)
}

/// Keys by kind, so many at once.
pub fn batches(keys: &[MappingKey]) -> Vec<(MappingKind, Vec<String>)> {
    let mut by_kind: BTreeMap<MappingKind, Vec<String>> = BTreeMap::new();
    for key in keys {
        by_kind.entry(key.kind).or_default().push(key.code.to_string());
    }
    let chunks = by_kind.into_iter().flat_map(|(kind, mut codes)| {
        // Whoever takes rows takes them in one order.
        codes.sort_unstable();
        codes.dedup();
        let chunks: Vec<_> = codes.chunks(AT_ONCE).map(|some| (kind, some.to_vec())).collect();
        chunks
    });
    chunks.collect()
}

/// The keys that changes are of, by company file.
pub fn keys_of(changes: &[MappingChange]) -> BTreeMap<CompanyFile, Vec<MappingKey>> {
    let mut keys: BTreeMap<CompanyFile, Vec<MappingKey>> = BTreeMap::new();
    for change in changes {
        keys.entry(change.company_file.clone()).or_default().push(change.key.clone());
    }
    keys
}

/// The codes of a company file's invoices that may still be sent; its alias is asked for four
/// times.
pub const WANTED: &str = "\
    SELECT 'customer' AS kind, customer_code AS code, max(customer_name) AS name, \
    count(*) AS invoices FROM postonce_invoice \
    WHERE company_file = ? AND state IN ('draft', 'ready', 'blocked', 'rejected') \
    GROUP BY customer_code \
    UNION ALL \
    SELECT 'account', '*', '', count(DISTINCT i.id) \
    FROM postonce_invoice i JOIN postonce_invoice_line l ON l.invoice_id = i.id \
    WHERE i.company_file = ? AND i.state IN ('draft', 'ready', 'blocked', 'rejected') \
    AND l.item_code IS NULL HAVING count(*) > 0 \
    UNION ALL \
    SELECT 'item', l.item_code, max(l.description), count(DISTINCT i.id) \
    FROM postonce_invoice i JOIN postonce_invoice_line l ON l.invoice_id = i.id \
    WHERE i.company_file = ? AND i.state IN ('draft', 'ready', 'blocked', 'rejected') \
    AND l.item_code IS NOT NULL GROUP BY l.item_code \
    UNION ALL \
    SELECT 'tax_code', l.tax_code, '', count(DISTINCT i.id) \
    FROM postonce_invoice i JOIN postonce_invoice_line l ON l.invoice_id = i.id \
    WHERE i.company_file = ? AND i.state IN ('draft', 'ready', 'blocked', 'rejected') \
    GROUP BY l.tax_code";

/// A row of [`WANTED`].
#[derive(Clone, Debug, QueryableByName)]
pub struct WantedRow {
    #[diesel(sql_type = Text)]
    pub kind: String,
    #[diesel(sql_type = Text)]
    pub code: String,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = BigInt)]
    pub invoices: i64,
}

/// The rows' values, by kind and code.
pub fn wanted(rows: Vec<WantedRow>) -> Vec<WantedCode> {
    let mut wanted: Vec<WantedCode> = rows
        .into_iter()
        .filter_map(|WantedRow { kind, code, name, invoices }| {
            let key = MappingKey::of(MappingKind::from_name(&kind)?, &code)?;
            Some(WantedCode { key, name, invoices: wide(invoices) })
        })
        .collect();
    wanted.sort_by(|one, next| one.key.cmp(&next.key));
    wanted
}
