//! Access tokens: got by refresh tokens that rotate, one refresh at a time for each company file.
//!
//! **Invariant:** a rotated refresh token is on record before the access token that came with it
//! is used. A process that dies in between has lost an access token, never the way in.
//!
//! The steps are documented at
//! <https://developer.myob.com/api/myob-business-api/api-overview/authentication/>.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use postonce_domain::{CompanyFile, QuietParts};
use postonce_ports::clock::Clock;
use postonce_ports::error::StoreError;
use postonce_ports::ledger::LedgerError;
use postonce_ports::token::{RefreshToken, Rotated, TokenStore};
use secrecy::{ExposeSecret, SecretString};

use crate::per_file::PerFile;
use crate::token_endpoint::{Grant, Granted, TokenEndpoint};

/// How long before its end an access token no longer counts; then it lasts for the send window.
const EARLY: Duration = Duration::from_secs(60);

/// How often a refresh is begun again because another process rotated in between.
const ROUNDS_MAX: usize = 4;

/// How long to wait for another process to put its rotated token on record.
const OTHERS_ROTATION: Duration = Duration::from_secs(2);

/// An access token and the boot time at which it ends.
#[derive(Clone)]
pub(crate) struct AccessToken {
    pub(crate) secret: SecretString,
    ends: Duration,
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken").field("ends", &self.ends).finish_non_exhaustive()
    }
}

/// What is known of one company file's tokens.
#[derive(Debug, Default)]
struct Known {
    access: Mutex<Option<AccessToken>>,
    /// Held during a refresh; keeps what MYOB has given and the store has not taken yet.
    refreshing: tokio::sync::Mutex<Option<Unsaved>>,
}

/// A rotated token that is not on record yet. The token before it may be dead already.
struct Unsaved {
    version: i64,
    granted: Granted,
}

impl fmt::Debug for Unsaved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unsaved").field("version", &self.version).finish_non_exhaustive()
    }
}

/// The access tokens of all company files.
pub(crate) struct Tokens {
    endpoint: TokenEndpoint,
    store: Arc<dyn TokenStore>,
    clock: Arc<dyn Clock>,
    files: PerFile<Known>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// What one try with one refresh token came to.
enum Tried {
    Access(AccessToken),
    /// Another process was faster.
    Overtaken(RefreshToken),
    /// MYOB does not know the refresh token (any more).
    Refused(String),
}

impl Tokens {
    pub(crate) fn new(
        endpoint: TokenEndpoint,
        store: Arc<dyn TokenStore>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { endpoint, store, clock, files: PerFile::default() }
    }

    /// The token at hand, if it has not ended. Asks nobody.
    pub(crate) fn at_hand(&self, file: &CompanyFile) -> Option<AccessToken> {
        self.cached(&self.files.of(file), Duration::ZERO)
    }

    /// A token that lasts for the send window, refreshed if need be. `seed` is the configured
    /// refresh token.
    pub(crate) async fn fresh(
        &self,
        file: &CompanyFile,
        seed: Option<&SecretString>,
    ) -> Result<AccessToken, LedgerError> {
        let known = self.files.of(file);
        let enough = EARLY + QuietParts::SEND_WINDOW;
        if let Some(token) = self.cached(&known, enough) {
            return Ok(token);
        }
        let mut unsaved = known.refreshing.lock().await;
        // Somebody may have refreshed while we waited.
        if let Some(token) = self.cached(&known, enough) {
            return Ok(token);
        }
        let token = self.refresh(file, seed, &mut unsaved).await?;
        *known.access.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
        Ok(token)
    }

    /// Forgets `refused`, unless another has taken its place.
    pub(crate) fn forget(&self, file: &CompanyFile, refused: &AccessToken) {
        let known = self.files.of(file);
        let mut access = known.access.lock().unwrap_or_else(PoisonError::into_inner);
        let same =
            |token: &AccessToken| token.secret.expose_secret() == refused.secret.expose_secret();
        if access.as_ref().is_some_and(same) {
            *access = None;
        }
    }

    fn cached(&self, known: &Known, rest: Duration) -> Option<AccessToken> {
        let access = known.access.lock().unwrap_or_else(PoisonError::into_inner);
        access.clone().filter(|token| token.ends > self.clock.boot() + rest)
    }

