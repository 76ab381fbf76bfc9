//! The ledger over MYOB's API.
//!
//! It builds requests, sends each at most once, says what became of it, and searches. It decides
//! nothing: what a doubtful answer leads to is the engine's.
//!
//! **Invariant:** a POST goes out at most once: no retry, no redirect, no reused connection, one
//! body that passes one gate.
//! **Invariant:** nothing leaves after the token's time, checked on the connection already made.
//! **Invariant:** what an answer means stands in one table (`classify`); all else is in doubt.
//! **Invariant:** an answer that cannot be read is never taken for "there is nothing".
//!
//! Reading order: `http` and `gate` (how a request leaves), `classify` (what came of it), `api`
//! and `tokens` with `sealed` (how we are let in), `consent` and `files` (who lets us in), `prepare` with `mappings`, `references`, `creations` and
//! `payload` (what is sent), `computed` (what MYOB made of it), `directory` (what a mapping may lead to), `search`
//! (what is there), `books` (all that is there).

mod api;
mod books;
mod classify;
mod computed;
mod consent;
mod creations;
mod directory;
mod files;
#[cfg(feature = "fuzz")]
pub mod fuzz;
mod gate;
mod http;
mod json;
mod mappings;
mod odata;
mod options;
mod payload;
mod per_file;
mod post;
mod prepare;
mod rate;
mod reading;
mod references;
mod refusal;
mod sealed;
mod search;
mod token_endpoint;
mod tokens;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::Date;
use postonce_domain::{
    ClaimToken, CompanyFile, Invoice, LedgerDocument, LedgerUid, Marker, PreparedRequest, SearchKey,
};
use postonce_ports::ledger::{Ledger, LedgerError, PrepareError, Receipt};
use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};

pub use crate::consent::{
    ConsentOptions, ConsentState, Consents, GivenError, GivenTokens, RedirectError, Redirected,
    parse_redirect,
};
pub use crate::files::CompanyFileListed;
pub use crate::options::{
    CompanyFileAccess, FileUser, Layout, Missing, Options, Ports, SetupError, Unusual,
};
pub use crate::rate::SharedRate;
pub use crate::sealed::{BadKey, SealError, SealedTokens, TokenKeys};

use crate::api::{Api, FileAccess};
use crate::creations::Creations;
use crate::http::Clients;
use crate::mappings::Mappings;
use crate::per_file::PerFile;
use crate::rate::Rate;
use crate::references::References;
use crate::token_endpoint::TokenEndpoint;
use crate::tokens::{Records, Tokens};

/// MYOB as the ledger. One value serves all company files of one API key and shares its rate.
#[derive(Debug)]
pub struct MyobLedger {
    api: Api,
    references: References,
    mappings: Mappings,
    creations: Creations,
    missing_customer: Missing,
    missing_item: Missing,
    layout: Layout,
    default_account: Option<String>,
    start_date: Option<Date>,
    credits: Unusual,
    zero_totals: Unusual,
    rate_limit_is_not_sent: bool,
}

