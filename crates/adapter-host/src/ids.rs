//! Random ids.

use postonce_domain::{ClaimId, InstallationId};
use postonce_ports::clock::Ids;
use uuid::Uuid;

/// Random ids (UUID version 4) from the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct RandomIds;

impl Ids for RandomIds {
    fn claim_id(&self) -> ClaimId {
        ClaimId(random())
    }

    fn installation_id(&self) -> InstallationId {
        InstallationId(random())
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the chance that everybody else takes")]
fn random() -> Uuid {
    Uuid::new_v4()
}

#[cfg(test)]
mod tests;