    async fn refresh(
        &self,
        file: &CompanyFile,
        seed: Option<&SecretString>,
        unsaved: &mut Option<Unsaved>,
    ) -> Result<AccessToken, LedgerError> {
        if let Some(left) = unsaved.take()
            && let Tried::Access(token) = self.save(file, left, unsaved).await?
        {
            return Ok(token);
        }
        let stored = self.store.token(file).await.map_err(store_trouble)?;
        let mut next = stored.or_else(|| seed.map(first_token)).ok_or_else(|| {
            not_authorised(format!(
                "there is no refresh token for company file {file}; set `ledger.refresh_token`"
            ))
        })?;
        let mut seed_is_left = true;
        for _ in 0..ROUNDS_MAX {
            match self.try_with(file, &next, unsaved).await? {
                Tried::Access(token) => return Ok(token),
                Tried::Overtaken(theirs) => next = theirs,
                Tried::Refused(why) => {
                    let other = self.other_than(file, &next, seed.filter(|_| seed_is_left)).await?;
                    let Some((other, is_seed)) = other else { return Err(refused(file, &why)) };
                    seed_is_left = seed_is_left && !is_seed;
                    next = other;
                }
            }
        }
        Err(unavailable(format!(
            "the tokens of company file {file} rotate faster than we can read"
        )))
    }

    async fn try_with(
        &self,
        file: &CompanyFile,
        token: &RefreshToken,
        unsaved: &mut Option<Unsaved>,
    ) -> Result<Tried, LedgerError> {
        match self.endpoint.refresh(&token.secret).await.map_err(unavailable)? {
            Grant::Refused(why) => Ok(Tried::Refused(why)),
            Grant::NotOurs(why) => Err(not_authorised(format!(
                "MYOB refuses the API key or its secret: {why}; check `ledger.api_key` and \
                 `ledger.api_secret`"
            ))),
            Grant::Granted(granted) if granted.refresh == token.secret => {
                Ok(Tried::Access(AccessToken { secret: granted.access, ends: granted.ends }))
            }
            Grant::Granted(granted) => {
                self.save(file, Unsaved { version: token.version, granted }, unsaved).await
            }
        }
    }

    /// Puts the rotated token on record; if the store fails, keeps it for the next call.
    async fn save(
        &self,
        file: &CompanyFile,
        rotated: Unsaved,
        unsaved: &mut Option<Unsaved>,
    ) -> Result<Tried, LedgerError> {
        let Unsaved { version, granted } = &rotated;
        let (version, secret) = (*version, granted.refresh.clone());
        let token = AccessToken { secret: granted.access.clone(), ends: granted.ends };
        // Kept first: this future may be dropped while the store works.
        *unsaved = Some(rotated);
        let answer = self.store.rotate(file, version, &secret).await.map_err(store_trouble)?;
        *unsaved = None;
        Ok(match answer {
            Rotated::Stored(_) => Tried::Access(token),
            // After a store error our own write may have been done after all.
            Rotated::Overtaken(theirs) if theirs.secret == secret => Tried::Access(token),
            Rotated::Overtaken(theirs) => Tried::Overtaken(theirs),
        })
    }

    /// A refresh token other than the refused one: what another process has put on record by now,
    /// or else the configured one, which may be newer (and whether it is that one).
    async fn other_than(
        &self,
        file: &CompanyFile,
        refused: &RefreshToken,
        seed: Option<&SecretString>,
    ) -> Result<Option<(RefreshToken, bool)>, LedgerError> {
        // It may have used the old token and not have put the new one on record yet.
        self.clock.sleep(OTHERS_ROTATION).await;
        let stored = self.store.token(file).await.map_err(store_trouble)?;
        let version = stored.as_ref().map_or(0, |stored| stored.version);
        let newer = |stored: &RefreshToken| {
            stored.version > refused.version && stored.secret != refused.secret
        };
        if let Some(stored) = stored.filter(newer) {
            return Ok(Some((stored, false)));
        }
        let seed = seed.map(|seed| RefreshToken { version, ..first_token(seed) });
        Ok(seed.filter(|seed| seed.secret != refused.secret).map(|seed| (seed, true)))
    }
}

fn first_token(seed: &SecretString) -> RefreshToken {
    RefreshToken { secret: seed.expose_secret().to_owned(), version: 0 }
}

fn refused(file: &CompanyFile, why: &str) -> LedgerError {
    not_authorised(format!(
        "MYOB does not accept the refresh token of company file {file}: {why}; set \
         `ledger.refresh_token` to a new one"
    ))
}

fn not_authorised(message: String) -> LedgerError {
    LedgerError::NotAuthorised { message }
}

fn unavailable(message: String) -> LedgerError {
    LedgerError::Unavailable { message, source: None }
}

/// The ledger cannot be used without the store.
pub(crate) fn store_trouble(error: StoreError) -> LedgerError {
    let message = "our own database is needed for it and did not answer".to_owned();
    LedgerError::Unavailable { message, source: Some(Box::new(error)) }
}

#[cfg(test)]
mod tests;
