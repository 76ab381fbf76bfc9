//! Who may come in: people by their sessions, machines by their tokens.
//!
//! Secrets reach a store as hashes only: a person's password as a PHC string, what a browser or a
//! machine shows as the SHA-256 of it.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use postonce_domain::{Role, Side};

use crate::error::StoreError;

/// A person's account.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// The name that is typed, and that stands in the trail.
    pub name: String,
    /// What the person may do.
    pub role: Role,
    /// The password's hash, as a PHC string.
    pub password: String,
    /// Whether nobody gets in by it.
    pub disabled: bool,
    /// Rises with every change.
    pub version: i64,
    /// When it last changed, by the store's clock.
    pub changed_at: Timestamp,
}

// A hash is no secret to print either.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, role, password: _, disabled, version, changed_at } = self;
        f.debug_struct("Account")
            .field("name", name)
            .field("role", role)
            .field("disabled", disabled)
            .field("version", version)
            .field("changed_at", changed_at)
            .finish_non_exhaustive()
    }
}

/// What is to change of an account; `None` stays.
#[derive(Clone, Default, PartialEq, Eq)]
#[expect(missing_debug_implementations, reason = "it may hold a password's hash")]
pub struct AccountChange {
    /// What the person may do.
    pub role: Option<Role>,
    /// The password's hash, as a PHC string.
    pub password: Option<String>,
    /// Whether nobody gets in by it.
    pub disabled: Option<bool>,
}

/// Keeps people's accounts.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Accounts: Send + Sync {
    /// Writes an account of version 1. False, and nothing is written, if the name is taken,
    /// whatever its case.
    async fn add_account(&self, name: &str, role: Role, password: &str)
    -> Result<bool, StoreError>;

    /// The account of this name, whatever its case; `None` if there is none.
    async fn account(&self, name: &str) -> Result<Option<Account>, StoreError>;

    /// Every account, by name.
    async fn accounts(&self) -> Result<Vec<Account>, StoreError>;

    /// Changes an account whose version is `seen`, raises its version, and ends its sessions in the
    /// same step. `None`, and nothing is changed, if there is none of that version.
    async fn change_account(
        &self,
        name: &str,
        seen: i64,
        change: AccountChange,
    ) -> Result<Option<Account>, StoreError>;
}

/// A browser that is to be known again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSession {
    /// The SHA-256, in hex, of what the browser shows.
    pub key: String,
    /// The name of the account.
    pub account: String,
    /// What the session's forms carry, so that no other site can send them.
    pub form_key: String,
    /// How long it lasts unused.
    pub idle: Duration,
    /// How long it lasts at most.
    pub lasts: Duration,
}

/// A browser that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The account as it is now.
    pub account: Account,
    /// What its forms carry.
    pub form_key: String,
}

/// Keeps people's sessions.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Writes a session, and forgets those that are over. False, and nothing is written, if there
    /// is no such account or it is disabled.
    async fn open_session(&self, session: NewSession) -> Result<bool, StoreError>;

    /// The session with this key, which counts as used now. `None` if there is none, if it is over
    /// by the store's clock, or if its account is disabled.
    async fn session(&self, key: &str) -> Result<Option<Session>, StoreError>;

    /// Ends a session; ending it twice is success.
    async fn close_session(&self, key: &str) -> Result<(), StoreError>;
}

/// A machine that may come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Its name, which stands in the trail.
    pub name: String,
    /// On which side it may start runs; both if `None`.
    pub side: Option<Side>,
    /// What it may do.
    pub role: Role,
    /// When it was made, by the store's clock.
    pub made_at: Timestamp,
    /// When it was taken away, if it was.
    pub revoked_at: Option<Timestamp>,
}

/// Keeps machines' tokens.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Machines: Send + Sync {
    /// Writes a machine, with the SHA-256, in hex, of its token. False, and nothing is written, if
    /// the name is taken, by one that was taken away too, whatever its case.
    async fn add_machine(
        &self,
        name: &str,
        side: Option<Side>,
        role: Role,
        key: &str,
    ) -> Result<bool, StoreError>;

    /// The machine with this token; `None` if there is none or it was taken away.
    async fn machine(&self, key: &str) -> Result<Option<Machine>, StoreError>;

    /// Every machine, by name, those that were taken away too.
    async fn machines(&self) -> Result<Vec<Machine>, StoreError>;

    /// Takes a machine's token away. False if there is none of that name, whatever its case; doing
    /// it twice is success.
    async fn revoke_machine(&self, name: &str) -> Result<bool, StoreError>;
}
