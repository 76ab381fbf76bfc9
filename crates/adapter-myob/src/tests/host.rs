//! Time, ids, tokens and claims that tests own.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use postonce_domain::{
    ClaimId, CompanyFile, InstallationId, LedgerUid, MappingKey, MappingKind, MappingRow,
    MappingState,
};
use postonce_ports::access::{Access, AccessStore, Ask, NewTokens, Turn};
use postonce_ports::clock::{Clock, Ids};
use postonce_ports::creation::{CreationAbsence, CreationClaim, CreationClaims, OpenCreation};
use postonce_ports::error::StoreError;
use postonce_ports::mapping::{MappingChange, MappingStore, MappingWritten, WantedCode};
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

/// Claims on records; the second miss proves absence.
#[derive(Debug, Default)]
pub(crate) struct TestClaims {
    open: Mutex<BTreeMap<MappingKey, (ClaimId, u32)>>,
    /// How long searches that missed took.
    pub(crate) took: Mutex<Vec<Duration>>,
}

impl TestClaims {
    pub(crate) fn open(&self) -> usize {
        self.open.lock().unwrap().len()
    }

    /// A claim of another process.
    pub(crate) fn open_as(&self, key: MappingKey, claim: ClaimId) {
        self.open.lock().unwrap().insert(key, (claim, 0));
    }

    /// Takes off what there is, as a person does.
    pub(crate) fn clear(&self) {
        self.open.lock().unwrap().clear();
    }
}

#[async_trait]
impl CreationClaims for TestClaims {
    async fn claim_creation(
        &self,
        _: &CompanyFile,
        key: &MappingKey,
        claim: ClaimId,
        _: Duration,
    ) -> Result<CreationClaim, StoreError> {
        let mut open = self.open.lock().unwrap();
        if open.contains_key(key) {
            return Ok(CreationClaim::Open);
        }
        open.insert(key.clone(), (claim, 0));
        Ok(CreationClaim::Granted)
    }

    async fn release_creation(
        &self,
        _: &CompanyFile,
        key: &MappingKey,
        claim: ClaimId,
    ) -> Result<(), StoreError> {
        let mut open = self.open.lock().unwrap();
        if open.get(key).is_some_and(|(known, _)| *known == claim) {
            open.remove(key);
        }
        Ok(())
    }

    async fn creation_found(&self, _: &CompanyFile, key: &MappingKey) -> Result<bool, StoreError> {
        Ok(self.open.lock().unwrap().remove(key).is_some())
    }

    async fn creation_missed(
        &self,
        _: &CompanyFile,
        key: &MappingKey,
        took: Duration,
        _: Duration,
    ) -> Result<CreationAbsence, StoreError> {
        self.took.lock().unwrap().push(took);
        let mut open = self.open.lock().unwrap();
        let Some((_, missed)) = open.get_mut(key) else { return Ok(CreationAbsence::Unproven) };
        *missed += 1;
        if *missed < 2 {
            return Ok(CreationAbsence::Unproven);
        }
        open.remove(key);
        Ok(CreationAbsence::Proven)
    }

    async fn open_creations(&self) -> Result<Vec<OpenCreation>, StoreError> {
        let open = self.open.lock().unwrap();
        let since = Timestamp::UNIX_EPOCH;
        let shown = |(key, (claim, _)): (&MappingKey, &(ClaimId, u32))| OpenCreation {
            company_file: CompanyFile::parse("main").unwrap(),
            key: key.clone(),
            claim: *claim,
            since,
            quiet_until: since,
            missed_at: None,
        };
        Ok(open.iter().map(shown).collect())
    }
}

/// The rows of every company file.
#[derive(Debug, Default)]
pub(crate) struct TestMappings {
    rows: Mutex<BTreeMap<MappingKey, MappingRow>>,
    /// How often it was asked.
    pub(crate) asked: AtomicU32,
}

impl TestMappings {
    /// Maps a code, confirmed or to be reviewed.
    pub(crate) fn put_row(&self, kind: MappingKind, code: &str, uid: &str, state: MappingState) {
        let row = MappingRow {
            key: MappingKey::of(kind, code).unwrap(),
            uid: Some(LedgerUid::parse(uid).unwrap()),
            their_code: String::new(),
            their_name: String::new(),
            state,
            reason: "because".to_owned(),
            version: 1,
        };
        self.rows.lock().unwrap().insert(row.key.clone(), row);
    }

    /// The UID that a code is mapped to.
    pub(crate) fn uid(&self, kind: MappingKind, code: &str) -> Option<String> {
        let key = MappingKey::of(kind, code).unwrap();
        let rows = self.rows.lock().unwrap();
        rows.get(&key).and_then(|row| row.uid.as_ref()).map(ToString::to_string)
    }

    /// The rows that are to be reviewed.
    pub(crate) fn reviews(&self) -> Vec<String> {
        let rows = self.rows.lock().unwrap();
        let reviews = rows.values().filter(|row| row.state == MappingState::Review);
        reviews.map(|row| row.key.to_string()).collect()
    }
}

#[async_trait]
impl MappingStore for TestMappings {
    async fn rows(&self, _: &CompanyFile) -> Result<Vec<MappingRow>, StoreError> {
        Ok(self.rows.lock().unwrap().values().cloned().collect())
    }

    async fn find(
        &self,
        _: &CompanyFile,
        keys: &[MappingKey],
    ) -> Result<Vec<MappingRow>, StoreError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let rows = self.rows.lock().unwrap();
        Ok(keys.iter().filter_map(|key| rows.get(key)).cloned().collect())
    }

    async fn put(
        &self,
        changes: Vec<MappingChange>,
        _: &str,
    ) -> Result<MappingWritten, StoreError> {
        for MappingChange { key, uid, state, .. } in &changes {
            let uid = uid.as_ref().map_or("none", LedgerUid::as_str);
            self.put_row(key.kind, key.code.as_str(), uid, *state);
        }
        Ok(MappingWritten::Done { changed: 1, unchanged: 0 })
    }

    async fn review(&self, _: &CompanyFile, uid: &LedgerUid, _: &str) -> Result<u64, StoreError> {
        let mut rows = self.rows.lock().unwrap();
        let found = rows.values_mut().filter(|row| row.uid.as_ref() == Some(uid));
        let found: Vec<()> = found.map(|row| row.state = MappingState::Review).collect();
        Ok(u64::try_from(found.len()).unwrap())
    }

    async fn wanted(&self, _: &CompanyFile) -> Result<Vec<WantedCode>, StoreError> {
        Ok(Vec::new())
    }
}
