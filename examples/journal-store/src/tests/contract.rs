//! The contract suites on journals in folders of their own.

use std::sync::Arc;

use postonce_domain::{Invoice, InvoiceId};
use postonce_ports::reader::NoteRecord;
use postonce_race_kit::contract::{self, Fixture, FreshIds, LockFixture, StoreFixture};
use tempfile::TempDir;

use super::host::{HostClock, Tokio};
use crate::JournalStore;

/// An empty journal in a folder that goes with it.
pub(super) struct InAFolder {
    store: JournalStore,
    folder: TempDir,
}

pub(super) fn open(folder: &TempDir) -> JournalStore {
    let path = folder.path().join("invoices.journal");
    JournalStore::open(&path, Arc::new(HostClock), Arc::new(FreshIds)).unwrap()
}

impl Fixture for InAFolder {
    type Adapter = JournalStore;
    type Runtime = Tokio;

    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { store: open(&folder), folder }
    }

    fn adapter(&self) -> JournalStore {
        self.store.clone()
    }

    // Opened by its path again; within one process that is the same store.
    fn other(&self) -> JournalStore {
        open(&self.folder)
    }
}

impl StoreFixture for InAFolder {
    async fn put(&self, invoices: Vec<Invoice>) -> Vec<InvoiceId> {
        contract::put(&self.store, invoices).await
    }

    async fn trail(&self, invoice: InvoiceId) -> Vec<NoteRecord> {
        contract::trail(&self.store, invoice).await
    }
}

impl LockFixture for InAFolder {}

mod store {
    postonce_race_kit::store_contract! {
        journal: crate::tests::contract::InAFolder, [engine, intake, reader, token, creation];
    }
}

mod lock {
    postonce_race_kit::lock_contract! {
        journal: crate::tests::contract::InAFolder;
    }
}

mod keyed {
    postonce_race_kit::keyed_contract! {
        journal: crate::tests::contract::InAFolder;
    }
}
