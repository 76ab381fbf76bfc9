//! The call that turns a refresh token into an access token and the next refresh token.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use postonce_ports::clock::Clock;
use reqwest::{Client, Url};
use secrecy::{ExposeSecret, SecretString};

use crate::api::scrub;
use crate::http::{Answer, describe, read};
use crate::json::Object;

/// How often the call is made if it goes unanswered. A lost answer may have rotated the token; a
/// second call then shows it by `invalid_grant`.
const TRIES_MAX: u32 = 3;

/// The first wait between two tries; it doubles.
const WAIT: Duration = Duration::from_millis(500);

/// How long one call may take, answer included.
const CALL_MAX: Duration = Duration::from_secs(20);

/// What a token without a readable `expires_in` is taken to last.
const LIFE_IF_UNSAID: Duration = Duration::from_secs(300);

/// Where tokens are given out, and who asks.
pub(crate) struct TokenEndpoint {
    pub(crate) client: Client,
    pub(crate) url: Url,
    pub(crate) key: SecretString,
    pub(crate) secret: SecretString,
    pub(crate) clock: Arc<dyn Clock>,
}

/// What the endpoint said.
pub(crate) enum Grant {
    Granted(Granted),
    /// The refresh token does not count (any more).
    Refused(String),
    /// The API key or its secret does not count.
    NotOurs(String),
}

/// New tokens.
pub(crate) struct Granted {
    pub(crate) access: SecretString,
    /// By boot time.
    pub(crate) ends: Duration,
    /// The old one, if it does not rotate.
    pub(crate) refresh: String,
}

impl TokenEndpoint {
    /// Asks for an access token. The error is in words: nobody answered, or not readably.
    pub(crate) async fn refresh(&self, token: &str) -> Result<Grant, String> {
        let mut wait = WAIT;
        let mut tried = 1;
        loop {
            let asked = self.clock.boot();
            let why = match self.ask(token).await {
                Ok(answer) if answer.status < 500 && answer.status != 429 => {
                    return self.understand(&answer, asked, token);
                }
                Ok(answer) => format!("it answered {}", answer.status),
                Err(why) => why,
            };
            if tried == TRIES_MAX {
                return Err(format!("no access token could be got: {why}"));
            }
            tried += 1;
            self.clock.sleep(wait).await;
            wait *= 2;
        }
    }

    /// Sends a form once. `old` is the secret in it, which nobody is to read in an answer.
    pub(crate) async fn once(&self, form: &[(&str, &str)], old: &str) -> Result<Grant, String> {
        let asked = self.clock.boot();
        let answer = self.send(form).await?;
        if answer.status >= 500 || answer.status == 429 {
            return Err(format!("it answered {}", answer.status));
        }
        self.understand(&answer, asked, old)
    }

    async fn ask(&self, token: &str) -> Result<Answer, String> {
        self.send(&[("refresh_token", token), ("grant_type", "refresh_token")]).await
    }

    async fn send(&self, fields: &[(&str, &str)]) -> Result<Answer, String> {
        let id = ("client_id", self.key.expose_secret());
        let secret = ("client_secret", self.secret.expose_secret());
        let form = [&[id, secret], fields].concat();
        let request = self.client.post(self.url.clone()).form(&form).timeout(CALL_MAX);
        let response = request.send().await.map_err(|error| describe(&error))?;
        let answer = read(response).await;
        if let Err(why) = &answer.body {
            return Err(format!("its answer broke: {why}"));
        }
        Ok(answer)
    }

    fn understand(&self, answer: &Answer, asked: Duration, old: &str) -> Result<Grant, String> {
        let body = answer.body.as_deref().unwrap_or_default();
        let object = Object::parse(body);
        if answer.status == 200 {
            let granted = object.as_ref().and_then(|object| grant(object, asked, old));
            let unreadable = || "the answer with the access token cannot be read".to_owned();
            return granted.map(Grant::Granted).ok_or_else(unreadable);
        }
        let said = |key| object.as_ref().and_then(|object| object.text(key));
        let error = said("error").unwrap_or_default();
        let why = match said("error_description") {
            Some(description) if !error.is_empty() => format!("{error}: {description}"),
            Some(_) | None if error.is_empty() => format!("it answered {}", answer.status),
            Some(_) | None => error.clone(),
        };
        // What people are shown never repeats what we sent.
        let why = scrub(why, &[old, self.key.expose_secret(), self.secret.expose_secret()]);
        let why: String = why.chars().take(300).collect();
        match (answer.status, error.as_str()) {
            (_, "invalid_grant") => Ok(Grant::Refused(why)),
            (_, "invalid_client" | "unauthorized_client") | (401 | 403, _) => {
                Ok(Grant::NotOurs(why))
            }
            (_, _) => Err(format!("no access token could be got: {why}")),
        }
    }
}

pub(crate) fn grant(object: &Object, asked: Duration, old: &str) -> Option<Granted> {
    let access = object.text("access_token").filter(|access| !access.is_empty())?;
    // A number at some times, a string at others.
    let seconds = object.text_or_number("expires_in").and_then(|seconds| seconds.parse().ok());
    let life = seconds.map_or(LIFE_IF_UNSAID, Duration::from_secs);
    let refresh = object.text("refresh_token").filter(|refresh| !refresh.is_empty());
    Some(Granted {
        access: access.into(),
        ends: asked.saturating_add(life),
        refresh: refresh.unwrap_or_else(|| old.to_owned()),
    })
}

impl fmt::Debug for TokenEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenEndpoint").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}
