//! Whether the run lock excludes here, tried on two sessions, and is the one that all have.

use diesel::{OptionalExtension as _, QueryDsl as _};
use diesel_async::{AsyncMysqlConnection, RunQueryDsl as _};
use postonce_ports::checkup::Finding;

use super::{failure, fine, unseen, warning};
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

/// Whether other processes on this database are configured for the same lock.
pub(super) async fn agreed(conn: &mut AsyncMysqlConnection, wanted: &LockOptions) -> Finding {
    use postonce_store_rows::schema::postonce_sync_lock as lock;
    const NAME: &str = "lock_settings";
    let known = lock::table.select((lock::kind, lock::name));
    let known: Option<(String, String)> = match known.first(conn).await.optional() {
        Ok(known) => known,
        Err(error) => return unseen(NAME, &error),
    };
    let kind = match wanted.kind {
        LockKind::Named => "named",
        LockKind::Lease => "lease",
    };
    let Some((known_kind, known_name)) = known else {
        let meaning = "the first run keeps kind and name of the lock, for all others";
        return fine(NAME, "not kept yet", meaning);
    };
    let value = format!("{known_kind} {known_name}");
    if known_kind == kind && known_name == wanted.name {
        return fine(NAME, value, "all processes on this database have the same lock");
    }
    let name = &wanted.name;
    let meaning = format!(
        "the runs of this database exclude each other by that; this process is configured for \
         {kind} {name}, and its runs are refused"
    );
    let mend = format!("set lock.kind = \"{known_kind}\" and lock.name = \"{known_name}\"");
    failure(NAME, &value, &meaning, &mend)
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
