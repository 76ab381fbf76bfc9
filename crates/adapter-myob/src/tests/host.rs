//! Time, ids, tokens and claims that tests own.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use postonce_domain::{ClaimId, CompanyFile, CustomerCode, InstallationId};
use postonce_ports::access::{Access, AccessStore, Ask, NewTokens, Turn};
use postonce_ports::clock::{Clock, Ids};
use postonce_ports::customer::{CustomerAbsence, CustomerClaim, CustomerClaims};
use postonce_ports::error::StoreError;
use postonce_ports::token::{RefreshToken, Rotated, TokenStore};
use uuid::Uuid;

/// A clock on which a sleep is over at once.
#[derive(Debug, Default)]
pub(crate) struct TestClock {
    boot: Mutex<Duration>,
}

impl TestClock {
    pub(crate) fn advance(&self, time: Duration) {
        *self.boot.lock().unwrap() += time;
    }
}

#[async_trait]
impl Clock for TestClock {
    fn boot(&self) -> Duration {
        *self.boot.lock().unwrap()
    }

    fn wall(&self) -> Timestamp {
        let start = Timestamp::from_second(1_700_000_000).unwrap();
        start + SignedDuration::try_from(self.boot()).unwrap()
    }

    async fn sleep(&self, time: Duration) {
        self.advance(time);
        tokio::task::yield_now().await;
    }
}

/// Ids that count.
#[derive(Debug, Default)]
pub(crate) struct TestIds(AtomicU64);

impl TestIds {
    fn next(&self) -> Uuid {
        Uuid::from_u128(u128::from(self.0.fetch_add(1, Ordering::SeqCst)) + 1)
    }
}

impl Ids for TestIds {
    fn claim_id(&self) -> ClaimId {
        ClaimId(self.next())
    }

    fn installation_id(&self) -> InstallationId {
        InstallationId(self.next())
    }
}

/// One token, for every company file.
#[derive(Debug, Default)]
pub(crate) struct TestTokens {
    token: Mutex<Option<RefreshToken>>,
    /// How many writes fail.
    pub(crate) breaks: AtomicU32,
    /// What another process has got.
    pub(crate) theirs: Mutex<Option<Access>>,
    /// How often it is still another one's turn.
    pub(crate) busy: AtomicU32,
    /// Whether another one's turn ran out.
    pub(crate) left_behind: AtomicBool,
    /// Whether our turn goes on.
    pub(crate) ours: AtomicBool,
    /// The last access token that was to be kept.
    pub(crate) kept: Mutex<String>,
    /// What was refused.
    pub(crate) refused: Mutex<Vec<i64>>,
}

impl TestTokens {
    pub(crate) fn put(&self, secret: &str, version: i64) {
        *self.token.lock().unwrap() = Some(RefreshToken { secret: secret.to_owned(), version });
    }

    pub(crate) fn secret(&self) -> Option<String> {
        self.token.lock().unwrap().clone().map(|token| token.secret)
    }
}

#[async_trait]
impl TokenStore for TestTokens {
    async fn token(&self, _: &CompanyFile) -> Result<Option<RefreshToken>, StoreError> {
        Ok(self.token.lock().unwrap().clone())
    }

    async fn rotate(
        &self,
        _: &CompanyFile,
        version: i64,
        secret: &str,
    ) -> Result<Rotated, StoreError> {
        let left = self.breaks.load(Ordering::SeqCst);
        if left > 0 {
            self.breaks.store(left - 1, Ordering::SeqCst);
            return Err(StoreError::unavailable("broken"));
        }
        let mut token = self.token.lock().unwrap();
        match token.as_ref() {
            Some(theirs) if theirs.version != version => Ok(Rotated::Overtaken(theirs.clone())),
            Some(_) | None => {
                let version = version + 1;
                *token = Some(RefreshToken { secret: secret.to_owned(), version });
                Ok(Rotated::Stored(version))
            }
        }
    }
}

#[async_trait]
impl AccessStore for TestTokens {
    async fn turn<'a>(&self, _: &CompanyFile, _: Ask<'a>) -> Result<Turn, StoreError> {
        if let Some(access) = self.theirs.lock().unwrap().clone() {
            return Ok(Turn::Fresh(access));
        }
        let busy = self.busy.load(Ordering::SeqCst);
        if busy > 0 {
            self.busy.store(busy - 1, Ordering::SeqCst);
            return Ok(Turn::Theirs { again_in: Duration::from_secs(30) });
        }
        self.ours.store(true, Ordering::SeqCst);
        let token = self.token.lock().unwrap().clone();
        Ok(Turn::Ours { token, left_behind: self.left_behind.load(Ordering::SeqCst) })
    }

    async fn granted(
        &self,
        file: &CompanyFile,
        _: &str,
        new: &NewTokens,
    ) -> Result<Rotated, StoreError> {
        new.access.clone_into(&mut self.kept.lock().unwrap());
        self.rotate(file, new.version, &new.refresh).await
    }

    async fn give_up(&self, _: &CompanyFile, _: &str) -> Result<(), StoreError> {
        self.ours.store(false, Ordering::SeqCst);
        Ok(())
    }

    async fn refused(&self, _: &CompanyFile, version: i64) -> Result<(), StoreError> {
        self.refused.lock().unwrap().push(version);
        Ok(())
    }
}

/// Claims on customers; the second miss proves absence.
#[derive(Debug, Default)]
pub(crate) struct TestClaims {
    open: Mutex<BTreeMap<CustomerCode, u32>>,
}

impl TestClaims {
    pub(crate) fn open(&self) -> usize {
        self.open.lock().unwrap().len()
    }
}

#[async_trait]
impl CustomerClaims for TestClaims {
    async fn claim_customer(
        &self,
        _: &CompanyFile,
        code: &CustomerCode,
        _: ClaimId,
        _: Duration,
    ) -> Result<CustomerClaim, StoreError> {
        let mut open = self.open.lock().unwrap();
        if open.contains_key(code) {
            return Ok(CustomerClaim::Open);
        }
        open.insert(code.clone(), 0);
        Ok(CustomerClaim::Granted)
    }

    async fn release_customer(
        &self,
        _: &CompanyFile,
        code: &CustomerCode,
    ) -> Result<(), StoreError> {
        self.open.lock().unwrap().remove(code);
        Ok(())
    }

    async fn customer_missed(
        &self,
        _: &CompanyFile,
        code: &CustomerCode,
        _: Duration,
    ) -> Result<CustomerAbsence, StoreError> {
        let mut open = self.open.lock().unwrap();
        let missed = open.entry(code.clone()).or_default();
        *missed += 1;
        if *missed < 2 {
            return Ok(CustomerAbsence::Unproven);
        }
        open.remove(code);
        Ok(CustomerAbsence::Proven)
    }
}
