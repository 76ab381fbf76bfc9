//! A store of each kind, with nothing in it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use postonce_adapter_host::RandomIds;
use postonce_adapter_memory::MemoryStore;
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
