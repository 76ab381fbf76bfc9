//! Invoices taken over as posted.

use serde::Serialize;

use crate::import::Problem;

/// What came of `postonce import --as-posted`.
#[derive(Debug, Default, Serialize)]
pub(crate) struct AsPostedJson<'a> {
    pub(crate) created: u64,
    pub(crate) replaced: u64,
    pub(crate) unchanged: u64,
    /// Invoices of the file that need a person now.
    pub(crate) needs_human: Vec<NeedsHumanJson>,
    pub(crate) errors: &'a [Problem],
}

/// An invoice that needs a person.
#[derive(Debug, Serialize)]
pub(crate) struct NeedsHumanJson {
    pub(crate) company_file: String,
    pub(crate) number: String,
    pub(crate) reason: String,
    pub(crate) uids: Vec<String>,
}
