//! What `postonce cutover` takes.

use clap::{ArgGroup, Args};
use jiff::civil::Date;
use postonce_domain::CompanyFile;

use super::{company_file, reason};

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("what").args(["through", "undo"]).requires_all(["file", "reason"])))]
pub(crate) struct Cutover {
    /// Company file [default: show all]
    #[arg(value_name = "ALIAS", value_parser = company_file)]
    pub(crate) file: Option<CompanyFile>,
    /// The past is settled through this date: only invoices dated on or before it are looked up in
    /// MYOB before they are sent
    #[arg(long, value_name = "DATE")]
    pub(crate) through: Option<Date>,
    /// The past is not settled: look up every invoice again
    #[arg(long)]
    pub(crate) undo: bool,
    /// Why, for the trail of the company file
    #[arg(long, value_name = "TEXT", value_parser = reason, requires = "what")]
    pub(crate) reason: Option<String>,
    /// Even with invoices claimed, in doubt or in need of a person, dated on or before DATE
    #[arg(long, requires = "through")]
    pub(crate) keep_doubts: bool,
    /// Do not ask
    #[arg(long, requires = "through")]
    pub(crate) yes: bool,
}
