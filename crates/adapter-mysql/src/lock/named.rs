//! A lock of the server, by `GET_LOCK`: it dies with its session.

use std::time::Duration;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text, Unsigned};
use diesel_async::{AsyncMysqlConnection, RunQueryDsl, SimpleAsyncConnection};
use postonce_domain::CompanyFile;
use postonce_ports::lock::{LockAnswer, LockError, LockState};

use super::keeper::{Hold, Kept, Raised};
use super::line::Line;
use super::local::Reserved;
use super::watch::{Watch, boot};
use super::{epoch, failed, holder, is_in_the_way, local, unavailable};
use crate::LockOptions;
use crate::identity::identity;
use crate::session::Target;
use crate::variables::Variables;

/// A session that has named locks, and nothing else to do.
pub(crate) struct NamedSession {
    line: Line,
    target: Target,
    /// The server's id of it.
    pub(crate) id: u64,
    timeout: Duration,
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = Unsigned<BigInt>)]
    id: u64,
}

/// What a function of the server said; NULL is none of its answers.
#[derive(QueryableByName)]
struct Said {
    #[diesel(sql_type = Nullable<BigInt>)]
    said: Option<i64>,
}

#[derive(QueryableByName)]
struct Owner {
    #[diesel(sql_type = Nullable<Unsigned<BigInt>>)]
    owner: Option<u64>,
}

#[derive(QueryableByName)]
struct Token {
    #[diesel(sql_type = Text)]
    token: String,
}

impl NamedSession {
    /// Opens a session that the server ends after `timeout` without a statement, which frees its
    /// locks.
    pub(crate) async fn open(target: &Target, timeout: Duration) -> Result<Self, LockError> {
        let mut line = Line::watched(target, timeout).await?;
        let id = diesel::sql_query("SELECT CAST(CONNECTION_ID() AS UNSIGNED) AS id");
        let id: Id = id.get_result(&mut *line).await.map_err(|error| failed(target, error))?;
        Ok(Self { line, target: target.clone(), id: id.id, timeout })
    }

    /// Which server it is a session of.
    async fn server(&mut self) -> Result<String, LockError> {
        identity(&mut self.line).await.map_err(|error| failed(&self.target, error))
    }

    /// Settings of its server.
    pub(crate) async fn settings(&mut self, names: &[&str]) -> Result<Variables, LockError> {
        let settings = Variables::global(&mut self.line, names).await;
        settings.map_err(|error| failed(&self.target, error))
    }

    /// Ends another session.
    pub(crate) async fn kill(&mut self, id: u64) -> Result<(), LockError> {
        let killed = self.line.batch_execute(&format!("KILL {id}")).await;
        killed.map_err(|error| failed(&self.target, error))
    }

    /// Takes a lock, or waits for it for whole seconds; whether it did.
    pub(crate) async fn take(&mut self, name: &str, seconds: u32) -> Result<bool, LockError> {
        let query = diesel::sql_query("SELECT CAST(GET_LOCK(?, ?) AS SIGNED) AS said")
            .bind::<Text, _>(name)
            .bind::<Unsigned<BigInt>, _>(u64::from(seconds));
        let said: Said =
            query.get_result(&mut *self.line).await.map_err(|it| failed(&self.target, it))?;
        match said.said {
            Some(1) => Ok(true),
            Some(0) => Ok(false),
            other => {
                let what = other.map_or("NULL".to_owned(), |it| it.to_string());
                let target = &self.target;
                Err(unavailable(format!("{target}: GET_LOCK answered {what}; try again")))
            }
        }
    }

    /// Which session has a lock.
    pub(crate) async fn owner(&mut self, name: &str) -> Result<Option<u64>, LockError> {
        owner(&mut self.line, name).await.map_err(|error| failed(&self.target, error))
    }

    /// Frees a lock; whether this session had it.
    async fn free(&mut self, name: &str) -> QueryResult<bool> {
        let query = diesel::sql_query("SELECT CAST(RELEASE_LOCK(?) AS SIGNED) AS said");
        let said: Said = query.bind::<Text, _>(name).get_result(&mut *self.line).await?;
        Ok(said.said == Some(1))
    }

    /// A text that nobody else has.
    pub(crate) async fn token(&mut self) -> Result<String, LockError> {
        token(&mut self.line).await.map_err(|error| failed(&self.target, error))
    }

    /// Keeps a lock that this session has taken by a statement sent at `sent`.
    pub(crate) fn keep(
        self,
        name: &str,
        owner: String,
        sent: Duration,
        reserved: Option<Reserved>,
    ) -> Kept {
        let (id, watch) = (self.id, Watch::new(boot, self.timeout, sent));
        let hold = NamedHold { session: self, name: name.to_owned(), busy: false };
        Kept::keep(hold, watch, reserved, owner, Some(id))
    }
}

