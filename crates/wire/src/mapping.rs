//! What the platform's codes are in the ledger.

use postonce_domain::{CompanyFile, LedgerRecord, MappingRow, MappingState};
use postonce_ports::creation::OpenCreation;
use serde::Serialize;
use utoipa::ToSchema;

use crate::time;
/// A row's state as people write it; one that was taken out says nothing.
pub fn state_word(state: MappingState, has_uid: bool) -> &'static str {
    match (state, has_uid) {
        (MappingState::Confirmed, false) => "none",
        (state, _) => state.as_str(),
    }
}

/// A row.
#[derive(Debug, Serialize, ToSchema)]
pub struct MappingRowJson {
    company_file: String,
    kind: &'static str,
    code: String,
    ledger_uid: Option<String>,
    ledger_code: String,
    ledger_name: String,
    /// `confirmed`, `review`, or `none` for a row that was taken out.
    state: &'static str,
    reason: Option<String>,
    version: i64,
}

impl MappingRowJson {
    /// As programs read it.
    pub fn new(company_file: &CompanyFile, row: &MappingRow) -> Self {
        Self {
            company_file: company_file.to_string(),
            kind: row.key.kind.as_str(),
            code: row.key.code.to_string(),
            ledger_uid: row.uid.as_ref().map(ToString::to_string),
            ledger_code: row.their_code.clone(),
            ledger_name: row.their_name.clone(),
            state: state_word(row.state, row.uid.is_some()),
            reason: (!row.reason.is_empty()).then(|| row.reason.clone()),
            version: row.version,
        }
    }
}

/// A customer or an item of which nobody knows whether it was created.
#[derive(Debug, Serialize, ToSchema)]
pub struct CreationJson {
    company_file: String,
    kind: &'static str,
    code: String,
    claim: String,
    since: String,
    quiet_until: String,
    /// Since when a search that counts has not found it.
    missed_at: Option<String>,
}

impl CreationJson {
    /// As programs read it.
    pub fn new(creation: &OpenCreation) -> Self {
        Self {
            company_file: creation.company_file.to_string(),
            kind: creation.key.kind.as_str(),
            code: creation.key.code.to_string(),
            claim: creation.claim.to_string(),
            since: time(creation.since),
            quiet_until: time(creation.quiet_until),
            missed_at: creation.missed_at.map(time),
        }
    }
}

/// A record of the ledger.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "programs read the names, as in a row")]
pub struct LedgerRecordJson {
    ledger_uid: String,
    ledger_code: String,
    ledger_name: String,
}

impl LedgerRecordJson {
    /// As programs read it.
    pub fn new(record: &LedgerRecord) -> Self {
        Self {
            ledger_uid: record.uid.to_string(),
            ledger_code: record.code.clone(),
            ledger_name: record.name.clone(),
        }
    }
}

/// What is suggested for a code.
#[derive(Debug, Serialize, ToSchema)]
#[expect(missing_docs, reason = "programs read the names")]
pub struct SuggestionJson {
    pub company_file: String,
    pub kind: &'static str,
    pub code: String,
    pub invoices: u64,
    /// `code`, `code_without_case`, `name`, or null if nothing was found.
    pub found_by: Option<&'static str>,
    /// One, or several that nobody chose from.
    pub candidates: Vec<LedgerRecordJson>,
    /// Whether it was written now.
    pub applied: bool,
}

/// What would block invoices.
#[derive(Debug, Serialize, ToSchema)]
#[expect(missing_docs, reason = "programs read the names")]
pub struct ObstacleJson {
    pub company_file: String,
    pub kind: &'static str,
    pub code: String,
    /// `review`, `missing`, `ambiguous` or `gone`.
    pub problem: &'static str,
    pub invoices: u64,
    pub text: String,
}

/// What came of a copy, of one kind.
#[derive(Debug, Serialize, ToSchema)]
#[expect(missing_docs, reason = "programs read the names")]
pub struct ClonedJson {
    pub kind: &'static str,
    /// Copied, and to be reviewed.
    pub review: u64,
    /// There already, and left as they were.
    pub kept: u64,
}
