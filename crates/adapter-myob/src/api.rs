//! Requests to the API of one company file: headers, rate, access tokens, retries of reads.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use http::header::{ACCEPT, CONTENT_TYPE};
use postonce_domain::{CompanyFile, NotAfter, Outcome};
use postonce_ports::clock::Clock;
use postonce_ports::ledger::LedgerError;
use reqwest::{Client, RequestBuilder, Url};
use secrecy::{ExposeSecret, SecretString};

use crate::files::FilesClient;
use crate::http::{Answer, Clients, Sent, describe, read, send_once};
use crate::json::Object;
use crate::odata::escaped;
use crate::rate::Rate;
use crate::reading::{Reading, reading};
use crate::refusal::RateLimit;
use crate::tokens::{AccessToken, Tokens};

/// How often a read is tried.
const TRIES_MAX: u32 = 4;

/// The first wait between two tries; it doubles.
const WAIT: Duration = Duration::from_millis(500);

/// How long a read that the ledger refuses as one too many is tried again.
const LIMITED_MAX: Duration = Duration::from_secs(60);

/// The most pages of one list; 400 records stand on a page.
const PAGES_MAX: usize = 20;

/// The API, for all company files.
pub(crate) struct Api {
    pub(crate) base: Url,
    pub(crate) clients: Clients,
    pub(crate) key: SecretString,
    pub(crate) files: BTreeMap<CompanyFile, FileAccess>,
    pub(crate) refresh_token: Option<SecretString>,
    pub(crate) unlisted_is_own_id: bool,
    pub(crate) tokens: Tokens,
    pub(crate) rate: Arc<Rate>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// How one company file is reached.
pub(crate) struct FileAccess {
    pub(crate) business_id: String,
    pub(crate) refresh_token: Option<SecretString>,
    /// Where its books are, if not where all are.
    pub(crate) base: Option<Url>,
    /// What `x-myobapi-cftoken` is to be, if the file asks for it.
    pub(crate) cftoken: Option<SecretString>,
    /// The password within, which no message may repeat either.
    pub(crate) password: Option<SecretString>,
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

impl Api {
    /// MYOB's id of the file; `None` if it is not known.
    pub(crate) fn business_id<'a>(&'a self, file: &'a CompanyFile) -> Option<&'a str> {
        match self.files.get(file) {
            Some(access) => Some(&access.business_id),
            None => self.unlisted_is_own_id.then(|| file.as_str()),
        }
    }

    fn base(&self, file: &CompanyFile) -> &Url {
        let own = self.files.get(file).and_then(|access| access.base.as_ref());
        own.unwrap_or(&self.base)
    }

    /// Who asks for the list of company files.
    pub(crate) fn files_client(&self) -> FilesClient {
        let (client, base) = (self.clients.reader.clone(), self.base.clone());
        FilesClient { client, base, key: self.key.clone() }
    }

    /// The path of the file's resource `path`, without the leading address.
    pub(crate) fn route(&self, file: &CompanyFile, path: &str) -> Option<String> {
        let business = escaped(self.business_id(file)?);
        Some(if path.is_empty() { business } else { format!("{business}/{path}") })
    }

    /// Waits until a request may go out at once: a place in the rate, then a fresh token.
    pub(crate) async fn ready(&self, file: &CompanyFile) -> Result<AccessToken, LedgerError> {
        self.rate.take().await?;
        self.fresh_token(file).await
    }

    async fn fresh_token(&self, file: &CompanyFile) -> Result<AccessToken, LedgerError> {
        let own = self.files.get(file).and_then(|access| access.refresh_token.as_ref());
        self.tokens.fresh(file, own.or(self.refresh_token.as_ref())).await
    }

    /// Sends a POST, once, with the token at hand. No waiting: whoever calls it is
    /// [`ready`](Self::ready).
    pub(crate) async fn post_once(
        &self,
        token: &AccessToken,
        (file, route): (&CompanyFile, &str),
        payload: String,
        not_after: NotAfter,
    ) -> Sent {
        let Some(url) = self.url(file, &format!("{route}?returnBody=true")) else {
            return Sent::NoConnection { why: format!("`{route}` makes no address") };
        };
        let request = self
            .request(&self.clients.poster, Method::POST, url, (file, token))
            .header(CONTENT_TYPE, "application/json");
        let sent = send_once(request, payload, not_after, &self.clock).await;
        if let Sent::Answered(answer) = &sent {
            match RateLimit::of(answer) {
                Some(mut limit) => {
                    limit.why = scrub(limit.why, &self.secrets(token));
                    self.rate.refused(&limit);
                }
                None => self.rate.taken(),
            }
        }
        sent
    }

