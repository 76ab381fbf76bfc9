//! Ids that nobody else has.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use postonce_domain::{ClaimId, InstallationId};
use postonce_ports::clock::Ids;
use uuid::{Builder, Uuid};

/// What tells the ids of this process from those of every other.
static PROCESS: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one("postonce"));

static COUNT: AtomicU64 = AtomicU64::new(1);

/// Ids for tests: by chance in their first half, and counted in their second.
///
/// A fixture may give them to an adapter that wants [`Ids`].
#[derive(Clone, Copy, Debug, Default)]
pub struct FreshIds;

impl FreshIds {
    fn uuid() -> Uuid {
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let bytes = *Uuid::from_u64_pair(*PROCESS, count).as_bytes();
        Builder::from_random_bytes(bytes).into_uuid()
    }
}

impl Ids for FreshIds {
    fn claim_id(&self) -> ClaimId {
        ClaimId(Self::uuid())
    }

    fn installation_id(&self) -> InstallationId {
        InstallationId(Self::uuid())
    }
}

/// A claim that no store knows.
pub(super) fn fresh_claim() -> ClaimId {
    FreshIds.claim_id()
}
