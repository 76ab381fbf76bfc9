//! What a crate says of its adapters, so that the suites can be run on them.

use postonce_domain::{Invoice, InvoiceId};
use postonce_ports::doubt::DoubtStore;
use postonce_ports::history::RunHistory;
use postonce_ports::intake::{Imported, Intake};
use postonce_ports::lock::RunLock;
use postonce_ports::reader::{InvoiceReader, NoteRecord};
use postonce_ports::registry::Registry;
use postonce_ports::store::InvoiceStore;

use super::Runtime;

/// An adapter with nothing in it, made for one test and thrown away with it.
///
/// Tests run at the same time, so what one fixture keeps no other may see: a database, a folder, a
/// name of a lock of its own.
pub trait Fixture: Sized {
    /// The adapter. Its clones share everything, as the users of one pool of connections do.
    type Adapter: Clone + Send + Sync + 'static;

    /// What its futures run on.
    type Runtime: Runtime;

    /// Makes an empty one, on the runtime of the test. Clear away in `Drop`, which runs there too.
    fn new() -> impl Future<Output = Self>;

    /// The adapter, the same one each time.
    fn adapter(&self) -> Self::Adapter;

    /// The same data by another way, as another process has it: with connections, caches and
    /// mutexes of its own. Only what lives in one process answers as [`Self::adapter`] does.
    fn other(&self) -> Self::Adapter;
}

/// The ports that the engine needs of a store.
pub trait EngineStore:
    InvoiceStore + DoubtStore + RunLock + RunHistory + Registry + Clone + 'static
{
}

impl<S> EngineStore for S where
    S: InvoiceStore + DoubtStore + RunLock + RunHistory + Registry + Clone + 'static
{
}

/// A store, and the two things of it that a test needs beyond the engine's ports.
///
/// A store that is an [`Intake`] and an [`InvoiceReader`] answers both with [`put`] and [`trail`].
/// Any other one writes and reads its tables directly.
pub trait StoreFixture: Fixture<Adapter: EngineStore> {
    /// Puts invoices in that are not there yet, `ready` and as [`Intake`] leaves new ones, and says
    /// under which ids they are, in their order. Ids rise within a call and from call to call.
    fn put(&self, invoices: Vec<Invoice>) -> impl Future<Output = Vec<InvoiceId>>;

    /// The whole trail of an invoice, by rising id of the notes.
    fn trail(&self, invoice: InvoiceId) -> impl Future<Output = Vec<NoteRecord>>;
}

/// A store that invoices come into by its own port, and that can be read.
pub trait IntakeFixture: StoreFixture<Adapter: Intake + InvoiceReader> {}

impl<F: StoreFixture<Adapter: Intake + InvoiceReader>> IntakeFixture for F {}

/// A store that can be read.
pub trait ReaderFixture: StoreFixture<Adapter: InvoiceReader> {}

impl<F: StoreFixture<Adapter: InvoiceReader>> ReaderFixture for F {}

/// [`StoreFixture::put`] by the store's own ports.
///
/// # Panics
///
/// If the store does not take every invoice, or does not find one that it has taken.
pub async fn put(store: &(impl Intake + InvoiceReader), invoices: Vec<Invoice>) -> Vec<InvoiceId> {
    let parts: Vec<_> = invoices.iter().map(|invoice| invoice.parts().clone()).collect();
    let imported = store.import(invoices).await.unwrap();
    assert!(matches!(imported, Imported::Done { .. }), "new invoices are taken: {imported:?}");
    let mut ids = Vec::new();
    for it in parts {
        let found = store.find(&it.company_file, &it.number).await.unwrap();
        ids.push(found.expect("an invoice that was taken is found by its number"));
    }
    ids
}

/// [`StoreFixture::trail`] by the store's own port.
///
/// # Panics
///
/// If the store does not answer.
pub async fn trail(store: &impl InvoiceReader, invoice: InvoiceId) -> Vec<NoteRecord> {
    store.notes(Some(invoice), 0, 1_000).await.unwrap()
}

/// A store whose run lock is tried, and what kind of lock that is.
pub trait LockFixture: Fixture<Adapter: RunLock + RunHistory> {
    /// How often one looks until a lock that was dropped is free. A server learns of it a moment
    /// later; what needs no server is free at once.
    const LOOKS: u32 = 1;

    /// Whether [`HeldLock::connection_id`](postonce_ports::lock::HeldLock::connection_id) names a
    /// session of a server.
    const HAS_SESSION: bool = false;
}
