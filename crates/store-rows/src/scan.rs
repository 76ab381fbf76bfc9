//! Scans and the documents that they have read.
//!
//! The fields are the columns; the migrations say what they hold.

#![expect(missing_docs, reason = "each field is the column of its name")]

use diesel::prelude::*;
use jiff::civil::Date;
use postonce_domain::CompanyFile;
use postonce_ports::books::DateSpan;
use postonce_ports::error::StoreError;
use postonce_ports::scan::{DayRead, Position, Scan, ScanId, ScannedDocument};

use crate::rows::parsed;
use crate::run::wide;
use crate::schema::{postonce_ledger_scan, postonce_ledger_scan_document};
use crate::time::timestamp;

/// The table of scans, as errors name it.
pub const SCAN: &str = "postonce_ledger_scan";

/// A scan.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = postonce_ledger_scan)]
pub struct ScanRow {
    pub id: i64,
    pub company_file: String,
    pub from_date: Option<String>,
    pub before_date: Option<String>,
    pub step: i64,
    pub unsure: String,
    pub began_at: i64,
    pub finished_at: Option<i64>,
    #[diesel(embed)]
    pub position: PositionRow,
}

/// Where a scan goes on.
#[derive(Clone, Debug, Default, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = postonce_ledger_scan, treat_none_as_null = true)]
pub struct PositionRow {
    pub at_date: Option<String>,
    pub day_read: Option<i64>,
    pub day_count: Option<i64>,
    pub day_tries: i64,
}

/// A day as it is stored.
pub fn day(date: Option<Date>) -> Option<String> {
    date.map(|date| date.to_string())
}

fn narrow(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl PositionRow {
    /// The row of a position; that of a finished scan if there is none.
    pub fn of(position: Option<Position>) -> Self {
        let position = position.unwrap_or_default();
        let of_day = position.of_day;
        Self {
            at_date: day(position.from),
            day_read: of_day.map(|day| narrow(day.read)),
            day_count: of_day.and_then(|day| day.count).map(narrow),
            day_tries: of_day.map_or(0, |day| i64::from(day.tries)),
        }
    }

    fn position(&self, id: i64) -> Result<Position, StoreError> {
        let of_day = self.day_read.map(|read| DayRead {
            read: wide(read),
            count: self.day_count.map(wide),
            tries: u32::try_from(self.day_tries).unwrap_or(u32::MAX),
        });
        Ok(Position { from: date(id, self.at_date.as_deref())?, of_day })
    }
}

fn date(id: i64, text: Option<&str>) -> Result<Option<Date>, StoreError> {
    text.map(|text| parsed(SCAN, id, text.parse::<Date>())).transpose()
}

impl ScanRow {
    /// Whether it reads the documents of this span.
    pub fn is_of(&self, span: DateSpan) -> bool {
        self.from_date == day(span.from) && self.before_date == day(span.before)
    }

    /// The days that changed while they were read, and one more.
    pub fn unsure_and(&self, more: Option<Date>) -> String {
        let known = self.unsure.split_whitespace().map(str::to_owned);
        known.chain(day(more)).collect::<Vec<_>>().join(" ")
    }

    /// The scan that the row tells of, with so many documents.
    pub fn scan(self, documents: i64) -> Result<Scan, StoreError> {
        let id = self.id;
        let position = self.position.position(id)?;
        let finished_at = self.finished_at.map(|at| timestamp(SCAN, id, at)).transpose()?;
        let unsure = self.unsure.split_whitespace();
        Ok(Scan {
            id: ScanId(id),
            company_file: parsed(SCAN, id, CompanyFile::parse(&self.company_file))?,
            span: DateSpan {
                from: date(id, self.from_date.as_deref())?,
                before: date(id, self.before_date.as_deref())?,
            },
            position: finished_at.is_none().then_some(position),
            step: self.step,
            began_at: timestamp(SCAN, id, self.began_at)?,
            finished_at,
            documents: wide(documents),
            unsure: unsure.map(|day| parsed(SCAN, id, day.parse())).collect::<Result<_, _>>()?,
        })
    }
}

/// A document that a scan has read.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = postonce_ledger_scan_document)]
pub struct DocumentRow {
    pub scan_id: i64,
    pub uid: String,
    pub number: String,
    pub number_key: String,
    pub reference: String,
    pub reference_key: String,
    pub customer: String,
    pub customer_key: String,
    pub invoice_date: String,
    pub amount_minor: Option<i64>,
    pub total_minor: Option<i64>,
    pub is_foreign: bool,
    pub layout: String,
    pub claim_id: Option<String>,
}

impl DocumentRow {
    /// The row of a document.
    pub fn of(scan: ScanId, document: &ScannedDocument) -> Self {
        let listed = &document.listed;
        Self {
            scan_id: scan.0,
            uid: listed.uid.to_string(),
            number: listed.number.clone(),
            number_key: document.number_key.clone(),
            reference: listed.reference.clone(),
            reference_key: document.reference_key.clone(),
            customer: listed.customer.clone(),
            customer_key: document.customer_key.clone(),
            invoice_date: listed.date.to_string(),
            amount_minor: listed.amount.map(postonce_domain::Money::minor),
            total_minor: listed.total.map(postonce_domain::Money::minor),
            is_foreign: listed.foreign,
            layout: listed.layout.clone(),
            claim_id: document.claim.map(|claim| claim.to_string()),
        }
    }
}
