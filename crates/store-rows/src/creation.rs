//! Claims on customers and items that are being created, as rows.

use std::time::Duration;

use diesel::prelude::*;
use postonce_domain::CompanyFile;
use postonce_ports::creation::{OpenCreation, kept_key};
use postonce_ports::error::StoreError;

use crate::rows::{claim_id, corrupt, parsed};
use crate::schema::postonce_customer_claim;
use crate::time::{later, micros, timestamp};

const TABLE: &str = "postonce_customer_claim";

/// A claim on record.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = postonce_customer_claim)]
#[expect(missing_docs, reason = "each field is the column of its name")]
pub struct CreationRow {
    pub company_file: String,
    pub customer_code: String,
    pub claim_id: String,
    pub claimed_at: i64,
    pub quiet_until: i64,
    pub first_miss_at: Option<i64>,
}

impl CreationRow {
    /// The creation that the row tells of.
    pub fn creation(&self) -> Result<OpenCreation, StoreError> {
        let code = self.customer_code.as_str();
        let time = |micros: i64| timestamp(TABLE, code, micros);
        Ok(OpenCreation {
            company_file: parsed(TABLE, code, CompanyFile::parse(&self.company_file))?,
            key: kept_key(code).ok_or_else(|| corrupt(TABLE, code, "it is no code"))?,
            claim: claim_id(TABLE, code, &self.claim_id)?,
            since: time(self.claimed_at)?,
            quiet_until: time(self.quiet_until)?,
            missed_at: self.first_miss_at.map(time).transpose()?,
        })
    }
}

/// What a search that did not find a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// It proves nothing.
    Not,
    /// The first that counts.
    First,
    /// The second, which proves that the record is absent.
    Proof,
}

/// What a search that lasted for `took` until `now` is, by what is on record.
pub fn counted(
    (quiet_until, first): (i64, Option<i64>),
    now: i64,
    took: Duration,
    recheck: Duration,
) -> Counted {
    let begun = now.saturating_sub(micros(took));
    match first {
        _ if begun < quiet_until => Counted::Not,
        None => Counted::First,
        Some(first) if begun >= later(first, recheck) => Counted::Proof,
        Some(_) => Counted::Not,
    }
}
