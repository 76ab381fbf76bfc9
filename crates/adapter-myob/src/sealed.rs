//! Tokens at rest: sealed with a key that is not in the database.
//!
//! **Invariant:** with a key, no token is written that is not sealed with it, for its company file
//! and its column: a value that is copied elsewhere cannot be opened there.
//!
//! A sealed value is `s1:`, the id of its key, `:`, and the Base64 of nonce and AES-256-GCM. What has
//! no such prefix is from before there was a key: it is taken as it is, and sealed when it is
//! replaced.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postonce_domain::CompanyFile;
use postonce_ports::access::{AccessStore, Ask, NewTokens, Turn};
use postonce_ports::error::StoreError;
use postonce_ports::token::{RefreshToken, Rotated, TokenStore};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom as _, SystemRandom};
use secrecy::{ExposeSecret, SecretString};

/// How a sealed value begins.
const PREFIX: &str = "s1:";

/// The bytes of a key.
const KEY_BYTES: usize = 32;

/// Two columns hold tokens.
const REFRESH: &str = "refresh";
const ACCESS: &str = "access";

/// Why a text is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no key of 32 bytes in Base64; make one by `openssl rand -base64 32`")]
pub struct BadKey;

/// Why a token cannot be sealed or opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// It is sealed, and none of our keys has this id.
    #[error(
        "the tokens of company file {company_file} are sealed with the key {id}, which is not \
         configured; put it back as `tokens.key`, or as `tokens.old_key` beside a new one; if it \
         is lost, connect again by `postonce connect {company_file}`"
    )]
    OtherKey {
        /// Whose token.
        company_file: CompanyFile,
        /// The id of the key.
        id: String,
    },
    /// The key is ours, and the value is not what we have sealed.
    #[error("a sealed token of company file {company_file} was changed, or is another one's")]
    Changed {
        /// Whose token.
        company_file: CompanyFile,
    },
    /// The system gives no random numbers.
    #[error("the system gives no random numbers to seal a token with")]
    NoRandom,
}

/// A key with its id, which tells nothing about it.
struct Key {
    id: String,
    key: LessSafeKey,
}

impl Key {
    fn parse(text: &SecretString) -> Result<Self, BadKey> {
        let bytes = STANDARD.decode(text.expose_secret().trim()).map_err(|_| BadKey)?;
        if bytes.len() != KEY_BYTES {
            return Err(BadKey);
        }
        let key = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| BadKey)?;
        let named = digest(&SHA256, &[b"postonce key id ", bytes.as_slice()].concat());
        let mut id = String::new();
        for digit in named.as_ref().iter().take(4).flat_map(|byte| [byte >> 4, byte & 15]) {
            id.extend(char::from_digit(u32::from(digit), 16));
        }
        Ok(Self { id, key: LessSafeKey::new(key) })
    }
}

/// The keys that tokens are sealed with and opened by. None: they are written as they are.
#[derive(Default)]
pub struct TokenKeys {
    /// The one that seals is first.
    keys: Vec<Key>,
}

impl fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|key| &key.id)).finish()
    }
}

impl TokenKeys {
    /// `key` seals; `old` opens what it has sealed before.
    pub fn new(key: &SecretString, old: Option<&SecretString>) -> Result<Self, BadKey> {
        let keys = [Some(key), old].into_iter().flatten();
        Ok(Self { keys: keys.map(Key::parse).collect::<Result<_, _>>()? })
    }

    /// The id of the key that seals; none if there is no key.
    pub fn id(&self) -> Option<&str> {
        self.keys.first().map(|key| key.id.as_str())
    }

    /// Whether the refresh token `stored` can be opened.
    pub fn check(&self, company_file: &CompanyFile, stored: &str) -> Result<(), SealError> {
        self.open((company_file, REFRESH), stored).map(drop)
    }

    /// A refresh token and an access token as they may be kept.
    pub fn seal_both(
        &self,
        company_file: &CompanyFile,
        refresh: &str,
        access: &str,
    ) -> Result<(String, String), SealError> {
        let refresh = self.seal((company_file, REFRESH), refresh)?;
        Ok((refresh, self.seal((company_file, ACCESS), access)?))
    }

    fn seal(&self, place: Place<'_>, secret: &str) -> Result<String, SealError> {
        let Some(Key { id, key }) = self.keys.first() else { return Ok(secret.to_owned()) };
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(|_| SealError::NoRandom)?;
        let mut sealed = secret.as_bytes().to_vec();
        let aad = Aad::from(named(place));
        let used = Nonce::assume_unique_for_key(nonce);
        key.seal_in_place_append_tag(used, aad, &mut sealed).map_err(|_| SealError::NoRandom)?;
        let bytes = [nonce.as_slice(), sealed.as_slice()].concat();
        Ok(format!("{PREFIX}{id}:{}", STANDARD.encode(bytes)))
    }

    fn open(&self, place: Place<'_>, stored: &str) -> Result<String, SealError> {
        let Some(sealed) = stored.strip_prefix(PREFIX) else { return Ok(stored.to_owned()) };
        let company_file = place.0.clone();
        let (id, text) = sealed.split_once(':').unwrap_or((sealed, ""));
        let Some(Key { key, .. }) = self.keys.iter().find(|key| key.id == id) else {
            return Err(SealError::OtherKey { company_file, id: id.to_owned() });
        };
        unsealed(key, place, text).ok_or(SealError::Changed { company_file })
    }
}

