//! What an operator decides about the ledger.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use postonce_ports::access::AccessStore;
use postonce_ports::clock::{Clock, Ids};
use postonce_ports::creation::CreationClaims;
use postonce_ports::error::BoxError;
use postonce_ports::mapping::MappingStore;
use postonce_ports::token::TokenStore;
use secrecy::SecretString;

/// Which of MYOB's forms an invoice takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Lines with an account.
    Service,
    /// Lines with an item; a line without one goes by account.
    Item,
}

impl Layout {
    /// The path segment, which is also the `InvoiceType`.
    pub(crate) const fn segment(self) -> &'static str {
        match self {
            Self::Service => "Service",
            Self::Item => "Item",
        }
    }
}

/// What to do with an invoice whose customer, or whose item, MYOB does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Block it, for a person to create the record.
    Block,
    /// Create the record, once.
    Create,
}

/// What to do with an invoice that not every company sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusual {
    /// Post it as it is.
    Post,
    /// Block it, for a person to enter it.
    Block,
}

/// How the ledger is reached and what is sent. Secrets do not show in its `Debug` form.
#[derive(Clone, Debug)]
pub struct Options {
    /// The API's address, ending in `/accountright`.
    pub base_url: String,
    /// Where access tokens are given out.
    pub token_url: String,
    /// The API key, also the OAuth client id.
    pub api_key: SecretString,
    /// The OAuth client secret.
    pub api_secret: SecretString,
    /// The refresh token of company files that have none of their own; it seeds the token store.
    pub refresh_token: Option<SecretString>,
    /// The form of the invoices.
    pub layout: Layout,
    /// The `DisplayID` of the income account of lines without an item, such as `4-1000`.
    pub default_account: Option<String>,
    /// What to do with a customer that is not there.
    pub missing_customer: Missing,
    /// What to do with an item that is not there.
    pub missing_item: Missing,
    /// What to do with an invoice whose every quantity is negative: MYOB keeps it as a credit.
    pub credits: Unusual,
    /// What to do with an invoice that comes to nothing.
    pub zero_totals: Unusual,
    /// How many requests a second MYOB takes from this API key; 0 for no limit.
    pub rate_per_second: u32,
    /// How much of that this process takes, in percent: the rest is for others with the same key.
    pub rate_share_percent: u32,
    /// How long an invoice's answer is waited for.
    pub post_timeout: Duration,
    /// Whether a rate-limited POST certainly had no effect.
    pub rate_limit_is_not_sent: bool,
    /// How long an unanswered creation of a record may still take effect.
    pub quiet: Duration,
    /// The least time between two searches that are to prove a record absent.
    pub recheck: Duration,
    /// Invoices dated earlier are blocked.
    pub start_date: Option<Date>,
}

/// How one company file is reached. Secrets do not show in its `Debug` form.
#[derive(Clone, Debug)]
pub struct CompanyFileAccess {
    /// MYOB's id of the business.
    pub business_id: String,
    /// Its own refresh token, which seeds the token store.
    pub refresh_token: Option<SecretString>,
    /// The address of its own API, ending in `/accountright`, if it has another than all.
    pub base_url: Option<String>,
    /// User and password of the company file itself, for older API keys.
    pub user: Option<FileUser>,
}

/// A user of a company file. The password does not show in its `Debug` form.
#[derive(Clone, Debug)]
pub struct FileUser {
    /// The name.
    pub name: String,
    /// The password, which may be empty.
    pub password: SecretString,
}

/// What the adapter needs of the host and of the store.
#[derive(Clone)]
pub struct Ports {
    /// Time; all waiting goes through it.
    pub clock: Arc<dyn Clock>,
    /// Ids for the claims on records, and a name among those who refresh.
    pub ids: Arc<dyn Ids>,
    /// Where refresh tokens are kept.
    pub tokens: Arc<dyn TokenStore>,
    /// Where access tokens are kept, and who gets the next one.
    pub access: Arc<dyn AccessStore>,
    /// Where the claims on customers and items are kept.
    pub creations: Arc<dyn CreationClaims>,
    /// Where the mapping is kept.
    pub mappings: Arc<dyn MappingStore>,
}

impl fmt::Debug for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ports").finish_non_exhaustive()
    }
}

/// Why there is no ledger with these options.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// An address cannot be read.
    #[error("{key} `{value}` is no http or https address")]
    BadUrl {
        /// The configuration key.
        key: &'static str,
        /// What stands there.
        value: String,
    },
    /// Tokens would go to somebody else.
    #[error("{key} `{value}` is neither MYOB's, over https, nor where `ledger.base_url` is")]
    NotMyob {
        /// The configuration key.
        key: String,
        /// What stands there.
        value: String,
    },
    /// The HTTP client cannot be made.
    #[error("the HTTP client cannot be made")]
    Client(#[source] BoxError),
}