impl MyobLedger {
    /// A ledger; nothing is asked yet.
    ///
    /// `unlisted_is_own_id`: an alias without an entry in `files` is its own business id, as on a
    /// loopback ledger.
    pub fn new(
        options: Options,
        files: BTreeMap<CompanyFile, CompanyFileAccess>,
        unlisted_is_own_id: bool,
        ports: Ports,
    ) -> Result<Self, SetupError> {
        let Ports { clock, ids, tokens, access, creations, mappings } = ports;
        let records = Records { tokens, access, me: ids.claim_id().to_string() };
        let base = url("ledger.base_url", &options.base_url)?;
        let clients = Clients::new(&base, options.post_timeout)?;
        let endpoint = TokenEndpoint {
            client: clients.reader.clone(),
            url: url("ledger.token_url", &options.token_url)?,
            key: options.api_key.clone(),
            secret: options.api_secret,
            clock: Arc::clone(&clock),
        };
        let creations = Creations {
            claims: creations,
            ids,
            clock: Arc::clone(&clock),
            quiet: options.quiet,
            recheck: options.recheck,
            rate_limit_is_not_sent: options.rate_limit_is_not_sent,
            creating: PerFile::default(),
            settled: std::sync::Mutex::default(),
        };
        let files = files.into_iter().map(|(file, access)| {
            let access = file_access(&file, access, &base)?;
            Ok((file, access))
        });
        let files = files.collect::<Result<_, SetupError>>()?;
        let api = Api {
            base,
            clients,
            key: options.api_key,
            files,
            refresh_token: options.refresh_token,
            unlisted_is_own_id,
            tokens: Tokens::new(endpoint, records, Arc::clone(&clock)),
            rate: Arc::new(Rate::new(
                options.rate_per_second,
                options.rate_share_percent,
                Arc::clone(&clock),
            )),
            clock: Arc::clone(&clock),
        };
        Ok(Self {
            api,
            mappings: Mappings::new(mappings, Arc::clone(&clock)),
            references: References::new(clock),
            creations,
            missing_customer: options.missing_customer,
            missing_item: options.missing_item,
            layout: options.layout,
            default_account: options.default_account,
            start_date: options.start_date,
            credits: options.credits,
            zero_totals: options.zero_totals,
            rate_limit_is_not_sent: options.rate_limit_is_not_sent,
        })
    }

    /// The places that this ledger takes in MYOB's rate.
    pub fn rate(&self) -> SharedRate {
        SharedRate(Arc::clone(&self.api.rate))
    }

    /// This ledger, taking its places in a rate that others take theirs in too.
    #[must_use]
    pub fn sharing(mut self, rate: SharedRate) -> Self {
        self.api.rate = rate.0;
        self
    }
}

fn file_access(
    file: &CompanyFile,
    access: CompanyFileAccess,
    base: &Url,
) -> Result<FileAccess, SetupError> {
    let CompanyFileAccess { business_id, refresh_token, base_url, user } = access;
    let own = base_url.map(|value| {
        let own = url("company_file.*.base_url", &value)?;
        let key = format!("company_file.{file}.base_url");
        let ours = files::may_have_tokens(&own, base);
        if ours { Ok(own) } else { Err(SetupError::NotMyob { key, value }) }
    });
    let password = user.as_ref().map(|user| user.password.clone());
    let cftoken = user.map(|FileUser { name, password }| {
        SecretString::from(STANDARD.encode(format!("{name}:{}", password.expose_secret())))
    });
    Ok(FileAccess { business_id, refresh_token, base: own.transpose()?, cftoken, password })
}

fn url(key: &'static str, value: &str) -> Result<Url, SetupError> {
    let url = Url::parse(value.trim_end_matches('/')).ok();
    url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| SetupError::BadUrl { key, value: value.to_owned() })
}

#[async_trait]
impl Ledger for MyobLedger {
    async fn prepare(
        &self,
        invoice: &Invoice,
        marker: Marker,
    ) -> Result<PreparedRequest, PrepareError> {
        self.prepare_invoice(invoice, marker).await
    }

    async fn check(&self, invoice: &Invoice) -> Result<(), PrepareError> {
        self.check_invoice(invoice).await
    }

    async fn post(&self, token: ClaimToken) -> Receipt {
        self.post_claimed(token).await
    }

    async fn search(
        &self,
        company_file: &CompanyFile,
        key: &SearchKey,
    ) -> Result<Vec<LedgerDocument>, LedgerError> {
        self.search_documents(company_file, std::slice::from_ref(key)).await
    }

    async fn search_all(
        &self,
        company_file: &CompanyFile,
        keys: &[SearchKey],
    ) -> Result<Vec<LedgerDocument>, LedgerError> {
        self.search_documents(company_file, keys).await
    }

    async fn document(
        &self,
        company_file: &CompanyFile,
        uid: &LedgerUid,
    ) -> Result<Option<LedgerDocument>, LedgerError> {
        self.document_of(company_file, uid).await
    }

    async fn reach(&self, company_file: &CompanyFile) -> Result<(), LedgerError> {
        self.reach_file(company_file).await
    }
}
