//! Whether the run lock excludes here, tried on two sessions.

use postonce_ports::checkup::Finding;

use super::{failure, fine, warning};
use crate::probe::{Ending, LockRefused, prove};
use crate::session::Target;
use crate::{LockKind, LockOptions};

/// Tries a lock of its own, of the kind in use. A lease is a row, so it needs our tables.
pub(super) async fn excludes(target: &Target, lock: &LockOptions, is_migrated: bool) -> Finding {
    const NAME: &str = "lock_excludes";
    if lock.kind == LockKind::Lease && !is_migrated {
        let meaning = "a lease is a row, and its table is not there yet";
        return warning(NAME, "not tried", meaning, "run `postonce migrate`, and look again");
    }
    match prove(target, lock, Ending::Killed).await {
        Ok(()) => fine(NAME, "yes", proven(lock.kind)),
        Err(LockRefused::Lock(error)) => {
            let mend = "mend what it names, and look again";
            failure(NAME, "not tried", &error.to_string(), mend)
        }
        Err(refused @ LockRefused::ManyServers { .. }) => {
            failure(NAME, "no", &refused.to_string(), "see `cluster`")
        }
        Err(refused @ LockRefused::DoesNotExclude { .. }) => {
            let mend = "connect to one server, its primary, without a pooler or splitter of \
                        statements between";
            failure(NAME, "no", &refused.to_string(), mend)
        }
    }
}

fn proven(kind: LockKind) -> &'static str {
    match kind {
        LockKind::Named => {
            "a second session is turned away at once and told who has the lock, and it is let in \
             when the first is killed"
        }
        LockKind::Lease => {
            "a second session is turned away and told who has the lease, is let in when it is \
             freed, and the first can then not renew it"
        }
    }
}
