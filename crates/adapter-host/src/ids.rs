//! Random ids.

use postonce_domain::{ClaimId, InstallationId};
use postonce_ports::clock::Ids;
use uuid::Uuid;

/// Random ids from the operating system: of claims UUID version 7, whose order is that of their
/// making, so that a database files each behind the last; of installations version 4.
#[derive(Clone, Copy, Debug, Default)]
pub struct RandomIds;

impl Ids for RandomIds {
    fn claim_id(&self) -> ClaimId {
        ClaimId(Uuid::now_v7())
    }

    #[expect(clippy::disallowed_methods, reason = "this is the chance that everybody else takes")]
    fn installation_id(&self) -> InstallationId {
        InstallationId(Uuid::new_v4())
    }
}

#[cfg(test)]
mod tests;
