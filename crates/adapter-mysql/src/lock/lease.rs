//! A lock that is a row: its holder renews it, and who is late finds itself fenced.
//!
//! All times are the server's. It works where named locks mean nothing, since it rests on commits
//! alone: a row that was changed counts when COMMIT was answered.

use std::time::Duration;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use diesel_async::{AsyncMysqlConnection, RunQueryDsl, SimpleAsyncConnection};
use postonce_domain::CompanyFile;
use postonce_ports::lock::{LockAnswer, LockError, LockState};

use super::keeper::{Hold, Kept, Raised};
use super::line::Line;
use super::watch::{Watch, boot};
use super::{LONGEST, epoch, failed, holder, is_in_the_way, named, unavailable, whole};
use crate::LockOptions;
use crate::error::{Trouble, classify};
use crate::session::Target;

/// How often the lease is tried to be taken while others are in the way.
const TRIES: u32 = 5;

/// How long a lease that nobody needs any more may take to be freed. Else it runs out.
const FREE_LIMIT: Duration = Duration::from_secs(5);

/// Microseconds since 1970, by the server's clock, as of the beginning of the statement.
const NOW: &str = "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))";

/// Whether a lease has not run out. One that lasts far longer than any may is from before the
/// server's clock was set back, and its holder, if there is one, writes a new end with its next
/// heartbeat. Twice as long, since a statement that waited for the row has an older time than the
/// lease that it then sees.
fn live() -> String {
    let far = whole(LONGEST.as_micros()) * 2;
    format!("(expires_at > {NOW} AND expires_at <= {NOW} + {far})")
}

/// A lease, or the wish for one.
#[derive(Clone)]
pub(crate) struct Lease {
    pub(crate) name: String,
    /// Differs with each hold.
    pub(crate) owner: String,
    pub(crate) timeout: Duration,
}

/// What a try to take a lease saw.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taking {
    /// It is ours, and how often the lease was taken so far.
    Taken { fence: i64 },
    /// Somebody else has it.
    Busy { owner: String },
    /// It was neither; to be looked at again.
    Again,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Nullable<Text>)]
    owner: Option<String>,
    #[diesel(sql_type = BigInt)]
    fence: i64,
    #[diesel(sql_type = Bool)]
    live: bool,
}

async fn look(
    conn: &mut AsyncMysqlConnection,
    name: &str,
    locking: &str,
) -> QueryResult<Option<Row>> {
    let sql = format!(
        "SELECT owner, fence, (owner IS NOT NULL AND {}) AS live \
         FROM postonce_lease WHERE name = ? {locking}",
        live()
    );
    diesel::sql_query(sql).bind::<Text, _>(name).get_result(conn).await.optional()
}

impl Lease {
    /// Takes the lease in one transaction, if it is free.
    pub(crate) async fn take(&self, conn: &mut AsyncMysqlConnection) -> QueryResult<Taking> {
        conn.batch_execute("START TRANSACTION").await?;
        let taking = self.take_within(conn).await?;
        conn.batch_execute("COMMIT").await?;
        Ok(taking)
    }

    async fn take_within(&self, conn: &mut AsyncMysqlConnection) -> QueryResult<Taking> {
        let sql = format!(
            "UPDATE postonce_lease SET owner = ?, fence = fence + 1, taken_at = {NOW}, \
             expires_at = {NOW} + ? \
             WHERE name = ? AND (owner IS NULL OR NOT {})",
            live()
        );
        let taken = diesel::sql_query(sql)
            .bind::<Text, _>(&self.owner)
            .bind::<BigInt, _>(self.micros())
            .bind::<Text, _>(&self.name)
            .execute(conn)
            .await?;
        // The second look: what this transaction would commit is ours, and no one else's.
        match look(conn, &self.name, "FOR UPDATE").await? {
            Some(row) if taken == 1 && row.owner.as_ref() == Some(&self.owner) => {
                Ok(Taking::Taken { fence: row.fence })
            }
            Some(Row { owner: Some(owner), live: true, .. }) => Ok(Taking::Busy { owner }),
            Some(_) => Ok(Taking::Again),
            None => {
                let sql = "\
                    INSERT INTO postonce_lease (name, fence, taken_at, expires_at) \
                    VALUES (?, 0, 0, 0) ON DUPLICATE KEY UPDATE fence = fence";
                diesel::sql_query(sql).bind::<Text, _>(&self.name).execute(conn).await?;
                Ok(Taking::Again)
            }
        }
    }

