//! How a person lets us into a company file: an address for the browser, the answer that it comes
//! back with, and the tokens for it.
//!
//! **Invariant:** an answer without the state that was sent along is nobody's consent to us, and is
//! never used.
//!
//! The steps are documented at
//! <https://developer.myob.com/api/myob-business-api/api-overview/authentication/>.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use postonce_ports::clock::Clock;
use reqwest::Url;
use ring::rand::{SecureRandom as _, SystemRandom};
use secrecy::{ExposeSecret, SecretString};

use crate::files::{CompanyFileListed, FilesClient, NoList};
use crate::http::Clients;
use crate::options::SetupError;
use crate::token_endpoint::{Grant, TokenEndpoint};

/// The bytes of a state.
const STATE_BYTES: usize = 32;

/// How long one call may take.
const CALL_MAX: Duration = Duration::from_secs(20);

/// Who asks for consent, where and to what. Secrets do not show in its `Debug` form.
#[derive(Clone, Debug)]
pub struct ConsentOptions {
    /// Where people consent.
    pub authorize_url: String,
    /// Where tokens are given out.
    pub token_url: String,
    /// The API's address, ending in `/accountright`.
    pub base_url: String,
    /// The API key, also the OAuth client id.
    pub api_key: SecretString,
    /// The OAuth client secret.
    pub api_secret: SecretString,
    /// Where the browser is sent back to, as it is registered for the key.
    pub redirect_uri: String,
    /// What we ask to be let do.
    pub scopes: String,
}

/// The way to a consent.
pub struct Consents {
    endpoint: TokenEndpoint,
    files: FilesClient,
    authorize: Url,
    redirect: String,
    scopes: String,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for Consents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consents").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// A text that comes back with the answer, if the answer is to us.
#[derive(Clone)]
pub struct ConsentState(String);

impl fmt::Debug for ConsentState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConsentState(***)")
    }
}

impl ConsentState {
    /// One that nobody can guess; `None` if the system gives no random numbers.
    pub fn random() -> Option<Self> {
        let mut bytes = [0; STATE_BYTES];
        SystemRandom::new().fill(&mut bytes).ok()?;
        Some(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Whether it is this text, in a time that does not tell how much of it is.
    fn is(&self, text: &str) -> bool {
        let (ours, theirs) = (self.0.as_bytes(), text.as_bytes());
        let pairs = ours.iter().zip(theirs);
        ours.len() == theirs.len() && pairs.fold(0, |seen, (one, other)| seen | (one ^ other)) == 0
    }
}

/// What a browser came back with.
#[derive(Clone, PartialEq, Eq)]
pub struct Redirected {
    /// What tokens are given for.
    pub code: String,
    /// The business that consented, if it is said.
    pub business_id: Option<String>,
    /// Its name, if it is said.
    pub business_name: Option<String>,
}

impl fmt::Debug for Redirected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redirected")
            .field("business_id", &self.business_id)
            .field("business_name", &self.business_name)
            .finish_non_exhaustive()
    }
}

/// Why an address is no consent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedirectError {
    /// It is not an address.
    #[error("this is no address that a browser was sent back to")]
    NotAnAddress,
    /// It belongs to another attempt, or nobody asked for it.
    #[error("the answer has another `state` than was asked for: it belongs to another attempt")]
    OtherState,
    /// The person said no, or MYOB did.
    #[error("MYOB answered `{error}`{}", .description.as_ref().map(|it| format!(": {it}")).unwrap_or_default())]
    Refused {
        /// Its word for it.
        error: String,
        /// Its words.
        description: Option<String>,
    },
    /// It has the right state and nothing else.
    #[error("the answer has no `code`")]
    NoCode,
}

