use std::collections::BTreeSet;

use super::*;

#[test]
fn no_id_is_given_twice() {
    let ids: BTreeSet<ClaimId> = (0..1_000).map(|_| RandomIds.claim_id()).collect();
    assert_eq!(ids.len(), 1_000);
    assert_ne!(RandomIds.installation_id(), RandomIds.installation_id());
}