    /// Prolongs the lease if it is ours and did not run out; whether it was.
    pub(crate) async fn renew(
        &self,
        conn: &mut AsyncMysqlConnection,
        fence: i64,
    ) -> QueryResult<bool> {
        self.change(conn, fence, &format!("expires_at = {NOW} + {}", self.micros())).await
    }

    /// Frees the lease if it is ours and did not run out; whether it was.
    pub(crate) async fn free(
        &self,
        conn: &mut AsyncMysqlConnection,
        fence: i64,
    ) -> QueryResult<bool> {
        self.change(conn, fence, "owner = NULL, expires_at = 0").await
    }

    async fn change(
        &self,
        conn: &mut AsyncMysqlConnection,
        fence: i64,
        set: &str,
    ) -> QueryResult<bool> {
        let sql = format!(
            "UPDATE postonce_lease SET {set} \
             WHERE name = ? AND owner = ? AND fence = ? AND expires_at > {NOW}"
        );
        let changed = diesel::sql_query(sql)
            .bind::<Text, _>(&self.name)
            .bind::<Text, _>(&self.owner)
            .bind::<BigInt, _>(fence)
            .execute(conn)
            .await?;
        Ok(changed == 1)
    }

    fn micros(&self) -> i64 {
        whole(self.timeout.as_micros())
    }
}

/// Takes the run lock, if it is free.
pub(super) async fn try_acquire(
    target: &Target,
    options: &LockOptions,
) -> Result<LockAnswer, LockError> {
    let mut line = Line::watched(target, options.timeout).await?;
    let token = named::token(&mut line).await.map_err(|error| failed(target, error))?;
    let owner = format!("lease {} {token}", options.name);
    let lease = Lease { name: options.name.clone(), owner, timeout: options.timeout };
    for _ in 0..TRIES {
        let sent = boot();
        let taking = match lease.take(&mut line).await {
            Ok(taking) => taking,
            // Another won, here or on another member of the cluster. It is rolled back.
            Err(error) if is_in_the_way(&error) => {
                let rolled_back = line.batch_execute("ROLLBACK").await;
                rolled_back.map_err(|error| failed(target, error))?;
                Taking::Again
            }
            Err(error) => {
                // COMMIT may have been sent, so it is read back on a new connection.
                let error = failed(target, error);
                line = Line::watched(target, options.timeout).await?;
                match look(&mut line, &lease.name, "FOR UPDATE").await {
                    Ok(Some(row)) if row.owner.as_ref() == Some(&lease.owner) => {
                        Taking::Taken { fence: row.fence }
                    }
                    Ok(_) | Err(_) => return Err(error),
                }
            }
        };
        match taking {
            Taking::Taken { fence } => {
                let (owner, watch) = (lease.owner.clone(), Watch::new(boot, lease.timeout, sent));
                let hold = LeaseHold {
                    lease,
                    fence,
                    target: target.clone(),
                    line: Some(line),
                    over: false,
                };
                let kept = Kept::keep(hold, watch, None, owner, None);
                return Ok(LockAnswer::Acquired(Box::new(kept)));
            }
            Taking::Busy { owner } => {
                return Ok(LockAnswer::Busy(holder::run_of_owner(&mut line, &owner).await));
            }
            Taking::Again => {}
        }
    }
    Err(unavailable(format!("{target}: others were in the way of the lease; try again")))
}

