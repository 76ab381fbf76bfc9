//! What `postonce connect` and `postonce connections` take.

use std::time::Duration;

use clap::{ArgGroup, Args, Subcommand};
use postonce_domain::CompanyFile;

use super::{company_file, reason};
use crate::duration;

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("what").args(["file", "take_over"]).required(true)))]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct Connect {
    /// Company file that a person is to let us into
    #[arg(value_name = "ALIAS", value_parser = company_file)]
    pub(crate) file: Option<CompanyFile>,
    /// Print the address to open, instead of opening a browser
    #[arg(long, conflicts_with = "take_over")]
    pub(crate) print: bool,
    /// Read the address that the browser was sent back to from stdin, instead of listening
    #[arg(long, conflicts_with_all = ["port", "take_over"])]
    pub(crate) paste: bool,
    /// Listen on this port of this machine, 0 = any that is free [default: that of
    /// `ledger.redirect_uri`]
    #[arg(long, value_name = "N", conflicts_with = "take_over")]
    pub(crate) port: Option<u16>,
    /// Wait so long for the consent, such as 90s or 10m
    #[arg(long, value_name = "DUR", default_value = "5m", value_parser = duration::parse)]
    pub(crate) timeout: Duration,
    /// Even if it is connected already; or to another business, if no invoice was sent to the one
    /// on record
    #[arg(long, conflicts_with = "take_over")]
    pub(crate) replace: bool,
    /// Accept where the database is now; every company file then stands still for a while
    #[arg(long)]
    pub(crate) take_over: bool,
    /// Do not ask
    #[arg(long, conflicts_with = "file")]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Connections {
    #[command(subcommand)]
    pub(crate) what: Option<ConnectionsCommand>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConnectionsCommand {
    /// Who consented, until when, and what went wrong last
    List,
    /// Ask each company file whether it lets us in
    Check {
        /// Company files [default: all that are configured, connected or have something to send, and
        /// were not revoked]
        #[arg(value_name = "ALIAS", value_parser = company_file)]
        files: Vec<CompanyFile>,
    },
    /// Forget the tokens of a company file
    Revoke {
        /// Company file
        #[arg(value_name = "ALIAS", value_parser = company_file)]
        file: CompanyFile,
        /// Why, for those who ask later
        #[arg(long, value_name = "TEXT", value_parser = reason)]
        reason: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// The company files that MYOB lists to older API keys
    Files {
        /// Company file whose connection is used [default: the first that has one]
        #[arg(value_name = "ALIAS", value_parser = company_file)]
        via: Option<CompanyFile>,
    },
}
