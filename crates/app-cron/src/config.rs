//! The configuration: flags over environment over file over defaults, all of it checked at once.
//!
//! This module is the only reader of the environment. [`load`] never stops at the first problem:
//! it gives every value with its source, and every problem with its mend.

mod assemble;
mod check;
mod cron;
mod database;
mod http;
mod key;
mod layers;
mod notify;
mod tokens;
mod url;

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroUsize;
use std::time::Duration;

use jiff::civil::Date;
use postonce_adapter_myob::{BadKey, Layout, Missing, TokenKeys, Unusual};
use postonce_adapter_notify::{MailOptions, SigningKey};
use postonce_domain::{CompanyFile, DoubtPolicy};
use postonce_engine::Lookup;
use secrecy::SecretString;

pub use cron::CronConfig;
pub use database::DatabaseConfig;
pub use http::{HttpConfig, LogConfig, LogLevel};
pub use layers::{Flags, Sources};
pub use url::is_loopback;
pub(crate) use url::{Listening, listening};

use crate::exit::{Exit, Failure};

/// Everything that can be configured, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// Which database.
    pub database: DatabaseConfig,
    /// The ledger.
    pub ledger: LedgerConfig,
    /// How tokens are kept.
    pub tokens: TokensConfig,
    /// The run lock.
    pub lock: LockConfig,
    /// The company files by alias.
    pub company_files: BTreeMap<CompanyFile, CompanyFileConfig>,
    /// When the ledger is searched first.
    pub lookup: Lookup,
    /// Quiet period and rechecks.
    pub doubt: DoubtPolicy,
    /// Invoices dated before are blocked.
    pub start_date: Option<Date>,
    /// Who is told, and how.
    pub notify: NotifyConfig,
    /// How long a run claims anything new.
    pub run_max: Duration,
    /// When runs start by themselves.
    pub cron: CronConfig,
    /// How pages and API are served.
    pub http: HttpConfig,
    /// How the log is written.
    pub log: LogConfig,
}

/// Who is told what happens, and how. The ways are independent of each other.
#[derive(Clone, Debug)]
pub struct NotifyConfig {
    /// How long no run may complete before people are told; `None` if it may for ever.
    pub silence: Option<Duration>,
    /// A signed POST.
    pub webhook: Option<WebhookConfig>,
    /// A mail.
    pub mail: Option<MailOptions>,
    /// A program, and its arguments with blanks between them.
    pub command: Option<String>,
}

/// Who is told by a signed POST.
#[derive(Clone, Debug)]
pub struct WebhookConfig {
    /// The address.
    pub url: String,
    /// What the receiver knows us by.
    pub key: SigningKey,
}

/// What makes runs exclude each other.
#[derive(Clone, Debug)]
pub struct LockConfig {
    /// What kind of lock.
    pub kind: LockKind,
    /// Its name.
    pub name: String,
    /// Within so much time a holder whose host died loses it.
    pub timeout: Duration,
    /// A person's word that all who write go to one server, where that cannot be told.
    pub single_writer: bool,
}

/// The kinds of run lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockKind {
    /// A file beside the database, on `SQLite`.
    File,
    /// A named lock of the server's session.
    Named,
    /// A row with an expiry.
    Lease,
}

impl LockKind {
    /// As configuration and database spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Named => "named",
            Self::Lease => "lease",
        }
    }
}

/// How the ledger is reached.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is the key of its name")]
pub struct LedgerConfig {
    pub base_url: String,
    pub token_url: String,
    pub authorize_url: String,
    pub redirect_uri: String,
    pub scopes: String,
    pub api_key: Option<SecretString>,
    pub api_secret: Option<SecretString>,
    pub refresh_token: Option<SecretString>,
    pub layout: Layout,
    pub default_account: Option<String>,
    pub missing_customer: Missing,
    pub missing_item: Missing,
    pub credits: Unusual,
    pub zero_totals: Unusual,
    pub concurrency: NonZeroUsize,
    pub rate_per_second: u32,
    pub rate_share_percent: u32,
    pub post_timeout: Duration,
    pub longest_call: Duration,
    pub rate_limit_is_not_sent: bool,
    /// On this machine: a stand-in for the real one.
    pub is_loopback: bool,
}

/// What tokens are sealed with in the database.
#[derive(Clone, Debug, Default)]
pub struct TokensConfig {
    /// The key, from the configuration or from the file that it names.
    pub key: Option<SecretString>,
    /// The key before it.
    pub old_key: Option<SecretString>,
}

impl TokensConfig {
    /// The keys, which were checked when the configuration was read.
    pub fn keys(&self) -> Result<TokenKeys, BadKey> {
        match &self.key {
            Some(key) => TokenKeys::new(key, self.old_key.as_ref()),
            None => Ok(TokenKeys::default()),
        }
    }
}

/// One company file.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is the key of its name")]
pub struct CompanyFileConfig {
    pub business_id: Option<String>,
    pub base_url: Option<String>,
    pub refresh_token: Option<SecretString>,
    pub cftoken_user: Option<String>,
    pub cftoken_password: Option<SecretString>,
    pub time_zone: Option<String>,
}

impl CompanyFileConfig {
    pub(crate) fn business(&self) -> Option<&str> {
        self.business_id.as_deref()
    }
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Nobody has set it.
    Default,
    /// The file of this name.
    File(String),
    /// The environment variable of this name.
    Environment(String),
    /// The flag of this name.
    Flag(String),
}

impl Source {
    /// The kind of source, for programs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::File(_) => "file",
            Self::Environment(_) => "environment",
            Self::Flag(_) => "flag",
        }
    }

    /// The file, variable or flag.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Default => None,
            Self::File(name) | Self::Environment(name) | Self::Flag(name) => Some(name),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(name) => write!(f, "file {name}"),
            Self::Environment(name) => write!(f, "environment variable {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

/// A key as `config show` prints it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The key, such as `ledger.base_url`.
    pub key: String,
    /// Its value; `***` for a secret; none if it has none.
    pub value: Option<String>,
    /// Where the value comes from.
    pub source: Source,
}

/// What reading the configuration gave.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration, if there is no problem.
    pub config: Option<Config>,
    /// Every key.
    pub shown: Vec<Shown>,
    /// Everything that is wrong, each with key, value, source and mend.
    pub problems: Vec<String>,
    /// What is odd but does no harm.
    pub warnings: Vec<String>,
}

impl Loaded {
    /// The configuration, or the failure that lists every problem.
    pub fn into_config(self) -> Result<Config, Failure> {
        match self.config {
            Some(config) if self.problems.is_empty() => Ok(config),
            _ => Err(Failure::new(Exit::BadConfiguration, self.problems.join("\n"))),
        }
    }
}

/// Reads the configuration from `sources`.
pub fn load(sources: &Sources) -> Loaded {
    let layers::Merged { values, mut problems, warnings } = layers::merge(sources);
    let values = check::check(values, &mut problems);
    let config = assemble::assemble(&values, &mut problems);
    let shown = assemble::shown(&values);
    let config = if problems.is_empty() { config } else { None };
    Loaded { config, shown, problems, warnings }
}

#[cfg(test)]
mod tests;
