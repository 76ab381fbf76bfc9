//! A lock per key, for work that must not be done twice at once on one thing.

use std::time::Duration;

use async_trait::async_trait;

use crate::lock::LockError;

/// What [`KeyedLock::acquire`] did.
#[expect(missing_debug_implementations, reason = "a held key is not `Debug`")]
#[must_use]
pub enum KeyedAnswer {
    /// The key is ours until it is released or dropped.
    Acquired(Box<dyn HeldKey>),
    /// Another had it all the time.
    TimedOut,
}

/// Excludes per key, across processes and within one. Keys are compared byte for byte.
///
/// It makes work orderly; it never guards a POST, which the claim alone does.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait KeyedLock: Send + Sync {
    /// Takes the lock of `key`, and waits for it as long as `wait`; zero does not wait.
    ///
    /// Of any number of concurrent calls for one key one acquires; who waits is woken when it is
    /// freed. Different keys do not touch each other. It is free again when its holder releases
    /// it, drops it, or dies. "Cannot tell" is an error, never "timed out".
    async fn acquire(&self, key: &str, wait: Duration) -> Result<KeyedAnswer, LockError>;
}

/// A key that is held. Dropping it frees it; releasing it also says that it worked.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait HeldKey: Send + Sync {
    /// Whether the lock is known to be lost. Never goes back to false.
    fn is_lost(&self) -> bool;

    /// Frees the key, and says if it was lost before.
    async fn release(self: Box<Self>) -> Result<(), LockError>;
}
