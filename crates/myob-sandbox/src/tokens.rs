//! OAuth codes and tokens that were given out.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::clock::Millis;

/// How long an access token counts: 20 minutes, as MYOB's.
pub(crate) const ACCESS_SECONDS: i64 = 1200;

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
}

/// What counts now.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    access: HashMap<String, Millis>,
    refresh: HashSet<String>,
    codes: HashMap<String, String>,
}

impl Tokens {
    /// Enters a grant; what it used up is dead from here on.
    pub(crate) fn grant(&mut self, grant: Grant) {
        // Tokens that ran out before this grant was made are of no use any more.
        let made = grant.expires - ACCESS_SECONDS * 1000;
        self.access.retain(|_, expires| *expires > made);
        if let Some(spent) = &grant.spent {
            self.refresh.remove(spent);
            self.codes.remove(spent);
        }
        self.access.insert(grant.access, grant.expires);
        self.refresh.insert(grant.refresh);
    }

    /// Enters a code that was given for a redirect address.
    pub(crate) fn code(&mut self, code: String, redirect: String) {
        self.codes.insert(code, redirect);
    }

    /// Whether `token` counts at `now`.
    pub(crate) fn is_access(&self, token: &str, now: Millis) -> bool {
        self.access.get(token).is_some_and(|expires| now < *expires)
    }

    /// Whether `token` can be used for a new grant.
    pub(crate) fn is_refresh(&self, token: &str) -> bool {
        token == EVERGREEN || self.refresh.contains(token)
    }

    /// The redirect address that `code` was given for.
    pub(crate) fn redirect_of(&self, code: &str) -> Option<&str> {
        self.codes.get(code).map(String::as_str)
    }
}
