//! The command line.

mod accounts;
mod connect;
mod cron;
mod cutover;
mod flags;
mod import;
mod look_back;
mod mapping;
mod notify;
mod serve;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::civil::Date;
use postonce_domain::{CompanyFile, LedgerUid, StateName};
use postonce_engine::Verdict;

pub(crate) use accounts::{AccountSet, Accounts, Machines};
pub(crate) use connect::{Connect, Connections, ConnectionsCommand};
pub(crate) use cron::{Cron, CronVerb};
pub(crate) use cutover::Cutover;
pub(crate) use flags::{Flagged, FlaggedVerb};
pub(crate) use import::Import;
pub(crate) use look_back::{Duplicates, LookBack, Way};
pub(crate) use mapping::{Mapping, MappingList, MappingSet, MappingSuggest};
pub(crate) use notify::{Notify, NotifyRun};
pub(crate) use serve::Serve;

use crate::config::Flags;
use crate::selection::Selector;
use crate::{duration, selection};

const EXIT_CODES: &str = "\
Exit codes speak of this run only:
  0    done
  1    unexpected
  2    usage
  10   finished, some invoices in doubt or in need of a person
  65   finished, some rejected or blocked; or refused input
  66   file missing
  69   ledger unavailable
  70   run lock lost
  74   database unavailable
  75   another run holds the lock: try later
  77   not authorised
  78   bad configuration, or a failed doctor
  130  interrupted, everything in flight settled";

/// Pushes finished invoices to MYOB, each at most once.
#[derive(Debug, Parser)]
#[command(name = "postonce", version, after_help = EXIT_CODES, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags of every command.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// Configuration file [default: ./postonce.toml, if it is there]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Database: `sqlite:PATH` or `mysql://USER:PASSWORD@HOST/DATABASE`; others on this machine see
    /// a password in flags, and not one in the environment
    #[arg(long, global = true, value_name = "URL")]
    database: Option<String>,
    /// Address of the ledger's API, ending in /accountright
    #[arg(long, global = true, value_name = "URL")]
    ledger_url: Option<String>,
    /// Who asks, for the audit trail [default: your user name]
    #[arg(long, global = true, value_name = "NAME")]
    actor: Option<String>,
    /// Data as JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

