//! What was answered to a request that carries a key of its sender's, so that sending it again
//! does nothing again.

use std::time::Duration;

use async_trait::async_trait;

use crate::error::StoreError;

/// A request that carries a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyedRequest {
    /// Who sent it, in 1 to 100 characters of printable ASCII without a blank around them: keys of
    /// different senders are different.
    pub sender: String,
    /// The sender's key, in 1 to 255 such characters. Letter case counts.
    pub key: String,
    /// The SHA-256, in small hex digits, of what was asked for.
    pub digest: String,
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers that tell more than the body does, each as name and value, on one line.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

/// Whether a request is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Asked {
    /// It is new, and the caller's to do: nobody else is told so.
    New,
    /// Somebody is doing it, or died over it.
    Doing,
    /// It was done, and this was answered.
    Done(Reply),
    /// The key came with another request before.
    Another,
}

/// Keeps what was answered.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Replies: Send + Sync {
    /// Whether a request is to be done; of any number of concurrent calls one is told that it is
    /// new. What was asked for longer than `keep` ago by the store's clock is forgotten first.
    async fn ask(&self, request: KeyedRequest, keep: Duration) -> Result<Asked, StoreError>;

    /// Keeps the answer to a request that is being done. One that was answered keeps its answer.
    async fn answer(&self, request: &KeyedRequest, reply: Reply) -> Result<(), StoreError>;

    /// Forgets a request that is being done, since nothing came of it; it may be sent again. One
    /// that was answered stays.
    async fn give_up(&self, request: &KeyedRequest) -> Result<(), StoreError>;
}
