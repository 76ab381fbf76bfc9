//! What `postonce import` takes.

use std::path::PathBuf;

use clap::Args;

use super::reason;
use crate::import::Format;

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// File to read; - for stdin
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Format [default: by the file's ending]
    #[arg(long)]
    pub(crate) format: Option<Format>,
    /// Another integration has posted them: look each up in MYOB, by its `ledger_uid` or else by
    /// number and reference, and take it over as what it is there; send nothing
    #[arg(long, requires = "reason")]
    pub(crate) as_posted: bool,
    /// Why, for the audit trail
    #[arg(long, value_name = "TEXT", value_parser = reason, requires = "as_posted")]
    pub(crate) reason: Option<String>,
}
