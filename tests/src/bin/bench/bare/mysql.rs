//! The bare loop on MariaDB: a pool of sessions without autocommit.

mod sent;

use std::sync::Mutex;

use anyhow::{Context as _, Result};
use async_trait::async_trait;
use diesel_async::{AsyncConnection as _, AsyncMysqlConnection, SimpleAsyncConnection as _};
use tokio::sync::Semaphore;

use super::{Claim, Due, Outcome, Statements};

/// As many as the adapter has.
const SESSIONS: usize = 16;

/// As the adapter sets its sessions up.
const SETTINGS: [&str; 3] = [
    "SET time_zone = '+00:00', lc_messages = 'en_US', innodb_lock_wait_timeout = 5, \
     sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,\
NO_ENGINE_SUBSTITUTION', group_concat_max_len = 1048576",
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    "SET autocommit = 0",
];

/// Sessions that are kept between transactions.
pub(crate) struct OnMysql {
    url: String,
    permits: Semaphore,
    idle: Mutex<Vec<AsyncMysqlConnection>>,
}

impl OnMysql {
    pub(crate) fn new(url: String) -> Self {
        Self { url, permits: Semaphore::new(SESSIONS), idle: Mutex::default() }
    }

    async fn session(&self) -> Result<AsyncMysqlConnection> {
        let kept = self.idle.lock().ok().context("a worker panicked")?.pop();
        if let Some(kept) = kept {
            return Ok(kept);
        }
        let mut session = AsyncMysqlConnection::establish(&self.url).await?;
        for setting in SETTINGS {
            session.batch_execute(setting).await?;
        }
        Ok(session)
    }

    async fn end(&self, mut session: AsyncMysqlConnection, words: &str) -> Result<()> {
        session.batch_execute(words).await?;
        self.idle.lock().ok().context("a worker panicked")?.push(session);
        Ok(())
    }
}

#[async_trait]
impl Statements for OnMysql {
    async fn page(&self, after: i64) -> Result<Vec<Due>> {
        let _permit = self.permits.acquire().await?;
        let mut session = self.session().await?;
        let page = sent::page(&mut session, after).await?;
        self.end(session, "ROLLBACK").await?;
        Ok(page)
    }

    async fn claim(&self, claim: Claim) -> Result<()> {
        let _permit = self.permits.acquire().await?;
        let mut session = self.session().await?;
        let last = sent::claim(&mut session, &claim).await?;
        self.end(session, &format!("{last}; COMMIT")).await
    }

    async fn settle(&self, outcome: Outcome) -> Result<()> {
        let _permit = self.permits.acquire().await?;
        let mut session = self.session().await?;
        let last = sent::settle(&mut session, &outcome).await?;
        self.end(session, &format!("{last}; COMMIT")).await
    }
}
