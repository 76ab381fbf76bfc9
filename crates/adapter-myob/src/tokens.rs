//! Access tokens: got by refresh tokens that rotate, one refresh at a time for each company file,
//! whichever process makes it.
//!
//! **Invariant:** a rotated refresh token is on record before the access token that came with it
//! is used. Between MYOB's answer and the record there is nothing but the writing of it.
//!
//! **Invariant:** a refresh token is used by whoever has the turn in the store, and by nobody else.
//! Turns are leases; one that ran out may overlap with the next. Then the record decides: who was
//! slower takes what the faster one put there, and who is refused waits for it.
//!
//! The steps are documented at
//! <https://developer.myob.com/api/myob-business-api/api-overview/authentication/>.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use postonce_domain::{CompanyFile, QuietParts};
use postonce_ports::access::{Access, AccessStore, Ask, NewTokens, Turn};
use postonce_ports::clock::Clock;
use postonce_ports::error::StoreError;
use postonce_ports::ledger::LedgerError;
use postonce_ports::token::{RefreshToken, Rotated, TokenStore};
use secrecy::{ExposeSecret, SecretString};

use crate::per_file::PerFile;
use crate::sealed::seal_trouble;
use crate::token_endpoint::{Grant, Granted, TokenEndpoint};

/// How long before its end an access token no longer counts; then it lasts for the send window.
const EARLY: Duration = Duration::from_secs(60);

/// How often a refresh is begun again because another process was faster.
const ROUNDS_MAX: usize = 4;

/// How long others leave a company file's tokens to whoever refreshes them: longer than all tries of
/// the endpoint and the wait after a refusal. A process that is killed at it holds the others up for
/// this long.
const LEASE: Duration = Duration::from_secs(90);

/// How long to wait for others to refresh, in all.
const OTHERS_TURN_MAX: Duration = Duration::from_secs(120);

/// The time between two looks at what others do.
const LOOK: Duration = Duration::from_millis(200);

/// How long to wait for another process to put its rotated token on record.
const OTHERS_ROTATION: Duration = Duration::from_secs(2);

/// The same if its turn ran out without a word; within our own.
const LATE_ROTATION: Duration = Duration::from_secs(20);

/// How often tokens that MYOB gave are written, if the store fails: for about eight seconds.
const WRITES_MAX: u32 = 6;

/// The first wait between two writes; it doubles.
const WRITE_PAUSE: Duration = Duration::from_millis(250);

/// An access token, the boot time at which it ends, and the refresh token that came with it.
#[derive(Clone)]
pub(crate) struct AccessToken {
    pub(crate) secret: SecretString,
    ends: Duration,
    version: i64,
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
    /// The version of an access token that MYOB refused, until the store has been told.
    refused: Mutex<Option<i64>>,
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

/// Where tokens are kept, and by what name we are known there.
pub(crate) struct Records {
    pub(crate) tokens: Arc<dyn TokenStore>,
    pub(crate) access: Arc<dyn AccessStore>,
    pub(crate) me: String,
}

/// The access tokens of all company files.
pub(crate) struct Tokens {
    endpoint: TokenEndpoint,
    records: Records,
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
    Overtaken,
    /// MYOB does not know the refresh token (any more).
    Refused(String),
}

impl Tokens {
    pub(crate) fn new(endpoint: TokenEndpoint, records: Records, clock: Arc<dyn Clock>) -> Self {
        Self { endpoint, records, clock, files: PerFile::default() }
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
        let token = self.refresh(file, &known, seed, &mut unsaved).await?;
        *known.access.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
        Ok(token)
    }

    /// Forgets `refused`, unless another has taken its place. The store is told at the next refresh.
    pub(crate) fn forget(&self, file: &CompanyFile, refused: &AccessToken) {
        let known = self.files.of(file);
        let mut access = known.access.lock().unwrap_or_else(PoisonError::into_inner);
        let same =
            |token: &AccessToken| token.secret.expose_secret() == refused.secret.expose_secret();
        if access.as_ref().is_some_and(same) {
            *access = None;
            let mut told = known.refused.lock().unwrap_or_else(PoisonError::into_inner);
            *told = Some(refused.version);
        }
    }