    /// Reads a resource of the file; `None` if there is no such one.
    pub(crate) async fn get(
        &self,
        file: &CompanyFile,
        path: &str,
    ) -> Result<Option<Object>, LedgerError> {
        let url = self.route(file, path).ok_or_else(|| unknown(file))?;
        let url =
            self.url(file, &url).ok_or_else(|| unavailable(format!("`{url}` is no address")))?;
        self.get_url(file, url).await
    }

    /// Every record of a list, all its pages.
    pub(crate) async fn list(
        &self,
        file: &CompanyFile,
        path: &str,
    ) -> Result<Vec<Object>, LedgerError> {
        let mut records = Vec::new();
        let resource = path.split('?').next().unwrap_or_default();
        let mut next: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let (items, link) = self.page(file, path, next.as_deref()).await?;
            records.extend(items);
            next = link;
            if next.is_none() {
                return Ok(records);
            }
        }
        Err(unavailable(format!("the list {resource} has more than {PAGES_MAX} pages")))
    }

    /// A page of a list, the first one or that of a link, and the link to the next.
    pub(crate) async fn page(
        &self,
        file: &CompanyFile,
        path: &str,
        link: Option<&str>,
    ) -> Result<(Vec<Object>, Option<String>), LedgerError> {
        let resource = path.split('?').next().unwrap_or_default();
        let page = match link {
            None => self.get(file, path).await?,
            Some(link) => self.get_url(file, self.same_origin(file, link)?).await?,
        };
        let Some(found) = page else { return Err(self.no_list(file, resource).await) };
        page_of(&found)
            .map_err(|why| unavailable(format!("a page of {resource} cannot be read: {why}")))
    }

    /// Why a list is not there: the whole company file may not be.
    pub(crate) async fn no_list(&self, file: &CompanyFile, resource: &str) -> LedgerError {
        match self.get(file, "").await {
            Ok(Some(_)) => unavailable(format!("MYOB has no list {resource} in this file")),
            Ok(None) => self.no_business(file),
            Err(error) => error,
        }
    }

    /// MYOB does not know the business. That is this company file's trouble, and no other's.
    pub(crate) fn no_business(&self, file: &CompanyFile) -> LedgerError {
        let business = self.business_id(file).unwrap_or_default();
        let message = format!(
            "MYOB knows no business `{business}`; check `company_file.{file}.business_id`, or \
             connect it by `postonce connect {file}`"
        );
        LedgerError::NotAuthorised { message }
    }

    /// A token goes nowhere but to the API that it is for.
    fn same_origin(&self, file: &CompanyFile, link: &str) -> Result<Url, LedgerError> {
        let base = self.base(file);
        let url = base.join(link).ok().filter(|url| url.origin() == base.origin());
        url.ok_or_else(|| unavailable("the next page lies on another host; not followed".into()))
    }

    async fn get_url(&self, file: &CompanyFile, url: Url) -> Result<Option<Object>, LedgerError> {
        let mut refreshed = false;
        let mut limited_until = None;
        let mut tried = 1;
        let mut wait = WAIT;
        loop {
            let token = self.ready(file).await?;
            let asked =
                self.request(&self.clients.reader, Method::GET, url.clone(), (file, &token));
            let answer: Result<Answer, String> = match asked.send().await {
                Ok(response) => Ok(read(response).await),
                Err(error) => Err(describe(&error)),
            };
            let secrets = self.secrets(&token);
            let host = url.origin().ascii_serialization();
            let about = |why| scrub(format!("GET {host}{}: {why}", url.path()), &secrets);
            let reading = reading(&answer);
            if answer.is_ok() && !matches!(reading, Reading::Limited(_)) {
                self.rate.taken();
            }
            match reading {
                Reading::Found(object) => return Ok(Some(object)),
                Reading::NotThere => return Ok(None),
                Reading::Unauthorised(_) if !refreshed => {
                    refreshed = true;
                    self.tokens.forget(file, &token);
                }
                Reading::Unauthorised(why) | Reading::Denied(why) => {
                    let message = about(format!("{why}; {}", check_access(file)));
                    return Err(LedgerError::NotAuthorised { message });
                }
                Reading::Limited(mut limit) => {
                    limit.why = about(limit.why);
                    self.rate.refused(&limit);
                    let now = self.clock.boot();
                    if now >= *limited_until.get_or_insert(now + LIMITED_MAX) {
                        return Err(unavailable(format!(
                            "{}; it has refused this request for {} seconds: if other programs \
                             use this API key too, lower `ledger.rate_share_percent`",
                            limit.why,
                            LIMITED_MAX.as_secs()
                        )));
                    }
                }
                Reading::Again(why) if tried == TRIES_MAX => return Err(unavailable(about(why))),
                Reading::Again(_) => {
                    tried += 1;
                    self.clock.sleep(wait).await;
                    wait *= 2;
                }
                Reading::Odd(why) => return Err(unavailable(about(why))),
            }
        }
    }