/// Whether the lock is held, and by whom.
pub(super) async fn state(
    conn: &mut AsyncMysqlConnection,
    target: &Target,
    name: &str,
) -> Result<LockState, LockError> {
    match look(conn, name, "").await.map_err(|error| failed(target, error))? {
        Some(Row { owner: Some(owner), live: true, .. }) => {
            Ok(LockState::Held(holder::run_of_owner(conn, &owner).await))
        }
        Some(_) | None => Ok(LockState::Free),
    }
}

struct LeaseHold {
    lease: Lease,
    fence: i64,
    target: Target,
    /// None after trouble. The lease is not the connection's, so the next one does as well.
    line: Option<Line>,
    /// It was freed, or found to be another's.
    over: bool,
}

impl LeaseHold {
    async fn line(&mut self) -> Result<&mut Line, LockError> {
        let line = match self.line.take() {
            Some(line) => line,
            None => Line::watched(&self.target, self.lease.timeout).await?,
        };
        Ok(self.line.insert(line))
    }

    /// Whether a change of the row met it; if not, the lease is another's.
    fn met(&mut self, changed: QueryResult<bool>) -> Result<(), LockError> {
        match changed {
            Ok(true) => Ok(()),
            Ok(false) => {
                self.over = true;
                Err(LockError::Lost)
            }
            Err(error) => {
                self.line = None;
                Err(failed(&self.target, error))
            }
        }
    }

    async fn raise(
        &mut self,
        company_file: &CompanyFile,
    ) -> Result<QueryResult<Raised>, LockError> {
        let (lease, fence) = (self.lease.clone(), self.fence);
        let conn: &mut AsyncMysqlConnection = self.line().await?;
        let raised = async {
            conn.batch_execute("START TRANSACTION").await?;
            // The row of the lease is written in the same transaction, so that whoever takes it
            // meanwhile on another member of a cluster excludes this one at COMMIT.
            if !lease.renew(conn, fence).await? {
                return Ok(None);
            }
            epoch::raise(conn, company_file).await?;
            let raised = epoch::read_back(conn, company_file).await?;
            conn.batch_execute("COMMIT").await?;
            Ok(Some(raised))
        };
        match raised.await {
            Ok(Some(epoch)) => Ok(Ok(Raised::To(epoch))),
            Ok(None) => {
                self.over = true;
                Err(LockError::Lost)
            }
            Err(error) => Ok(Err(error)),
        }
    }
}

#[async_trait]
impl Hold for LeaseHold {
    async fn prove(&mut self) -> Result<(), LockError> {
        let (lease, fence) = (self.lease.clone(), self.fence);
        let changed = lease.renew(self.line().await?, fence).await;
        self.met(changed)
    }

    async fn raise_epoch(&mut self, company_file: &CompanyFile) -> Result<Raised, LockError> {
        let error = match self.raise(company_file).await? {
            Ok(raised) => return Ok(raised),
            Err(error) => error,
        };
        // Where the transaction stands is not known: the next one has a connection of its own. An
        // epoch that was raised without an answer is raised once more.
        self.line = None;
        let is_worth_it = is_in_the_way(&error) || classify(&error) == Trouble::Lost;
        let error = failed(&self.target, error);
        if is_worth_it { Ok(Raised::Blocked(error)) } else { Err(error) }
    }

    async fn free(&mut self) -> Result<(), LockError> {
        let (lease, fence) = (self.lease.clone(), self.fence);
        let changed = lease.free(self.line().await?, fence).await;
        self.met(changed)?;
        self.over = true;
        Ok(())
    }

    fn broken_off(&mut self) -> bool {
        self.line = None;
        true
    }

    fn abandon(mut self) {
        if !self.over {
            drop(tokio::spawn(async move {
                // There is nobody to tell if that fails: it runs out.
                drop(tokio::time::timeout(FREE_LIMIT, self.free()).await);
            }));
        }
    }
}