pub(crate) async fn token(conn: &mut AsyncMysqlConnection) -> QueryResult<String> {
    let row: Token = diesel::sql_query("SELECT UUID() AS token").get_result(conn).await?;
    Ok(row.token)
}

async fn owner(conn: &mut AsyncMysqlConnection, name: &str) -> QueryResult<Option<u64>> {
    let query = diesel::sql_query("SELECT CAST(IS_USED_LOCK(?) AS UNSIGNED) AS owner");
    let row: Owner = query.bind::<Text, _>(name).get_result(conn).await?;
    Ok(row.owner)
}

/// How the owner of every hold of a lock begins, in the row of its run.
fn owner_prefix(name: &str) -> String {
    format!("named {name} ")
}

/// Takes the run lock, if it is free.
pub(super) async fn try_acquire(
    target: &Target,
    options: &LockOptions,
) -> Result<LockAnswer, LockError> {
    let mut session = NamedSession::open(target, options.timeout).await?;
    let server = session.server().await?;
    let reserved = local::reserve(&server, &options.name);
    let sent = boot();
    if reserved.is_some() && session.take(&options.name, 0).await? {
        let owner = format!("{}{}", owner_prefix(&options.name), session.token().await?);
        let kept = session.keep(&options.name, owner, sent, reserved);
        return Ok(LockAnswer::Acquired(Box::new(kept)));
    }
    match state(&mut session.line, target, &options.name).await? {
        LockState::Held(holder) => Ok(LockAnswer::Busy(holder)),
        // It was freed after we asked for it.
        LockState::Free => Ok(LockAnswer::Busy(None)),
    }
}

/// Whether the lock is held, and by whom.
pub(super) async fn state(
    conn: &mut AsyncMysqlConnection,
    target: &Target,
    name: &str,
) -> Result<LockState, LockError> {
    let driver = |error| failed(target, error);
    let mut session = owner(conn, name).await.map_err(driver)?;
    while let Some(id) = session {
        let holder = holder::of_session(conn, id, &owner_prefix(name)).await;
        // Who was found is named only if it is still the owner after that.
        session = owner(conn, name).await.map_err(driver)?;
        if session == Some(id) {
            return Ok(LockState::Held(Some(holder)));
        }
    }
    Ok(LockState::Free)
}

struct NamedHold {
    session: NamedSession,
    name: String,
    /// A statement was broken off and may still run on the server.
    busy: bool,
}

impl NamedHold {
    async fn raise(&mut self, company_file: &CompanyFile) -> QueryResult<Option<Raised>> {
        let conn = &mut *self.session.line;
        conn.batch_execute("START TRANSACTION").await?;
        if epoch::raise_while_held(conn, company_file, &self.name).await? == 0 {
            return Ok(None);
        }
        let raised = epoch::read_back(conn, company_file).await?;
        conn.batch_execute("COMMIT").await?;
        Ok(Some(Raised::To(raised)))
    }
}

#[async_trait]
impl Hold for NamedHold {
    async fn prove(&mut self) -> Result<(), LockError> {
        match owner(&mut self.session.line, &self.name).await {
            Ok(Some(id)) if id == self.session.id => Ok(()),
            Ok(_) | Err(_) => Err(LockError::Lost),
        }
    }

    async fn raise_epoch(&mut self, company_file: &CompanyFile) -> Result<Raised, LockError> {
        let error = match self.raise(company_file).await {
            Ok(raised) => return raised.ok_or(LockError::Lost),
            Err(error) => error,
        };
        // A session that takes a statement is the same one, with its lock.
        let rolled_back = self.session.line.batch_execute("ROLLBACK").await;
        rolled_back.map_err(|_gone| LockError::Lost)?;
        let is_in_the_way = is_in_the_way(&error);
        let error = failed(&self.session.target, error);
        if is_in_the_way { Ok(Raised::Blocked(error)) } else { Err(error) }
    }

    async fn free(&mut self) -> Result<(), LockError> {
        match self.session.free(&self.name).await {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(LockError::Lost),
        }
    }

    fn broken_off(&mut self) -> bool {
        self.busy = true;
        false
    }

    fn abandon(self) {
        if self.busy {
            // The server goes on with a statement whose client is gone, and keeps the lock so long.
            let Self { session, name, .. } = self;
            drop(tokio::spawn(kill(session.target.clone(), session.id, name)));
        }
        // The connection is closed with this, whatever happened on it.
    }
}

/// Ends a session that still has the lock. There is nobody to tell if that fails: the server ends
/// it too, later.
async fn kill(target: Target, id: u64, name: String) {
    let Ok(mut line) = Line::open(&target).await else { return };
    // The id may be another session's by now, after a restart. Who has the lock is the one.
    if owner(&mut line, &name).await == Ok(Some(id)) {
        drop(line.batch_execute(&format!("KILL {id}")).await);
    }
}
