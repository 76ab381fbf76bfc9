//! Time and chance, which tests own.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use postonce_domain::{ClaimId, InstallationId};

/// The host's clocks. Reading is immediate, sleeping is not.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Clock: Send + Sync {
    /// Time since the host started, suspend included; never goes back.
    fn boot(&self) -> Duration;

    /// The wall clock, cut to microseconds; may jump.
    fn wall(&self) -> Timestamp;

    /// Returns when `time` has passed.
    async fn sleep(&self, time: Duration);
}

/// Where random ids come from. No id is ever given twice.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait Ids: Send + Sync {
    /// An id for a claim.
    fn claim_id(&self) -> ClaimId;

    /// An id for a new database.
    fn installation_id(&self) -> InstallationId;
}

/// A person's wish to stop, such as Ctrl-C.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait Stop: Send + Sync {
    /// Whether the run is to claim nothing more. Never goes back to false.
    fn requested(&self) -> bool;
}
