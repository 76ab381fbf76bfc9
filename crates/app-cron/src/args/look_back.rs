//! What `postonce duplicates` and `postonce parity` take.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::civil::Date;
use postonce_domain::CompanyFile;

use super::company_file;

#[derive(Debug, Args)]
pub(crate) struct Duplicates {
    #[command(flatten)]
    pub(crate) look_back: LookBack,
    /// Only documents that are alike in this way; may be given several times [default: any]
    #[arg(long, value_name = "WAY")]
    pub(crate) by: Vec<Way>,
}

/// A way in which documents are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Way {
    /// The same number, however spelled.
    Number,
    /// The same reference.
    Reference,
    /// The same customer, date and amount.
    Sale,
}

#[derive(Debug, Args)]
pub(crate) struct LookBack {
    /// Company file
    #[arg(value_name = "ALIAS", value_parser = company_file)]
    pub(crate) file: CompanyFile,
    /// Only what is dated on or after
    #[arg(long, value_name = "DATE")]
    pub(crate) since: Option<Date>,
    /// Only what is dated on or before
    #[arg(long, value_name = "DATE")]
    pub(crate) until: Option<Date>,
    /// Read MYOB from the beginning, even if a scan of these dates was left unfinished
    #[arg(long)]
    pub(crate) fresh: bool,
    /// Ask MYOB nothing: use what the last finished scan has read
    #[arg(long, conflicts_with_all = ["fresh", "since", "until"])]
    pub(crate) last: bool,
    /// Write all of it to this file, as CSV
    #[arg(long, value_name = "FILE")]
    pub(crate) csv: Option<PathBuf>,
    /// Leave with 10 if something was found
    #[arg(long)]
    pub(crate) check: bool,
}
