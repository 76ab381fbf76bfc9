//! Flags on invoices.

use postonce_ports::flag::Flag;
use postonce_ports::reader::Summary;
use serde::Serialize;
use utoipa::ToSchema;

use crate::time;

/// The flag of an invoice.
#[derive(Debug, Serialize, ToSchema)]
pub struct FlagJson {
    invoice: i64,
    text: String,
    raised_at: String,
}

impl FlagJson {
    /// As programs read it.
    pub fn new(flag: &Flag) -> Self {
        Self { invoice: flag.invoice.0, text: flag.text.clone(), raised_at: time(flag.raised_at) }
    }
}

/// A flag in a list, with the invoice that it is on.
#[derive(Debug, Serialize, ToSchema)]
pub struct FlaggedJson {
    #[serde(flatten)]
    flag: FlagJson,
    number: String,
    company_file: String,
    state: &'static str,
}

impl FlaggedJson {
    /// As programs read it.
    pub fn new(flag: &Flag, of: &Summary) -> Self {
        Self {
            flag: FlagJson::new(flag),
            number: of.number.to_string(),
            company_file: of.company_file.to_string(),
            state: of.state.as_str(),
        }
    }
}