    fn cached(&self, known: &Known, rest: Duration) -> Option<AccessToken> {
        let access = known.access.lock().unwrap_or_else(PoisonError::into_inner);
        access.clone().filter(|token| token.ends > self.clock.boot() + rest)
    }

    async fn refresh(
        &self,
        file: &CompanyFile,
        known: &Known,
        seed: Option<&SecretString>,
        unsaved: &mut Option<Unsaved>,
    ) -> Result<AccessToken, LedgerError> {
        if let Some(left) = unsaved.take()
            && let Tried::Access(token) = self.save(file, left, unsaved).await?
        {
            return Ok(token);
        }
        self.tell_refused(file, known).await?;
        let answer = self.take_turns(file, seed, unsaved).await;
        if answer.is_err() && unsaved.is_none() {
            // Others need not wait for us. If this is not written, the lease runs out. Tokens that
            // are not on record yet keep it: who takes over is to wait for them.
            drop(self.records.access.give_up(file, &self.records.me).await);
        }
        answer
    }

    /// Nobody else is to use an access token that MYOB refused us.
    async fn tell_refused(&self, file: &CompanyFile, known: &Known) -> Result<(), LedgerError> {
        let refused = *known.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(version) = refused {
            self.records.access.refused(file, version).await.map_err(store_trouble)?;
            *known.refused.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        Ok(())
    }

    /// Takes what another process has got, or waits until it is our turn.
    async fn take_turns(
        &self,
        file: &CompanyFile,
        seed: Option<&SecretString>,
        unsaved: &mut Option<Unsaved>,
    ) -> Result<AccessToken, LedgerError> {
        let ask =
            Ask { me: &self.records.me, enough: EARLY + QuietParts::SEND_WINDOW, lease: LEASE };
        let started = self.clock.boot();
        let mut rounds = 0;
        while rounds < ROUNDS_MAX {
            let asked = self.clock.boot();
            match self.records.access.turn(file, ask).await.map_err(store_trouble)? {
                Turn::Fresh(access) => {
                    if rounds > 0 {
                        // Another process was faster, and our turn stands.
                        drop(self.records.access.give_up(file, &self.records.me).await);
                    }
                    return Ok(access_token(access, asked));
                }
                Turn::Theirs { .. } if asked.saturating_sub(started) >= OTHERS_TURN_MAX => break,
                Turn::Theirs { again_in } => self.clock.sleep(again_in.min(LOOK)).await,
                Turn::Ours { token, left_behind } => {
                    let patience = if left_behind { LATE_ROTATION } else { OTHERS_ROTATION };
                    let got = self.with_our_turn(file, token, (seed, patience), unsaved).await?;
                    if let Some(token) = got {
                        return Ok(token);
                    }
                    rounds += 1;
                }
            }
        }
        Err(unavailable(format!(
            "other processes refresh the tokens of company file {file} and come to no end"
        )))
    }

    /// Uses the refresh token on record, or else the configured one; `None` if another process was
    /// faster after all. A refused one is no reason to connect again before `patience` is over: who
    /// used it up may not have put the next one on record yet.
    async fn with_our_turn(
        &self,
        file: &CompanyFile,
        stored: Option<RefreshToken>,
        (seed, patience): (Option<&SecretString>, Duration),
        unsaved: &mut Option<Unsaved>,
    ) -> Result<Option<AccessToken>, LedgerError> {
        if stored.as_ref().is_some_and(|stored| stored.secret.is_empty()) {
            return Err(not_authorised(format!(
                "the connection of company file {file} was revoked; connect it again by \
                 `postonce connect {file}`"
            )));
        }
        let version = stored.as_ref().map_or(0, |stored| stored.version);
        let seed = seed.map(|seed| RefreshToken { version, ..first_token(seed) });
        let (first, second) = match stored {
            Some(stored) => (Some(stored), seed),
            None => (seed, None),
        };
        let first = first.ok_or_else(|| {
            not_authorised(format!(
                "company file {file} is not connected; do so by `postonce connect {file}`"
            ))
        })?;
        let why = match self.try_with(file, &first, unsaved).await? {
            Tried::Access(token) => return Ok(Some(token)),
            Tried::Overtaken => return Ok(None),
            Tried::Refused(why) => why,
        };
        if self.is_overtaken(file, &first, patience).await? {
            return Ok(None);
        }
        // The configured one may be newer than the one on record.
        let Some(second) = second.filter(|second| second.secret != first.secret) else {
            return Err(refused(file, &why));
        };
        match self.try_with(file, &second, unsaved).await? {
            Tried::Access(token) => Ok(Some(token)),
            Tried::Overtaken => Ok(None),
            Tried::Refused(why) => Err(refused(file, &why)),
        }
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
            Grant::Granted(granted) => {
                self.save(file, Unsaved { version: token.version, granted }, unsaved).await
            }
        }
    }

