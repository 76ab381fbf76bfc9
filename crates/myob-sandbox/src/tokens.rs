//! OAuth codes and tokens that were given out.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::clock::Millis;

/// How long the access token of a grant counted that does not say when it was made.
const ACCESS_MS: Millis = 1_200_000;

/// The refresh token that is valid any number of times; also the API key and the secret.
pub(crate) const EVERGREEN: &str = "sandbox";

/// An access token with its refresh token, and what it was given for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Grant {
    pub(crate) access: String,
    pub(crate) refresh: String,
    /// When the access token stops to count, by the sandbox clock.
    pub(crate) expires: Millis,
    /// The code or refresh token that is used up by it.
    pub(crate) spent: Option<String>,
    /// When it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) made: Option<Millis>,
    /// When the refresh token stops to count; never if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) refresh_expires: Option<Millis>,
    /// Until when what is used up still counts; at once if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) spent_until: Option<Millis>,
    #[serde(default, skip_serializing_if = "Scope::is_everything")]
    pub(crate) scope: Scope,
}

/// What was consented to: names with blanks between them, or everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Scope(pub(crate) Option<String>);

impl Scope {
    fn is_everything(&self) -> bool {
        self.0.is_none()
    }
}

/// A code that waits to be used.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Code {
    #[serde(rename = "code")]
    pub(crate) text: String,
    /// The redirect address that it was given for.
    pub(crate) redirect: String,
    #[serde(default, skip_serializing_if = "Scope::is_everything")]
    pub(crate) scope: Scope,
}

/// A token that counts until some time, for some scopes.
#[derive(Clone, Debug)]
struct Token {
    until: Option<Millis>,
    scope: Scope,
}

/// What counts now.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    access: HashMap<String, Token>,
    refresh: HashMap<String, Token>,
    codes: HashMap<String, Code>,
    /// Whether the consent was taken back and not given anew.
    revoked: bool,
}

impl Token {
    fn counts(&self, now: Millis) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

impl Tokens {
    /// Enters a grant; what it used up is dead from here on, or from its time on.
    pub(crate) fn grant(&mut self, grant: Grant) {
        // Tokens that ran out before this grant was made are of no use any more.
        let made = grant.made.unwrap_or(grant.expires - ACCESS_MS);
        self.access.retain(|_, token| token.counts(made));
        self.refresh.retain(|_, token| token.counts(made));
        if let Some(spent) = &grant.spent {
            if self.codes.remove(spent).is_some() {
                self.revoked = false;
            }
            if let Some(until) = grant.spent_until
                && let Some(token) = self.refresh.get_mut(spent)
            {
                token.until = Some(token.until.map_or(until, |earlier| earlier.min(until)));
            } else {
                self.refresh.remove(spent);
            }
        }
        let token = |until| Token { until, scope: grant.scope.clone() };
        self.access.insert(grant.access, token(Some(grant.expires)));
        // A token that is given again keeps the life that it had.
        self.refresh.entry(grant.refresh).or_insert_with(|| token(grant.refresh_expires));
    }

    /// Ends all access tokens.
    pub(crate) fn expire(&mut self) {
        self.access.clear();
    }

    /// Ends all refresh tokens and codes; the evergreen one until somebody consents anew.
    pub(crate) fn revoke(&mut self) {
        self.refresh.clear();
        self.codes.clear();
        self.revoked = true;
    }

    /// Lets the evergreen token count again.
    pub(crate) fn consent(&mut self) {
        self.revoked = false;
    }

    /// Enters a code.
    pub(crate) fn code(&mut self, code: Code) {
        self.codes.insert(code.text.clone(), code);
    }

    /// The scope of an access token that counts at `now`.
    pub(crate) fn access(&self, token: &str, now: Millis) -> Option<&Scope> {
        let token = self.access.get(token).filter(|token| token.counts(now))?;
        Some(&token.scope)
    }

    /// The scope of a refresh token that can be used for a new grant at `now`.
    pub(crate) fn refresh(&self, token: &str, now: Millis) -> Option<Scope> {
        if token == EVERGREEN && !self.revoked {
            return Some(Scope::default());
        }
        let token = self.refresh.get(token).filter(|token| token.counts(now))?;
        Some(token.scope.clone())
    }

    /// A code with what it was given for.
    pub(crate) fn code_given(&self, code: &str) -> Option<&Code> {
        self.codes.get(code)
    }
}
