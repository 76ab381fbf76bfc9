//! Flags on invoices.

use postonce_ports::flag::Flag;
use postonce_ports::reader::Summary;
use serde::Serialize;

use super::time;

/// The flag of an invoice.
#[derive(Debug, Serialize)]
pub(crate) struct FlagJson {
    invoice: i64,
    text: String,
    raised_at: String,
}

impl FlagJson {
    pub(crate) fn new(flag: &Flag) -> Self {
        Self { invoice: flag.invoice.0, text: flag.text.clone(), raised_at: time(flag.raised_at) }
    }
}

/// A flag in a list, with the invoice that it is on.
#[derive(Debug, Serialize)]
pub(crate) struct FlaggedJson {
    #[serde(flatten)]
    flag: FlagJson,
    number: String,
    company_file: String,
    state: &'static str,
}

impl FlaggedJson {
    pub(crate) fn new(flag: &Flag, of: &Summary) -> Self {
        Self {
            flag: FlagJson::new(flag),
            number: of.number.to_string(),
            company_file: of.company_file.to_string(),
            state: of.state.as_str(),
        }
    }
}
