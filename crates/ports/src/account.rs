//! Who may come in: people by their sessions, machines by their tokens.
//!
//! Secrets reach a store as hashes only: a person's password as a PHC string, what a browser or a
//! machine shows as the SHA-256 of it, in small hex digits.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use postonce_domain::{LoginName, Role, Side};

use crate::error::StoreError;

/// A person's account.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// The name that is typed, and that stands in the trail.
    pub name: LoginName,
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

impl Account {
    /// Whether somebody gets in by it who may do everything.
    fn is_working_admin(&self) -> bool {
        self.role == Role::Admin && !self.disabled
    }
}

/// An account that is to be made.
#[derive(Clone, PartialEq, Eq)]
#[expect(missing_debug_implementations, reason = "it holds a password's hash")]
pub struct NewAccount {
    /// The name that is typed, and that stands in the trail.
    pub name: LoginName,
    /// What the person may do.
    pub role: Role,
    /// The password's hash, as a PHC string.
    pub password: String,
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

/// What became of the wish to change an account.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum AccountChanged {
    /// It is on record, and is this now.
    Done(Account),
    /// There is no account of that version; nothing is changed.
    Stale,
    /// Nobody would get in any more who may do everything; nothing is changed.
    LastAdmin,
}

impl AccountChange {
    /// What comes of it if it is made `at` that time from version `seen` of the account of this
    /// name, with all `accounts` on record. One rule for every store.
    pub fn outcome(
        &self,
        accounts: &[Account],
        name: &LoginName,
        seen: i64,
        at: Timestamp,
    ) -> AccountChanged {
        let is_it = |account: &&Account| account.name == *name;
        let Some(known) = accounts.iter().find(is_it).filter(|it| it.version == seen) else {
            return AccountChanged::Stale;
        };
        let new = Account {
            name: known.name.clone(),
            role: self.role.unwrap_or(known.role),
            password: self.password.clone().unwrap_or_else(|| known.password.clone()),
            disabled: self.disabled.unwrap_or(known.disabled),
            version: seen + 1,
            changed_at: at,
        };
        let mut others = accounts.iter().filter(|account| !is_it(account));
        if known.is_working_admin()
            && !new.is_working_admin()
            && !others.any(Account::is_working_admin)
        {
            return AccountChanged::LastAdmin;
        }
        AccountChanged::Done(new)
    }
}

/// What a line of the trail of accounts and machines tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountEvent {
    /// An account was made.
    Added,
    /// An account was changed.
    Changed,
    /// A person came in.
    SignedIn,
    /// A machine was given a token.
    MachineAdded,
    /// A machine's token was taken away.
    MachineRevoked,
}

impl AccountEvent {
    /// Every event.
    pub const ALL: [Self; 5] =
        [Self::Added, Self::Changed, Self::SignedIn, Self::MachineAdded, Self::MachineRevoked];

    /// As stores spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "account_added",
            Self::Changed => "account_changed",
            Self::SignedIn => "signed_in",
            Self::MachineAdded => "machine_added",
            Self::MachineRevoked => "machine_revoked",
        }
    }

    /// The event of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.as_str() == name)
    }
}

/// A line of the trail of accounts and machines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountNote {
    /// What it tells.
    pub event: AccountEvent,
    /// Of which person or machine.
    pub name: LoginName,
    /// Who did it.
    pub actor: String,
    /// What was done, in words.
    pub text: String,
}

/// A line on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountNoteRecord {
    /// Its place in the trail: rises with time.
    pub id: i64,
    /// When it was written, by the store's clock.
    pub at: Timestamp,
    /// What it says.
    pub note: AccountNote,
}

impl NewAccount {
    /// The line that tells of it.
    pub fn note(&self, actor: &str) -> AccountNote {
        note(AccountEvent::Added, &self.name, actor, format!("role {}", self.role))
    }
}

impl AccountChange {
    /// The line that tells of it.
    pub fn note(&self, name: &LoginName, actor: &str) -> AccountNote {
        let parts = [
            self.role.map(|role| format!("role {role}")),
            self.password.as_ref().map(|_| "a new password".to_owned()),
            self.disabled.map(|it| if it { "disabled" } else { "enabled" }.to_owned()),
        ];
        let text = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
        note(AccountEvent::Changed, name, actor, text)
    }
}

fn note(event: AccountEvent, name: &LoginName, actor: &str, text: String) -> AccountNote {
    AccountNote { event, name: name.clone(), actor: actor.to_owned(), text }
}

