//! The list of company files, which MYOB shows to older API keys alone.

use http::header::ACCEPT;
use postonce_domain::CompanyFile;
use postonce_ports::ledger::LedgerError;
use reqwest::{Client, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::value::RawValue;

use crate::MyobLedger;
use crate::api::{scrub, unavailable};
use crate::classify::said;
use crate::http::{Answer, describe, is_loopback, read};
use crate::json::Object;
use crate::refusal::{RateLimit, Refusal};

/// A company file as MYOB lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompanyFileListed {
    /// Its id, which is the business id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where its books are: the API's address without the id, if the list says so and it may be
    /// trusted with a token.
    pub base_url: Option<String>,
}

/// Who asks for the list.
#[derive(Debug)]
pub(crate) struct FilesClient {
    pub(crate) client: Client,
    pub(crate) base: Url,
    pub(crate) key: SecretString,
}

/// Why there is no list.
#[derive(Debug)]
pub(crate) enum NoList {
    /// Another access token may help.
    Unauthorised(String),
    /// This key gets none.
    Refused(String),
    /// Nobody answered, or not readably.
    Unavailable(String),
}

impl NoList {
    pub(crate) fn words(self) -> String {
        match self {
            Self::Unauthorised(why) | Self::Refused(why) => {
                format!("{why}; MYOB lists no company files to newer API keys")
            }
            Self::Unavailable(why) => why,
        }
    }
}

impl FilesClient {
    pub(crate) async fn list(
        &self,
        access: &SecretString,
    ) -> Result<Vec<CompanyFileListed>, NoList> {
        let asked = self
            .client
            .get(self.base.clone())
            .bearer_auth(access.expose_secret())
            .header("x-myobapi-key", self.key.expose_secret())
            .header("x-myobapi-version", "v2")
            .header(ACCEPT, "application/json");
        let answer = match asked.send().await {
            Ok(response) => read(response).await,
            Err(error) => return Err(NoList::Unavailable(describe(&error))),
        };
        self.understand(&answer, access)
    }

    fn understand(
        &self,
        answer: &Answer,
        access: &SecretString,
    ) -> Result<Vec<CompanyFileListed>, NoList> {
        let body = match &answer.body {
            Ok(body) => body,
            Err(why) => return Err(NoList::Unavailable(said(answer, why))),
        };
        let words = said(answer, &Refusal::words(&Refusal::any(body)));
        let words = scrub(words, &[self.key.expose_secret(), access.expose_secret()]);
        match answer.status {
            _ if RateLimit::of(answer).is_some() => Err(NoList::Unavailable(words)),
            200 => read_files(body, &self.base).ok_or_else(|| {
                NoList::Unavailable(said(answer, "a list of company files that cannot be read"))
            }),
            401 => Err(NoList::Unauthorised(words)),
            403 | 404 => Err(NoList::Refused(words)),
            _ => Err(NoList::Unavailable(words)),
        }
    }
}

/// The files of a bare list; `None` if it is anything else.
fn read_files(body: &str, base: &Url) -> Option<Vec<CompanyFileListed>> {
    let items: Vec<Box<RawValue>> =
        serde_json::from_str(body.trim_start_matches('\u{feff}')).ok()?;
    let file = |item: &RawValue| {
        let item = Object::parse(item.get())?;
        let id = item.text("Id")?;
        let uri = item.text("Uri").and_then(|uri| base_of(&uri, &id, base));
        Some(CompanyFileListed { name: item.text("Name").unwrap_or_default(), base_url: uri, id })
    };
    items.iter().map(|item| file(item)).collect()
}

/// The address before the id, if it is another than `base` and a token may go there.
fn base_of(uri: &str, id: &str, base: &Url) -> Option<String> {
    let stem = uri.trim_end_matches('/').strip_suffix(id)?.trim_end_matches('/');
    let url = Url::parse(stem).ok().filter(|url| may_have_tokens(url, base))?;
    (url != *base).then(|| stem.to_owned())
}

/// Whether tokens may go to `url`, if the API is at `base`: to MYOB over TLS, or on this machine if
/// the API is.
pub(crate) fn may_have_tokens(url: &Url, base: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let is_myob = url.scheme() == "https" && (host == "myob.com" || host.ends_with(".myob.com"));
    let plain = url.username().is_empty() && url.password().is_none();
    let here = is_loopback(base) && is_loopback(url);
    plain && (is_myob || here || url.origin() == base.origin())
}

impl MyobLedger {
    /// The company files that the login of `via` has, where MYOB still lists them.
    pub async fn company_files(
        &self,
        via: &CompanyFile,
    ) -> Result<Vec<CompanyFileListed>, LedgerError> {
        let client = self.api.files_client();
        let mut again = true;
        loop {
            let token = self.api.ready(via).await?;
            match client.list(&token.secret).await {
                Ok(files) => return Ok(files),
                Err(NoList::Unauthorised(_)) if again => {
                    again = false;
                    self.api.tokens.forget(via, &token);
                }
                Err(NoList::Unavailable(why)) => return Err(unavailable(why)),
                Err(refused) => {
                    return Err(LedgerError::NotAuthorised { message: refused.words() });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