/// A company file and a column.
type Place<'a> = (&'a CompanyFile, &'static str);

/// What a value is bound to; an alias has no control characters.
fn named((company_file, column): Place<'_>) -> Vec<u8> {
    format!("{company_file}\n{column}").into_bytes()
}

fn unsealed(key: &LessSafeKey, place: Place<'_>, text: &str) -> Option<String> {
    let bytes = STANDARD.decode(text).ok()?;
    let (nonce, sealed) = bytes.split_at_checked(NONCE_LEN)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut sealed = sealed.to_vec();
    let opened = key.open_in_place(nonce, Aad::from(named(place)), &mut sealed).ok()?;
    String::from_utf8(opened.to_vec()).ok()
}

/// A store of tokens that never sees one.
#[derive(Clone)]
pub struct SealedTokens {
    keys: Arc<TokenKeys>,
    tokens: Arc<dyn TokenStore>,
    access: Arc<dyn AccessStore>,
}

impl fmt::Debug for SealedTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedTokens").field("keys", &self.keys).finish_non_exhaustive()
    }
}

impl SealedTokens {
    /// Seals what goes into the two stores, and opens what comes out.
    pub fn new(keys: TokenKeys, tokens: Arc<dyn TokenStore>, access: Arc<dyn AccessStore>) -> Self {
        Self { keys: Arc::new(keys), tokens, access }
    }

    fn opened(&self, file: &CompanyFile, token: RefreshToken) -> Result<RefreshToken, StoreError> {
        let RefreshToken { secret, version } = token;
        let secret = self.keys.open((file, REFRESH), &secret).map_err(trouble)?;
        Ok(RefreshToken { secret, version })
    }

    fn rotated(&self, file: &CompanyFile, rotated: Rotated) -> Result<Rotated, StoreError> {
        match rotated {
            Rotated::Stored(version) => Ok(Rotated::Stored(version)),
            Rotated::Overtaken(theirs) => Ok(Rotated::Overtaken(self.opened(file, theirs)?)),
        }
    }
}

#[async_trait]
impl TokenStore for SealedTokens {
    async fn token(&self, company_file: &CompanyFile) -> Result<Option<RefreshToken>, StoreError> {
        let token = self.tokens.token(company_file).await?;
        token.map(|token| self.opened(company_file, token)).transpose()
    }

    async fn rotate(
        &self,
        company_file: &CompanyFile,
        version: i64,
        secret: &str,
    ) -> Result<Rotated, StoreError> {
        let sealed = self.keys.seal((company_file, REFRESH), secret).map_err(trouble)?;
        let rotated = self.tokens.rotate(company_file, version, &sealed).await?;
        self.rotated(company_file, rotated)
    }
}

#[async_trait]
impl AccessStore for SealedTokens {
    async fn turn<'a>(&self, company_file: &CompanyFile, ask: Ask<'a>) -> Result<Turn, StoreError> {
        match self.access.turn(company_file, ask).await? {
            Turn::Fresh(mut access) => {
                let opened = self.keys.open((company_file, ACCESS), &access.secret);
                access.secret = opened.map_err(trouble)?;
                Ok(Turn::Fresh(access))
            }
            Turn::Ours { token, left_behind } => {
                let token = token.map(|token| self.opened(company_file, token)).transpose()?;
                Ok(Turn::Ours { token, left_behind })
            }
            theirs @ Turn::Theirs { .. } => Ok(theirs),
        }
    }

    async fn granted(
        &self,
        company_file: &CompanyFile,
        me: &str,
        new: &NewTokens,
    ) -> Result<Rotated, StoreError> {
        let seal = |column, secret| self.keys.seal((company_file, column), secret);
        let sealed = NewTokens {
            refresh: seal(REFRESH, &new.refresh).map_err(trouble)?,
            access: seal(ACCESS, &new.access).map_err(trouble)?,
            ..new.clone()
        };
        let rotated = self.access.granted(company_file, me, &sealed).await?;
        self.rotated(company_file, rotated)
    }

    async fn give_up(&self, company_file: &CompanyFile, me: &str) -> Result<(), StoreError> {
        self.access.give_up(company_file, me).await
    }

    async fn refused(&self, company_file: &CompanyFile, version: i64) -> Result<(), StoreError> {
        self.access.refused(company_file, version).await
    }
}

/// Why a token could not be opened or sealed, if that is the trouble.
pub(crate) fn seal_trouble(error: &StoreError) -> Option<&SealError> {
    match error {
        StoreError::Unavailable { source, .. } => source.as_ref()?.downcast_ref(),
        StoreError::Refused { .. } | StoreError::Corrupt { .. } => None,
    }
}

fn trouble(error: SealError) -> StoreError {
    let message = "a token can be neither sealed nor opened".to_owned();
    StoreError::Unavailable { message, source: Some(Box::new(error)) }
}

#[cfg(test)]
mod tests;
