//! What is told to people who do not look.

use async_trait::async_trait;
use jiff::Timestamp;
use std::time::Duration;

use crate::error::StoreError;

/// What a notice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoticeKind {
    /// A sync run stopped before it was through.
    RunFailed,
    /// A sync run lost its lock.
    LockLost,
    /// Nobody knows whether invoices are in the ledger.
    InDoubt,
    /// Invoices wait for a person.
    NeedsHuman,
    /// No sync run has completed for long.
    Silence,
    /// The ledger did not let us in.
    Refused,
}

impl NoticeKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::RunFailed,
        Self::LockLost,
        Self::InDoubt,
        Self::NeedsHuman,
        Self::Silence,
        Self::Refused,
    ];

    /// As stores and programs spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RunFailed => "run_failed",
            Self::LockLost => "lock_lost",
            Self::InDoubt => "in_doubt",
            Self::NeedsHuman => "needs_human",
            Self::Silence => "silence",
            Self::Refused => "refused",
        }
    }

    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// The heading that people read.
    pub const fn heading(self) -> &'static str {
        match self {
            Self::RunFailed => "A sync run failed",
            Self::LockLost => "A sync run lost its lock",
            Self::InDoubt => "Invoices are in doubt",
            Self::NeedsHuman => "Invoices need a person",
            Self::Silence => "No sync run has completed for long",
            Self::Refused => "The ledger did not let us in",
        }
    }
}

/// Something that happened once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeEvent {
    /// What tells it from every other event, in [`NoticeEvent::ABOUT_MAX`] characters at most.
    pub about: String,
    /// What people read of it, in one line.
    pub text: String,
}

impl NoticeEvent {
    /// The most characters of `about`.
    pub const ABOUT_MAX: usize = 160;
}

/// How a notice stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeState {
    /// It is tried next when this time has come.
    Waiting {
        /// The time.
        due_at: Timestamp,
    },
    /// It was delivered.
    Delivered {
        /// When.
        at: Timestamp,
    },
    /// It was tried too often, and is not tried any more.
    Parked,
}

impl NoticeState {
    /// As programs spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting { .. } => "waiting",
            Self::Delivered { .. } => "delivered",
            Self::Parked => "parked",
        }
    }
}

/// A notice on record: one for each way in which it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Its place: rises with time.
    pub id: i64,
    /// What it is about.
    pub kind: NoticeKind,
    /// By which [`Messenger`] it goes.
    pub way: String,
    /// A line for each event.
    pub text: String,
    /// Since when, by the store's clock.
    pub raised_at: Timestamp,
    /// How often it was tried.
    pub tries: u32,
    /// How it stands.
    pub state: NoticeState,
    /// Why the last try failed; empty if none did.
    pub trouble: String,
}

/// Keeps what is told, so that each event is told once by each way, however many processes look.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Notices: Send + Sync {
    /// Puts those of `events` on record that nobody came with before, as one notice for each of
    /// `ways`, due at once. How many of them were new; if none was, nothing is written.
    ///
    /// Of any number of concurrent calls with one event one is told that it is new.
    async fn raise(
        &self,
        kind: NoticeKind,
        events: Vec<NoticeEvent>,
        ways: Vec<String>,
    ) -> Result<u64, StoreError>;

    /// Hands over the notice of one of `ways` that has been due for longest, and counts a try;
    /// `None` if none is due. Nobody else is handed it before `lease` has passed.
    async fn take(&self, ways: Vec<String>, lease: Duration) -> Result<Option<Notice>, StoreError>;

    /// The notice arrived. It is never handed over again.
    async fn delivered(&self, notice: i64) -> Result<(), StoreError>;

    /// A try came to nothing. The notice is due again when `again_in` has passed, or never if there
    /// is none. One that was delivered stays delivered.
    async fn failed(
        &self,
        notice: i64,
        why: &str,
        again_in: Option<Duration>,
    ) -> Result<(), StoreError>;

    /// The newest `limit` notices, newest first.
    async fn notices(&self, limit: u32) -> Result<Vec<Notice>, StoreError>;
}

/// What is delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The same whenever it is tried again: whoever has seen it needs no second one. Letters,
    /// digits and `-` only.
    pub id: String,
    /// What it is about, as programs spell it.
    pub kind: String,
    /// The heading.
    pub heading: String,
    /// A line for each event.
    pub text: String,
    /// Since when.
    pub raised_at: Timestamp,
}

/// Why a message did not arrive, or may not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Undelivered(pub String);

/// One way of telling people.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Messenger: Send + Sync {
    /// Its name, which no other way has: 16 characters at most.
    fn way(&self) -> String;

    /// Delivers one message, within a bounded time. It may arrive although the answer is an error,
    /// and is then delivered again.
    async fn deliver(&self, message: &Message) -> Result<(), Undelivered>;
}
