//! A folder in which `postonce` is run, with a database and a configuration.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Result;
use serde_json::Value;
use tempfile::TempDir;

use super::database::Database;
use super::process::{Finished, Guarded, binary};
use super::sandbox::Sandbox;

/// A folder with a database, set up for a sandbox.
#[derive(Debug)]
pub struct Place {
    folder: TempDir,
    environment: Vec<(String, String)>,
}

impl Place {
    /// An empty one. No rate limit, and a quiet period of no time at all only if `short_quiet`.
    pub fn new(sandbox: &Sandbox) -> Result<Self> {
        let mut place = Self { folder: tempfile::tempdir()?, environment: Vec::new() };
        place.set("DATABASE__URL", "sqlite:postonce.db");
        place.set("LEDGER__BASE_URL", &format!("{}/accountright", sandbox.url()));
        for key in ["API_KEY", "API_SECRET", "REFRESH_TOKEN"] {
            place.set(&format!("LEDGER__{key}"), "sandbox");
        }
        place.set("LEDGER__MISSING_CUSTOMER", "create");
        place.set("LEDGER__RATE_PER_SECOND", "0");
        Ok(place)
    }

    /// One whose database is at `url`, where `postonce migrate` makes the tables.
    pub fn at(url: &str, sandbox: &Sandbox) -> Result<Self> {
        let mut place = Self::new(sandbox)?;
        place.set("DATABASE__URL", url);
        place.run(&["migrate"])?.expect(0)?;
        Ok(place)
    }

    /// One with a database on the server that all tests share. Named locks are the server's, so
    /// it has a lock of its own name.
    pub fn on(database: &Database, sandbox: &Sandbox) -> Result<Self> {
        let mut place = Self::at(&database.url(), sandbox)?;
        place.set("LOCK__NAME", database.name());
        Ok(place)
    }

    /// Sets a configuration key for all that is started here.
    pub fn set(&mut self, key: &str, value: &str) {
        self.environment.push((format!("POSTONCE_{key}"), value.to_owned()));
    }

    /// Doubt ends as soon as the ledger is asked.
    pub fn short_quiet(&mut self, post_timeout_seconds: u32) {
        self.set("IN_DOUBT__ALLOW_SHORT_QUIET", "true");
        self.set("IN_DOUBT__QUIET_SECONDS", "0");
        self.set("IN_DOUBT__RECHECK_SECONDS", "0");
        self.set("LEDGER__POST_TIMEOUT_SECONDS", &post_timeout_seconds.to_string());
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file there.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<()> {
        Ok(std::fs::write(self.path().join(name), content)?)
    }

    /// `program` with `arguments`, in this folder, with this configuration and no other.
    pub fn command(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("USER", "tester")
            .envs(self.environment.iter().map(|(key, value)| (key, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Starts `postonce`.
    pub fn start(&self, arguments: &[&str]) -> Result<Guarded> {
        Guarded::start(&mut self.command(&binary("POSTONCE_BIN")?, arguments))
    }

    /// Runs `postonce` to its end.
    pub fn run(&self, arguments: &[&str]) -> Result<Finished> {
        self.start(arguments)?.finish()
    }

    /// Runs a command that prints JSON and ends well.
    pub fn json(&self, arguments: &[&str]) -> Result<Value> {
        self.run(arguments)?.expect(0)?.json()
    }

    /// Imports `count` invoices, numbered `PREFIX-1` and so on.
    pub fn import(&self, prefix: &str, count: u32) -> Result<()> {
        self.write("invoices.csv", sample(prefix, count).as_bytes())?;
        self.run(&["import", "invoices.csv"])?.expect(0).map(drop)
    }
}

/// The columns of an invoice file.
pub const COLUMNS: &str = "company_file,side,external_id,number,date,customer_code,customer_name,\
    customer_email,line,item_code,description,quantity,unit_price,discount_percent,tax_code,\
    freight,tax_inclusive,memo";

/// A file of `count` invoices of two lines each, 3.50 + 2 × 1.25 = 6.00 in all.
pub fn sample(prefix: &str, count: u32) -> String {
    let invoices = (1..=count).map(|n| {
        let side = if n % 2 == 0 { "ordering" } else { "platform" };
        let customer = n % 7;
        let head = format!(
            "books,{side},{prefix} order {n},{prefix}-{n},2026-03-01,CUS{customer},Customer {customer},"
        );
        format!(
            "{head},1,,Binding,1,3.50,0,GST,0.00,true,sample\n\
             {head},2,,Paper,2,1.25,0,FRE,0.00,true,sample\n"
        )
    });
    [format!("{COLUMNS}\n")].into_iter().chain(invoices).collect()
}