/// Reads the address that a browser was sent back to: a whole one, or from its path on.
pub fn parse_redirect(address: &str, state: &ConsentState) -> Result<Redirected, RedirectError> {
    let whole = if address.starts_with('/') {
        Url::parse("http://localhost").ok().and_then(|base| base.join(address).ok())
    } else {
        Url::parse(address).ok()
    };
    let url = whole.ok_or(RedirectError::NotAnAddress)?;
    let value = |wanted: &str| {
        let mut pairs = url.query_pairs().filter(|(key, _)| key == wanted);
        let first = pairs.next().map(|(_, value)| value.into_owned());
        // Of two values nobody knows which one counts.
        first.filter(|value| pairs.next().is_none() && !value.is_empty())
    };
    if !value("state").is_some_and(|theirs| state.is(&theirs)) {
        return Err(RedirectError::OtherState);
    }
    if let Some(error) = value("error") {
        let plain = |text: String| text.chars().take(300).collect();
        let description = value("error_description").map(plain);
        return Err(RedirectError::Refused { error: plain(error), description });
    }
    let code = value("code").ok_or(RedirectError::NoCode)?;
    let (business_id, business_name) = (value("businessId"), value("businessName"));
    Ok(Redirected { code, business_id, business_name })
}

/// Tokens that were given for a consent. Its `Debug` form does not show them.
#[derive(Clone)]
pub struct GivenTokens {
    /// The refresh token.
    pub refresh: String,
    /// The access token.
    pub access: SecretString,
    /// How long it still lasts.
    pub rest: Duration,
}

impl fmt::Debug for GivenTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GivenTokens").field("rest", &self.rest).finish_non_exhaustive()
    }
}

/// Why no tokens were given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GivenError {
    /// MYOB does not take what we sent.
    #[error("MYOB gives no tokens for this consent: {0}")]
    Refused(String),
    /// MYOB does not take the key.
    #[error(
        "MYOB refuses the API key or its secret: {0}; check `ledger.api_key` and `ledger.api_secret`"
    )]
    NotOurs(String),
    /// There is no answer, or none that can be read.
    #[error("the tokens did not come: {0}")]
    Unavailable(String),
}

impl Consents {
    /// The way to a consent; nobody is asked yet.
    pub fn new(options: ConsentOptions, clock: Arc<dyn Clock>) -> Result<Self, SetupError> {
        let base = crate::url("ledger.base_url", &options.base_url)?;
        let clients = Clients::new(&base, CALL_MAX)?;
        Ok(Self {
            endpoint: TokenEndpoint {
                client: clients.reader.clone(),
                url: crate::url("ledger.token_url", &options.token_url)?,
                key: options.api_key.clone(),
                secret: options.api_secret,
                clock: Arc::clone(&clock),
            },
            files: FilesClient { client: clients.reader, base, key: options.api_key },
            authorize: crate::url("ledger.authorize_url", &options.authorize_url)?,
            redirect: options.redirect_uri,
            scopes: options.scopes,
            clock,
        })
    }

    /// Where a person consents.
    pub fn address(&self, state: &ConsentState) -> String {
        let mut url = self.authorize.clone();
        url.query_pairs_mut()
            .append_pair("client_id", self.endpoint.key.expose_secret())
            .append_pair("redirect_uri", &self.redirect)
            .append_pair("response_type", "code")
            .append_pair("scope", &self.scopes)
            // Without it MYOB does not always say which business it was.
            .append_pair("prompt", "consent")
            .append_pair("state", &state.0);
        url.to_string()
    }

    /// The tokens for a code, which is good once: what goes unanswered is not asked again.
    pub async fn tokens(&self, code: &str) -> Result<GivenTokens, GivenError> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", self.redirect.as_str()),
            ("scope", self.scopes.as_str()),
        ];
        let granted = match self.endpoint.once(&form, code).await {
            Ok(Grant::Granted(granted)) => granted,
            Ok(Grant::Refused(why)) => return Err(GivenError::Refused(why)),
            Ok(Grant::NotOurs(why)) => return Err(GivenError::NotOurs(why)),
            Err(why) => return Err(GivenError::Unavailable(why)),
        };
        if granted.refresh == code {
            let why = "MYOB's answer has no refresh token".to_owned();
            return Err(GivenError::Refused(why));
        }
        let rest = granted.ends.saturating_sub(self.clock.boot());
        Ok(GivenTokens { refresh: granted.refresh, access: granted.access, rest })
    }

    /// The company files that this login has, where MYOB still lists them.
    pub async fn company_files(
        &self,
        access: &SecretString,
    ) -> Result<Vec<CompanyFileListed>, String> {
        self.files.list(access).await.map_err(NoList::words)
    }
}

#[cfg(test)]
mod tests;
