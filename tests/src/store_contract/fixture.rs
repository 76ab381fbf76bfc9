//! A store of each kind, with nothing in it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use postonce_adapter_host::RandomIds;
use postonce_adapter_memory::MemoryStore;
use postonce_adapter_mysql::{LockKind, LockOptions, MysqlStore, Options};
use postonce_adapter_sqlite::SqliteStore;
use postonce_ports::clock::{Clock, Ids};
use postonce_ports::customer::CustomerClaims;
use postonce_ports::doubt::DoubtStore;
use postonce_ports::history::RunHistory;
use postonce_ports::intake::Intake;
use postonce_ports::lock::RunLock;
use postonce_ports::reader::InvoiceReader;
use postonce_ports::registry::Registry;
use postonce_ports::store::InvoiceStore;
use postonce_ports::token::TokenStore;
use tempfile::TempDir;

use crate::harness::Database;

/// Every store port at once.
pub(crate) trait Store:
    InvoiceStore
    + Intake
    + DoubtStore
    + InvoiceReader
    + Registry
    + RunLock
    + RunHistory
    + TokenStore
    + CustomerClaims
    + Clone
    + 'static
{
}

impl<S> Store for S where
    S: InvoiceStore
        + Intake
        + DoubtStore
        + InvoiceReader
        + Registry
        + RunLock
        + RunHistory
        + TokenStore
        + CustomerClaims
        + Clone
        + 'static
{
}

/// A store that is thrown away after its test.
#[async_trait]
pub(crate) trait Fixture {
    type Store: Store;

    async fn new() -> Self;

    fn store(&self) -> Self::Store;

    /// The same data by another way: what another process would have.
    fn other(&self) -> Self::Store;
}

/// A clock that stands still: what zero durations prove here needs no time to pass.
struct Still;

#[async_trait]
impl Clock for Still {
    fn boot(&self) -> Duration {
        Duration::ZERO
    }

    fn wall(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    async fn sleep(&self, _time: Duration) {}
}

pub(crate) struct Memory(MemoryStore);

#[async_trait]
impl Fixture for Memory {
    type Store = MemoryStore;

    async fn new() -> Self {
        Self(MemoryStore::new(RandomIds.installation_id(), Arc::new(Still)))
    }

    fn store(&self) -> MemoryStore {
        self.0.clone()
    }

    fn other(&self) -> MemoryStore {
        self.0.clone()
    }
}

pub(crate) struct Sqlite {
    folder: TempDir,
    store: SqliteStore,
}

impl Sqlite {
    fn open(folder: &TempDir) -> SqliteStore {
        SqliteStore::open(&folder.path().join("postonce.db"), &RandomIds).unwrap()
    }
}

#[async_trait]
impl Fixture for Sqlite {
    type Store = SqliteStore;

    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Self::open(&folder);
        Self { folder, store }
    }

    fn store(&self) -> SqliteStore {
        self.store.clone()
    }

    fn other(&self) -> SqliteStore {
        Self::open(&self.folder)
    }
}

/// On the server for tests, in a database of its own.
pub(crate) struct Mysql {
    database: Option<Database>,
    store: MysqlStore,
    other: MysqlStore,
}

impl Mysql {
    /// One whose runs exclude each other by this kind of lock.
    pub(crate) async fn with(kind: LockKind) -> Self {
        let database = tokio::task::spawn_blocking(Database::new).await.unwrap().unwrap();
        let options = Self::options(&database, kind);
        let migrated = MysqlStore::migrate(&options, &RandomIds).await.unwrap();
        assert_eq!(migrated.to, MysqlStore::SCHEMA_VERSION);
        let store = MysqlStore::open(&options).await.unwrap();
        let other = MysqlStore::open(&options).await.unwrap();
        Self { database: Some(database), store, other }
    }

    fn options(database: &Database, kind: LockKind) -> Options {
        // Names of locks are the server's, not the database's.
        let name = postonce_test_servers::fresh_name();
        let timeout = Duration::from_secs(1_800);
        let lock = LockOptions { kind, name, timeout, single_writer: false };
        Options { url: database.url().into(), lock }
    }
}

#[async_trait]
impl Fixture for Mysql {
    type Store = MysqlStore;

    async fn new() -> Self {
        Self::with(LockKind::Named).await
    }

    fn store(&self) -> MysqlStore {
        self.store.clone()
    }

    fn other(&self) -> MysqlStore {
        self.other.clone()
    }
}

impl Drop for Mysql {
    fn drop(&mut self) {
        // It is dropped by a runtime of its own, which no task may start.
        let database = self.database.take();
        drop(std::thread::spawn(move || drop(database)).join());
    }
}