impl Global {
    pub(crate) fn flags(&self) -> Flags {
        Flags {
            config: self.config.clone(),
            database: self.database.clone(),
            ledger_url: self.ledger_url.clone(),
            actor: self.actor.clone(),
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show it all on this machine: a sandbox, a sample, two runs at once, a killed run
    Demo,
    /// Import invoices from CSV, JSON or NDJSON: all of them or none
    Import(Import),
    /// Push what is ready to the ledger
    Sync(Sync),
    /// Send rejected invoices again
    Reprocess(Reprocess),
    /// Invoices of which nobody knows whether they are in the ledger
    #[command(subcommand)]
    InDoubt(InDoubt),
    /// Show the lock, the invoices by state and the last run
    Status(Status),
    /// List invoices
    Invoices(Invoices),
    /// Show one invoice and its trail
    Show(One),
    /// Invoices to look at: what MYOB made of their amounts differs
    Flags(Flagged),
    /// Keep an invoice from being sent
    Hold(One),
    /// Let a held invoice be sent again
    Unhold(One),
    /// List sync runs, newest first
    Runs(Runs),
    /// The audit trail
    #[command(subcommand)]
    Audit(Audit),
    /// Be let into a company file by a consent in the browser; or take over a database that has moved
    Connect(Connect),
    /// By whose consent each company file lets us in: list, check, take away
    Connections(Connections),
    /// Until when the past of company files is settled: show it, settle it, take it back
    Cutover(Cutover),
    /// What the platform's codes are in MYOB
    #[command(subcommand)]
    Mapping(Mapping),
    /// What MYOB has twice, whoever posted it
    Duplicates(Duplicates),
    /// How our side and MYOB's differ, by month
    Parity(LookBack),
    /// Start runs by the schedule, until SIGTERM or Ctrl-C
    Cron(Cron),
    /// Print what is measured, for Prometheus
    Metrics,
    /// Tell people what has happened: test, list, run
    #[command(subcommand)]
    Notify(Notify),
    /// People who may come in
    #[command(subcommand)]
    Accounts(Accounts),
    /// Programs that may come in
    #[command(subcommand)]
    Machines(Machines),
    /// Serve the API, for buttons and programs
    Serve(Serve),
    /// Look at the database's health, and change nothing
    Doctor,
    /// Bring the database's schema up to date
    Migrate,
    /// The configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Run the stand-in for MYOB
    Sandbox(Sandbox),
    /// Print completions for a shell
    Completions(Completions),
}

#[derive(Debug, Args)]
pub(crate) struct Sync {
    /// Only this company file
    #[arg(long, value_name = "ALIAS", value_parser = company_file)]
    pub(crate) company_file: Option<CompanyFile>,
    /// Claims at most
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: Option<u64>,
    /// Wait so long for another run to end, such as 30s or 5m
    #[arg(long, value_name = "DUR", default_value = "0s", value_parser = duration::parse)]
    pub(crate) wait: Duration,
    /// Show what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Reprocess {
    /// Invoices, by id or ALIAS:NUMBER
    #[arg(value_name = "ID", value_parser = selection::parse, required_unless_present = "state")]
    pub(crate) invoices: Vec<Selector>,
    /// All invoices in this state; only rejected ones can be sent again
    #[arg(long, conflicts_with = "invoices")]
    pub(crate) state: Option<Rejected>,
    /// Of those, only the ones with this error code
    #[arg(long, value_name = "CODE", requires = "state")]
    pub(crate) code: Option<String>,
    /// Of those, only the ones dated on or after
    #[arg(long, value_name = "DATE", requires = "state")]
    pub(crate) since: Option<Date>,
    /// Why, for the audit trail
    #[arg(long, value_name = "TEXT", default_value = "reprocessed by command")]
    pub(crate) reason: String,
}

/// The state from which an invoice can be sent again.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Rejected {
    Rejected,
}

#[derive(Debug, Subcommand)]
pub(crate) enum InDoubt {
    /// List invoices in doubt
    List {
        /// Customers and items instead of which nobody knows whether they were created
        #[arg(long)]
        creations: bool,
    },
    /// Ask the ledger now
    Check {
        /// Invoices, by id or ALIAS:NUMBER [default: all in doubt]
        #[arg(value_name = "ID", value_parser = selection::parse)]
        invoices: Vec<Selector>,
    },
    /// Say what an invoice is
    Resolve {
        /// Invoice, by id or ALIAS:NUMBER
        #[arg(value_name = "ID", value_parser = selection::parse)]
        invoice: Selector,
        /// posted=UID, absent or forgotten
        #[arg(long = "as", value_name = "VERDICT", value_parser = verdict)]
        verdict: Verdict,
        /// Why, for the audit trail
        #[arg(long, value_name = "TEXT", value_parser = reason)]
        reason: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Status {
    /// Leave with 10 or 65 if an invoice stands in doubt or refused
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Invoices {
    /// Only this state; may be given several times
    #[arg(long, value_name = "STATE", value_parser = state)]
    pub(crate) state: Vec<StateName>,
    /// Only this company file
    #[arg(long, value_name = "ALIAS", value_parser = company_file)]
    pub(crate) company_file: Option<CompanyFile>,
    /// Only those whose reason has this code
    #[arg(long, value_name = "CODE")]
    pub(crate) code: Option<String>,
    /// Only those dated on or after
    #[arg(long, value_name = "DATE")]
    pub(crate) since: Option<Date>,
    /// So many at most [default: 100 in a table, all in JSON]
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u64>,
    /// Only those with a greater id, to go on where a list ended
    #[arg(long, value_name = "ID")]
    pub(crate) after: Option<i64>,
}

#[derive(Debug, Args)]
pub(crate) struct One {
    /// Invoice, by id or ALIAS:NUMBER
    #[arg(value_name = "ID", value_parser = selection::parse)]
    pub(crate) invoice: Selector,
}

#[derive(Debug, Args)]
pub(crate) struct Runs {
    /// So many at most
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) limit: u32,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Check that every claim has its outcome
    Pairs,
    /// Show the trail of one invoice
    Show(One),
    /// Show the trail of company files: cut-overs and take-overs
    Files {
        /// Company file [default: all]
        #[arg(value_name = "ALIAS", value_parser = company_file)]
        file: Option<CompanyFile>,
    },
    /// Show the trail of accounts and machines
    Accounts,
    /// Write the whole trail, one note per line
    Export {
        /// Format
        #[arg(long, default_value = "ndjson")]
        format: ExportFormat,
    },
}

/// How the trail is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// One JSON object per line.
    Ndjson,
    /// For spreadsheets.
    Csv,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Say what is wrong with the configuration
    Check,
    /// Print every key, its value and where it comes from
    Show,
}

#[derive(Debug, Args)]
pub(crate) struct Sandbox {
    /// Address to listen on; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,
    /// Folder that keeps the state
    #[arg(long, value_name = "DIR")]
    pub(crate) state: PathBuf,
    /// Requests per second, as MYOB allows; 0 = no limit
    #[arg(long, value_name = "N", default_value_t = 8)]
    pub(crate) rate_per_second: u32,
    /// How long every request takes at least
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) latency_ms: u64,
    /// Set a switch, which stays in the state; may be given several times
    #[arg(long = "switch", value_name = "NAME=VALUE")]
    pub(crate) switches: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// Shell
    pub(crate) shell: clap_complete::Shell,
}

fn company_file(raw: &str) -> Result<CompanyFile, String> {
    CompanyFile::parse(raw).map_err(|error| format!("the alias {error}"))
}

fn state(raw: &str) -> Result<StateName, String> {
    StateName::from_name(raw).ok_or_else(|| {
        let known: Vec<&str> = StateName::ALL.iter().map(|name| name.as_str()).collect();
        format!("write one of {}", known.join(", "))
    })
}

fn verdict(raw: &str) -> Result<Verdict, String> {
    match raw.split_once('=') {
        Some(("posted", uid)) => {
            LedgerUid::parse(uid).map(Verdict::Posted).map_err(|error| format!("the UID {error}"))
        }
        None if raw == "absent" => Ok(Verdict::Absent),
        None if raw == "forgotten" => Ok(Verdict::Forgotten),
        Some(_) | None => Err("write posted=UID, absent or forgotten".to_owned()),
    }
}

fn reason(raw: &str) -> Result<String, &'static str> {
    if raw.trim().is_empty() {
        Err("say why, for those who read the trail later")
    } else {
        Ok(raw.trim().to_owned())
    }
}

#[cfg(test)]
mod tests;
