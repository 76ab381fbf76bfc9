//! Whether the lock excludes, tried on the real endpoint before anybody relies on it.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::{AsyncMysqlConnection, RunQueryDsl, SimpleAsyncConnection};
use postonce_ports::lock::LockError;
use tokio::time::timeout;

use crate::lock::lease::{Lease, Taking};
use crate::lock::line::Line;
use crate::lock::named::{NamedSession, token};
use crate::lock::{check, failed, is_in_the_way};
use crate::session::Target;
use crate::variables::Variables;
use crate::{LockKind, LockOptions, MysqlStore};

/// How long a server may take to say that a lock is held.
const AT_ONCE: Duration = Duration::from_secs(5);

/// For how many seconds it is waited until the lock of a session that ended is free.
const FREED_WITHIN: u32 = 10;

/// How often the lease of the probe is tried to be taken: members of a cluster see each other's
/// commits a little later.
const TRIES: u32 = 200;

/// Why no run may start with this lock.
#[derive(Debug, thiserror::Error)]
pub enum LockRefused {
    /// Two sessions that should exclude each other do not.
    #[error(
        "the run lock does not exclude: {why}; connect to one server, its primary, without a pooler \
         or splitter of statements between, or set lock.kind = \"lease\""
    )]
    DoesNotExclude {
        /// What was seen.
        why: String,
    },
    /// Named locks exclude on one server only, and this is one of several.
    #[error(
        "named locks mean nothing on {server}: each member grants them for itself; set lock.kind = \
         \"lease\", or lock.single_writer = true if every process connects to the same member"
    )]
    ManyServers {
        /// What kind of server.
        server: &'static str,
    },
    /// It could not be tried.
    #[error(transparent)]
    Lock(#[from] LockError),
}

/// How the session that has the lock is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Its connection is closed.
    Closed,
    /// The other one kills it.
    Killed,
}

impl MysqlStore {
    /// Tries the lock on two connections, under a name of its own, and refuses one that does not
    /// exclude.
    pub async fn prove_lock(&self) -> Result<(), LockRefused> {
        prove(&self.inner.target, &self.inner.lock, Ending::Closed).await
    }
}

/// The same for whoever has no store.
pub(crate) async fn prove(
    target: &Target,
    options: &LockOptions,
    ending: Ending,
) -> Result<(), LockRefused> {
    check(options)?;
    match options.kind {
        LockKind::Named => prove_named(target, options, ending).await,
        LockKind::Lease => prove_lease(target, options).await,
    }
}

/// The settings that tell of many servers in one.
pub(crate) const CLUSTER: [&str; 4] =
    ["version", "version_comment", "wsrep_on", "group_replication_group_name"];

/// What kind of many servers in one this is, if it is one.
pub(crate) fn cluster(settings: &Variables) -> Option<&'static str> {
    let said = |word: &str| {
        ["version", "version_comment"]
            .iter()
            .any(|name| settings.get(name).is_some_and(|value| value.contains(word)))
    };
    if settings.is_on("wsrep_on") {
        return Some("Galera");
    }
    if settings.filled("group_replication_group_name").is_some() {
        return Some("Group Replication");
    }
    ["TiDB", "Vitess"].into_iter().find(|word| said(word))
}

async fn prove_named(
    target: &Target,
    options: &LockOptions,
    ending: Ending,
) -> Result<(), LockRefused> {
    let mut first = NamedSession::open(target, options.timeout).await?;
    let mut second = NamedSession::open(target, options.timeout).await?;
    if let Some(server) = cluster(&first.settings(&CLUSTER).await?)
        && !options.single_writer
    {
        return Err(LockRefused::ManyServers { server });
    }
    let digits: String = first.token().await?.chars().take(8).collect();
    let name = format!("postonce_probe_{digits}");
    let refuse = |why: &str| LockRefused::DoesNotExclude { why: why.to_owned() };
    if !first.take(&name, 0).await? {
        return Err(refuse("a lock that nobody has is not given"));
    }
    let Ok(taken) = timeout(AT_ONCE, second.take(&name, 0)).await else {
        return Err(refuse("a lock that is held is waited for, though nobody asked to"));
    };
    if taken? {
        return Err(refuse("two sessions have the same lock"));
    }
    let (id, seen) = (first.id, [first.owner(&name).await?, second.owner(&name).await?]);
    if seen != [Some(id), Some(id)] {
        return Err(refuse("it is not told which session has a lock"));
    }
    match ending {
        Ending::Closed => drop(first),
        Ending::Killed => second.kill(id).await?,
    }
    if second.take(&name, FREED_WITHIN).await? {
        return Ok(());
    }
    Err(refuse("the lock of a session that ended is held still"))
}

async fn prove_lease(target: &Target, options: &LockOptions) -> Result<(), LockRefused> {
    let mut first = Line::open(target).await?;
    let mut second = Line::open(target).await?;
    let driver = |error| failed(target, error);
    let tokens =
        [token(&mut first).await.map_err(driver)?, token(&mut second).await.map_err(driver)?];
    let digits: String = tokens[0].chars().take(8).collect();
    let name = format!("postonce_probe_{digits}");
    let [one, two] =
        tokens.map(|owner| Lease { name: name.clone(), owner, timeout: options.timeout });
    let proven = exclude(&mut first, &mut second, [&one, &two]).await;
    let swept = diesel::sql_query("DELETE FROM postonce_lease WHERE name = ?")
        .bind::<Text, _>(&name)
        .execute(&mut *first)
        .await;
    let why = proven.map_err(driver)?;
    swept.map_err(driver)?;
    match why {
        None => Ok(()),
        Some(why) => Err(LockRefused::DoesNotExclude { why: why.to_owned() }),
    }
}

/// What is wrong with the leases of one row on two connections; `None` if nothing is.
async fn exclude(
    first: &mut AsyncMysqlConnection,
    second: &mut AsyncMysqlConnection,
    [one, two]: [&Lease; 2],
) -> QueryResult<Option<&'static str>> {
    let Taking::Taken { fence } = take(first, one).await? else {
        return Ok(Some("a lease that nobody has is not given"));
    };
    match take(second, two).await? {
        Taking::Busy { owner } if owner == one.owner => {}
        Taking::Busy { .. } | Taking::Again => {
            return Ok(Some("it is not told who has a lease"));
        }
        Taking::Taken { .. } => return Ok(Some("two sessions have the same lease")),
    }
    if !one.free(first, fence).await? {
        return Ok(Some("a lease is lost while it is held"));
    }
    let mut taken = Taking::Again;
    for _ in 0..TRIES {
        taken = take(second, two).await?;
        if matches!(taken, Taking::Taken { .. }) {
            break;
        }
    }
    if !matches!(taken, Taking::Taken { fence: next } if next > fence) {
        return Ok(Some("a lease that was freed is held still"));
    }
    if one.renew(first, fence).await? {
        return Ok(Some("a lease can be renewed by whoever had it before"));
    }
    Ok(None)
}

async fn take(conn: &mut AsyncMysqlConnection, lease: &Lease) -> QueryResult<Taking> {
    let mut taking = Ok(Taking::Again);
    for _ in 0..TRIES {
        taking = lease.take(conn).await;
        match &taking {
            Ok(Taking::Again) => {}
            Err(error) if is_in_the_way(error) => {
                conn.batch_execute("ROLLBACK").await?;
            }
            Ok(_) | Err(_) => break,
        }
    }
    taking
}
