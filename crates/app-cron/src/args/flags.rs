//! What `postonce flags` takes.

use clap::{Args, Subcommand};
use postonce_domain::CompanyFile;

use super::{company_file, reason};
use crate::selection::{self, Selector};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Flagged {
    #[command(subcommand)]
    pub(crate) verb: Option<FlaggedVerb>,
    /// Only this company file
    #[arg(long, value_name = "ALIAS", value_parser = company_file)]
    pub(crate) company_file: Option<CompanyFile>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum FlaggedVerb {
    /// Take the flags of invoices off, once somebody has looked at them
    Clear {
        /// Invoices, by id or ALIAS:NUMBER
        #[arg(value_name = "ID", value_parser = selection::parse, required = true)]
        invoices: Vec<Selector>,
        /// Why, for the audit trail
        #[arg(long, value_name = "TEXT", value_parser = reason)]
        reason: String,
    },
}
