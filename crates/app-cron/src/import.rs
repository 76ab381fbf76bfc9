//! Invoices from files: read, checked as a whole, and every bad line named.
//!
//! Reading takes bounded memory whatever the file holds: an overlong field or line ends it before
//! it is kept. What is kept are the invoices, since they are imported all or not at all.

mod assemble;
mod csv;
mod elements;
mod guard;
mod json;
mod problem;
mod row;

use std::io::Read;
use std::path::Path;

use postonce_domain::{Invoice, InvoiceNumber, LedgerUid, StateName};
use postonce_ports::intake::{ImportProblem, ImportRefusal};

use assemble::Assembler;
pub(crate) use csv::without_mark;
pub(crate) use guard::Guard;
pub use problem::{Problem, Problems};
pub use row::COLUMNS;
pub(crate) use row::{LEDGER_UID, myob_uid};

/// The longest field, in bytes.
pub const FIELD_BYTES_MAX: usize = 64 * 1024;

/// The longest physical line, in bytes.
pub const LINE_BYTES_MAX: usize = 1024 * 1024;

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// One row per invoice line, with a header.
    Csv,
    /// One array of invoices.
    Json,
    /// One invoice per line.
    Ndjson,
}

impl Format {
    /// The format that a file's ending names.
    pub fn of_path(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        match ending.as_str() {
            "csv" => Some(Self::Csv),
            "json" => Some(Self::Json),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            _ => None,
        }
    }
}

/// An invoice and where it stands in its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The physical line of its first row.
    pub line: u64,
    /// The invoice.
    pub invoice: Invoice,
    /// The document in the ledger, if the file may name one and does.
    pub uid: Option<LedgerUid>,
}

/// Reads every invoice of `input`, or says what is wrong with which line.
pub fn read(input: impl Read, format: Format) -> Result<Vec<Placed>, Problems> {
    read_into(Assembler::default(), input, format)
}

/// The same of a file of posted invoices, which may name their documents in the ledger.
pub fn read_posted(input: impl Read, format: Format) -> Result<Vec<Placed>, Problems> {
    read_into(Assembler::as_posted(), input, format)
}

fn read_into(
    mut assembler: Assembler,
    input: impl Read,
    format: Format,
) -> Result<Vec<Placed>, Problems> {
    match format {
        Format::Csv => csv::read(input, &mut assembler),
        Format::Json => json::read_array(input, &mut assembler),
        Format::Ndjson => json::read_lines(input, &mut assembler),
    }
    assembler.finish()
}

/// The problems of a file that the store refused, by line. `placed` says what was offered: line,
/// number and customer of each invoice.
pub fn refusals(placed: &[(u64, InvoiceNumber)], refused: &[ImportRefusal]) -> Problems {
    let mut problems = Problems::default();
    for refusal in refused {
        let Some((line, number)) = placed.get(refusal.index) else { continue };
        let (column, mend) = match &refusal.problem {
            ImportProblem::TooLate { .. } => ("external_id", "take its rows out of the file"),
            ImportProblem::OtherSide { .. } => ("external_id", "give it its own"),
            ImportProblem::Fixed { number: fixed, .. } if fixed != number.as_str() => {
                ("number", "put it back")
            }
            ImportProblem::Fixed { .. } => ("customer_code", "put it back"),
            ImportProblem::NumberTaken { .. } => ("number", "give one of them another"),
            ImportProblem::NotTakenOver { state } => ("external_id", settled_by(*state)),
            ImportProblem::UidTaken { .. } => (LEDGER_UID, "look at both in MYOB"),
        };
        let why = &refusal.problem;
        if !problems.push(*line, column, format!("invoice {number}: {why}; {mend}")) {
            break;
        }
    }
    problems.sort();
    problems
}

/// What to do about an invoice that is not taken over.
const fn settled_by(state: StateName) -> &'static str {
    match state {
        StateName::Claimed => "a run has it; wait until that is over",
        StateName::InDoubt => "settle it first, by `postonce in-doubt check`",
        StateName::NeedsHuman => "settle it first, by `postonce in-doubt resolve`",
        StateName::Posted => "it is another document there; take its rows out of the file",
        StateName::Draft
        | StateName::Ready
        | StateName::Blocked
        | StateName::Rejected
        | StateName::Forgotten => "take its rows out of the file",
    }
}

#[cfg(test)]
mod tests;
