//! A store of each kind, with nothing in it, and what it runs on.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use postonce_adapter_host::RandomIds;
use postonce_adapter_memory::MemoryStore;
use postonce_adapter_mysql::{LockKind, LockOptions, MysqlStore, Options};
use postonce_adapter_sqlite::SqliteStore;
use postonce_domain::{Invoice, InvoiceId};
use postonce_ports::clock::{Clock, Ids as _};
use postonce_ports::reader::NoteRecord;
use postonce_race_kit::contract::{self, Fixture, Runtime, StoreFixture};
use tempfile::TempDir;

use crate::harness::Database;

/// The runtime under our adapters.
pub(crate) struct Tokio;

impl Runtime for Tokio {
    fn run(test: impl Future<Output = ()>) {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        runtime.worker_threads(2).enable_all().build().unwrap().block_on(test);
    }

    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        drop(tokio::spawn(task));
    }
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

impl Fixture for Memory {
    type Adapter = MemoryStore;
    type Runtime = Tokio;

    async fn new() -> Self {
        Self(MemoryStore::new(RandomIds.installation_id(), Arc::new(Still)))
    }

    fn adapter(&self) -> MemoryStore {
        self.0.clone()
    }

    fn other(&self) -> MemoryStore {
        self.0.clone()
    }
}

impl StoreFixture for Memory {
    async fn put(&self, invoices: Vec<Invoice>) -> Vec<InvoiceId> {
        contract::put(&self.adapter(), invoices).await
    }

    async fn trail(&self, invoice: InvoiceId) -> Vec<NoteRecord> {
        contract::trail(&self.adapter(), invoice).await
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

impl Fixture for Sqlite {
    type Adapter = SqliteStore;
    type Runtime = Tokio;

    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Self::open(&folder);
        Self { folder, store }
    }

    fn adapter(&self) -> SqliteStore {
        self.store.clone()
    }

    fn other(&self) -> SqliteStore {
        Self::open(&self.folder)
    }
}

impl StoreFixture for Sqlite {
    async fn put(&self, invoices: Vec<Invoice>) -> Vec<InvoiceId> {
        contract::put(&self.adapter(), invoices).await
    }

    async fn trail(&self, invoice: InvoiceId) -> Vec<NoteRecord> {
        contract::trail(&self.adapter(), invoice).await
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

impl Fixture for Mysql {
    type Adapter = MysqlStore;
    type Runtime = Tokio;

    async fn new() -> Self {
        Self::with(LockKind::Named).await
    }

    fn adapter(&self) -> MysqlStore {
        self.store.clone()
    }

    fn other(&self) -> MysqlStore {
        self.other.clone()
    }
}

impl StoreFixture for Mysql {
    async fn put(&self, invoices: Vec<Invoice>) -> Vec<InvoiceId> {
        contract::put(&self.adapter(), invoices).await
    }

    async fn trail(&self, invoice: InvoiceId) -> Vec<NoteRecord> {
        contract::trail(&self.adapter(), invoice).await
    }
}

impl Drop for Mysql {
    fn drop(&mut self) {
        // It is dropped by a runtime of its own, which no task may start.
        let database = self.database.take();
        drop(std::thread::spawn(move || drop(database)).join());
    }
}