    /// Puts both tokens on record; if the store fails, keeps them for the next call.
    async fn save(
        &self,
        file: &CompanyFile,
        rotated: Unsaved,
        unsaved: &mut Option<Unsaved>,
    ) -> Result<Tried, LedgerError> {
        let Unsaved { version, granted } = &rotated;
        let new = NewTokens {
            version: *version,
            refresh: granted.refresh.clone(),
            access: granted.access.expose_secret().to_owned(),
            rest: granted.ends.saturating_sub(self.clock.boot()),
        };
        let (secret, ends) = (granted.access.clone(), granted.ends);
        // Kept first: this future may be dropped while the store works.
        *unsaved = Some(rotated);
        let answer = self.written(file, &new).await?;
        *unsaved = None;
        Ok(match answer {
            Rotated::Stored(version) => Tried::Access(AccessToken { secret, ends, version }),
            // After a store error our own write may have been done after all.
            Rotated::Overtaken(theirs) if theirs.secret == new.refresh => {
                Tried::Access(AccessToken { secret, ends, version: theirs.version })
            }
            Rotated::Overtaken(_) => Tried::Overtaken,
        })
    }

    /// Writes both tokens. Nobody else has them, and this process may end with its answer: a
    /// database that fails for a moment is asked again.
    async fn written(&self, file: &CompanyFile, new: &NewTokens) -> Result<Rotated, LedgerError> {
        let mut pause = WRITE_PAUSE;
        for _ in 1..WRITES_MAX {
            match self.records.access.granted(file, &self.records.me, new).await {
                Ok(rotated) => return Ok(rotated),
                Err(error) if seal_trouble(&error).is_some() => return Err(store_trouble(error)),
                Err(_) => self.clock.sleep(pause).await,
            }
            pause *= 2;
        }
        self.records.access.granted(file, &self.records.me, new).await.map_err(store_trouble)
    }

    /// Whether another process puts a refresh token on record in the place of the refused one.
    async fn is_overtaken(
        &self,
        file: &CompanyFile,
        refused: &RefreshToken,
        patience: Duration,
    ) -> Result<bool, LedgerError> {
        let started = self.clock.boot();
        loop {
            let stored = self.records.tokens.token(file).await.map_err(store_trouble)?;
            if stored.is_some_and(|stored| {
                stored.version > refused.version && stored.secret != refused.secret
            }) {
                return Ok(true);
            }
            if self.clock.boot().saturating_sub(started) >= patience {
                return Ok(false);
            }
            self.clock.sleep(LOOK).await;
        }
    }
}

fn access_token(access: Access, asked: Duration) -> AccessToken {
    let Access { secret, rest, version } = access;
    AccessToken { secret: secret.into(), ends: asked.saturating_add(rest), version }
}

fn first_token(seed: &SecretString) -> RefreshToken {
    RefreshToken { secret: seed.expose_secret().to_owned(), version: 0 }
}

fn refused(file: &CompanyFile, why: &str) -> LedgerError {
    not_authorised(format!(
        "MYOB does not accept the refresh token of company file {file}: {why}; connect it again by \
         `postonce connect {file}`"
    ))
}

fn not_authorised(message: String) -> LedgerError {
    LedgerError::NotAuthorised { message }
}

fn unavailable(message: String) -> LedgerError {
    LedgerError::Unavailable { message, source: None }
}

/// The ledger cannot be used without the store. A token that we cannot open is no trouble of the
/// store, and of one company file alone.
pub(crate) fn store_trouble(error: StoreError) -> LedgerError {
    if let Some(sealed) = seal_trouble(&error) {
        return not_authorised(sealed.to_string());
    }
    let message = "our own database is needed for it and did not answer".to_owned();
    LedgerError::Unavailable { message, source: Some(Box::new(error)) }
}

#[cfg(test)]
mod tests;