/// Keeps people's accounts, and the trail of accounts and machines, whose lines are written and
/// never changed.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Accounts: Send + Sync {
    /// Writes an account of version 1 and a line, both or neither. False, and nothing is written,
    /// if the name is taken, whatever its case.
    async fn add_account(&self, new: NewAccount, actor: &str) -> Result<bool, StoreError>;

    /// The account of this name, whatever its case; `None` if there is none.
    async fn account(&self, name: &LoginName) -> Result<Option<Account>, StoreError>;

    /// Every account, by name.
    async fn accounts(&self) -> Result<Vec<Account>, StoreError>;

    /// Changes an account whose version is `seen`, raises its version, ends its sessions and writes
    /// a line, all of it or nothing.
    ///
    /// The last account that is an admin's and not disabled stays both: of concurrent changes that
    /// would leave none, one is refused.
    async fn change_account(
        &self,
        name: &LoginName,
        seen: i64,
        change: AccountChange,
        actor: &str,
    ) -> Result<AccountChanged, StoreError>;

    /// The trail by rising id: lines with a greater id than `after`, `limit` at most.
    async fn account_notes(
        &self,
        after: i64,
        limit: u32,
    ) -> Result<Vec<AccountNoteRecord>, StoreError>;
}

/// A browser that is to be known again.
#[derive(Clone, PartialEq, Eq)]
#[expect(missing_debug_implementations, reason = "it holds what nobody else may know")]
pub struct NewSession {
    /// The SHA-256 of what the browser shows.
    pub key: String,
    /// The name of the account.
    pub account: LoginName,
    /// The version of the account whose password was shown.
    pub seen: i64,
    /// What the session's forms carry, so that no other site can send them.
    pub form_key: String,
    /// How long it lasts unused.
    pub idle: Duration,
    /// How long it lasts at most.
    pub lasts: Duration,
}

impl NewSession {
    /// The line that tells of it.
    pub fn note(&self) -> AccountNote {
        note(AccountEvent::SignedIn, &self.account, self.account.as_str(), String::new())
    }
}

/// A browser that is known.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// The account as it is now.
    pub account: Account,
    /// What its forms carry.
    pub form_key: String,
    /// When it is over if it is not used again, by the store's clock.
    pub over_at: Timestamp,
}

// Whoever has the form key can send its forms.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { account, form_key: _, over_at } = self;
        f.debug_struct("Session")
            .field("account", account)
            .field("over_at", over_at)
            .finish_non_exhaustive()
    }
}

/// Keeps people's sessions.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Writes a session and a line of the trail, and forgets sessions that are over. False, and
    /// nothing is written, if there is no such account of that version or it is disabled.
    async fn open_session(&self, session: NewSession) -> Result<bool, StoreError>;

    /// The session with this key. `None` if there is none, if it is over by the store's clock, or
    /// if its account is disabled.
    ///
    /// It counts as used: the time that it lasts unused begins anew, unless that began less than a
    /// sixteenth of it ago.
    async fn session(&self, key: &str) -> Result<Option<Session>, StoreError>;

    /// Ends a session; ending it twice is success.
    async fn close_session(&self, key: &str) -> Result<(), StoreError>;
}

/// A machine that is to be given a token.
#[derive(Clone, PartialEq, Eq)]
#[expect(missing_debug_implementations, reason = "it holds a token's hash")]
pub struct NewMachine {
    /// Its name, which stands in the trail.
    pub name: LoginName,
    /// On which side it may start runs; both if `None`.
    pub side: Option<Side>,
    /// What it may do.
    pub role: Role,
    /// The SHA-256 of its token.
    pub key: String,
}

impl NewMachine {
    /// The line that tells of it.
    pub fn note(&self, actor: &str) -> AccountNote {
        let side = self.side.map_or("both sides".to_owned(), |side| format!("side {side}"));
        let text = format!("role {}, {side}", self.role);
        note(AccountEvent::MachineAdded, &self.name, actor, text)
    }
}

/// A machine that may come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Its name, which stands in the trail.
    pub name: LoginName,
    /// On which side it may start runs; both if `None`.
    pub side: Option<Side>,
    /// What it may do.
    pub role: Role,
    /// When it was made, by the store's clock.
    pub made_at: Timestamp,
    /// When its token was taken away, if it was.
    pub revoked_at: Option<Timestamp>,
}

impl Machine {
    /// The line that tells that its token was taken away.
    pub fn note_of_end(&self, actor: &str) -> AccountNote {
        note(AccountEvent::MachineRevoked, &self.name, actor, String::new())
    }
}

/// Keeps machines' tokens.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Machines: Send + Sync {
    /// Writes a machine and a line of the trail, both or neither. False, and nothing is written, if
    /// the name is taken, whatever its case, by a machine whose token was taken away too.
    async fn add_machine(&self, new: NewMachine, actor: &str) -> Result<bool, StoreError>;

    /// The machine with this token; `None` if there is none or it was taken away.
    async fn machine(&self, key: &str) -> Result<Option<Machine>, StoreError>;

    /// Every machine, by name, those whose token was taken away too.
    async fn machines(&self) -> Result<Vec<Machine>, StoreError>;

    /// Takes a machine's token away and writes a line, both or neither. False if there is no machine
    /// of that name, whatever its case; doing it twice is success, and leaves one line.
    async fn revoke_machine(&self, name: &LoginName, actor: &str) -> Result<bool, StoreError>;
}