    /// The outcome without the secrets that the request carried, should an answer repeat them.
    pub(crate) fn scrubbed(&self, outcome: Outcome, token: &AccessToken) -> Outcome {
        let secrets = self.secrets(token);
        match outcome {
            Outcome::Posted { .. } => outcome,
            Outcome::Rejected { code, reason } => {
                Outcome::Rejected { code, reason: scrub(reason, &secrets) }
            }
            Outcome::NotSent { cause, reason } => {
                Outcome::NotSent { cause, reason: scrub(reason, &secrets) }
            }
            Outcome::InDoubt { reason } => Outcome::InDoubt { reason: scrub(reason, &secrets) },
        }
    }

    /// What no message may repeat.
    fn secrets<'a>(&'a self, token: &'a AccessToken) -> Vec<&'a str> {
        let files = self.files.values();
        let own = files.flat_map(|access| access.cftoken.iter().chain(&access.password));
        let ours = [&self.key, &token.secret].into_iter();
        ours.chain(own).map(ExposeSecret::expose_secret).collect()
    }

    fn url(&self, file: &CompanyFile, route: &str) -> Option<Url> {
        let base = self.base(file).as_str().trim_end_matches('/');
        Url::parse(&format!("{base}/{route}")).ok()
    }

    // MYOB describes the headers at
    // <https://developer.myob.com/api/myob-business-api/api-overview/headers>.
    fn request(
        &self,
        client: &Client,
        method: Method,
        url: Url,
        (file, token): (&CompanyFile, &AccessToken),
    ) -> RequestBuilder {
        let request = client
            .request(method, url)
            .bearer_auth(token.secret.expose_secret())
            .header("x-myobapi-key", self.key.expose_secret())
            .header("x-myobapi-version", "v2")
            .header(ACCEPT, "application/json");
        match self.files.get(file).and_then(|access| access.cftoken.as_ref()) {
            Some(cftoken) => request.header("x-myobapi-cftoken", cftoken.expose_secret()),
            None => request,
        }
    }
}

/// What a person can do about a company file that does not let us in.
fn check_access(file: &CompanyFile) -> String {
    format!(
        "check that `ledger.api_key` is an active key, that the user who consented (with older keys: \
         `company_file.{file}.cftoken_user`) may open the company file, that `ledger.scopes` has what \
         is asked for, and `company_file.{file}.business_id`; or connect it again by `postonce connect \
         {file}`"
    )
}

/// The records of a page, and the link to the next one.
pub(crate) fn page_of(page: &Object) -> Result<(Vec<Object>, Option<String>), String> {
    let items = page.objects("Items").ok_or_else(|| "it has no `Items`".to_owned())?;
    Ok((items, next_page(page)?))
}

/// The link to the next page; `Err` if there is something that is no link.
fn next_page(page: &Object) -> Result<Option<String>, String> {
    if page.is_null("NextPageLink") {
        return Ok(None);
    }
    let link = page.text("NextPageLink");
    let link = link.ok_or_else(|| "the link to the next page cannot be read".to_owned())?;
    Ok((!link.is_empty()).then_some(link))
}

/// No business is known of the company file.
pub(crate) fn unknown(file: &CompanyFile) -> LedgerError {
    LedgerError::NotAuthorised { message: unknown_text(file) }
}

/// The same, in words.
pub(crate) fn unknown_text(file: &CompanyFile) -> String {
    format!(
        "company file {file} has no business; connect it by `postonce connect {file}`, or set \
         `company_file.{file}.business_id`"
    )
}

/// No answer, or none that can be understood.
pub(crate) fn unavailable(message: String) -> LedgerError {
    LedgerError::Unavailable { message, source: None }
}

/// `text` without `secrets`. Short ones stay: they are test doubles, and words of any sentence.
pub(crate) fn scrub(text: String, secrets: &[&str]) -> String {
    let long = secrets.iter().filter(|secret| secret.len() >= 16);
    long.fold(text, |text, secret| text.replace(secret, "***"))
}
