//! What `postonce mapping` takes.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};
use postonce_domain::{CompanyFile, MappingKind};

use super::company_file;

#[derive(Debug, Subcommand)]
pub(crate) enum Mapping {
    /// Show the rows of a company file
    List(MappingList),
    /// Say what a code is in MYOB, confirm it, or take the row out
    Set(MappingSet),
    /// Look for codes that have no row, and for rows to be reviewed, in MYOB
    Suggest(MappingSuggest),
    /// Show what would block invoices; leave with 65 if anything would
    Check {
        /// Company file
        #[arg(value_name = "ALIAS", value_parser = company_file)]
        file: CompanyFile,
    },
    /// Write the rows of a company file as CSV
    Export {
        /// Company file
        #[arg(value_name = "ALIAS", value_parser = company_file)]
        file: CompanyFile,
        /// File to write [default: stdout]
        #[arg(value_name = "FILE")]
        to: Option<PathBuf>,
    },
    /// Take rows in from CSV: all of them, or none if one has changed since it was exported
    Import {
        /// File to read; - for stdin
        #[arg(value_name = "FILE")]
        from: PathBuf,
    },
    /// Copy the rows of a company file to another one, each to be reviewed there
    Clone {
        /// Company file to copy
        #[arg(value_name = "FROM", value_parser = company_file)]
        from: CompanyFile,
        /// Company file that gets them
        #[arg(value_name = "TO", value_parser = company_file)]
        to: CompanyFile,
    },
}

#[derive(Debug, Args)]
pub(crate) struct MappingList {
    /// Company file
    #[arg(value_name = "ALIAS", value_parser = company_file)]
    pub(crate) file: CompanyFile,
    /// Only this kind
    #[arg(long, value_name = "KIND", value_parser = kind)]
    pub(crate) kind: Option<MappingKind>,
    /// Only what is to be reviewed
    #[arg(long)]
    pub(crate) review: bool,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("what").args(["target", "confirm", "none"]).required(true)))]
pub(crate) struct MappingSet {
    /// Company file
    #[arg(value_name = "ALIAS", value_parser = company_file)]
    pub(crate) file: CompanyFile,
    /// `customer`, `account`, `item`, `tax_code`, `job` or `freight_tax_code`
    #[arg(value_name = "KIND", value_parser = kind)]
    pub(crate) kind: MappingKind,
    /// The platform's code; `*` for every line; `item:CODE` or `customer:CODE` for a job
    #[arg(value_name = "CODE")]
    pub(crate) code: String,
    /// What that is in MYOB, by UID or by code
    #[arg(value_name = "UID|CODE")]
    pub(crate) target: Option<String>,
    /// The version that was looked at; another one on record is refused
    #[arg(long, value_name = "N")]
    pub(crate) version: Option<i64>,
    /// The row is right as it is
    #[arg(long)]
    pub(crate) confirm: bool,
    /// Take the row out: the code is looked up in MYOB as it is written
    #[arg(long)]
    pub(crate) none: bool,
}

#[derive(Debug, Args)]
pub(crate) struct MappingSuggest {
    /// Company file
    #[arg(value_name = "ALIAS", value_parser = company_file)]
    pub(crate) file: CompanyFile,
    /// Only this kind
    #[arg(long, value_name = "KIND", value_parser = kind)]
    pub(crate) kind: Option<MappingKind>,
    /// Write what was found, confirmed if by the same code, and else to be reviewed
    #[arg(long)]
    pub(crate) apply: bool,
}

fn kind(raw: &str) -> Result<MappingKind, String> {
    MappingKind::from_name(&raw.replace('-', "_")).ok_or_else(|| {
        let known: Vec<&str> = MappingKind::ALL.iter().map(|kind| kind.as_str()).collect();
        format!("write one of {}", known.join(", "))
    })
}
