//! Worlds in one real database, one after the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use diesel::QueryResult;
use futures::future::BoxFuture;
use postonce_ports::clock::Clock;
use postonce_race_kit::{Factory, StorePorts, World};

use super::patience::Patient;
use super::tables::Tables;
use super::work::Work;

/// What differs between the databases.
pub trait Base: Send + Sync + 'static {
    /// Where the database is; it goes when nobody uses it any more.
    type Place: Send + Sync;

    /// The database as a new process opens it.
    fn open(&self, work: &Work) -> StorePorts;

    /// Runs statements from outside, in one transaction in which everything may be changed.
    fn change(&self, work: &Work, statements: &str) -> QueryResult<()>;

    /// The one number that answers a question; it is called `n`.
    fn number(&self, work: &Work, question: &str) -> QueryResult<i64>;
}

/// Worlds in one database. Each actor opens it for itself, as a process does.
pub struct Stored<B: Base>(pub(super) Arc<Shared<B>>);

/// In the order in which they go: connections before what drives them, the database last.
pub(super) struct Shared<B: Base> {
    pub(super) base: B,
    pub(super) work: Work,
    pub(super) tables: Tables,
    /// Whether there is a world of this database.
    taken: AtomicBool,
    pub(super) place: B::Place,
}

impl<B: Base> Clone for Stored<B> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<B: Base> std::fmt::Debug for Stored<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stored").field("tables", &self.0.tables).finish_non_exhaustive()
    }
}

impl<B: Base> Stored<B> {
    pub(super) fn of(base: B, work: Work, tables: Tables, place: B::Place) -> Self {
        Self(Arc::new(Shared { base, work, tables, taken: AtomicBool::new(false), place }))
    }

    /// The one number that answers a question; it is called `n`.
    pub(super) fn number(&self, question: &str) -> QueryResult<i64> {
        self.0.base.number(&self.0.work, question)
    }
}

impl<B: Base> Shared<B> {
    fn change(&self, statements: &str) -> QueryResult<()> {
        self.base.change(&self.work, statements)
    }
}

impl<B: Base> Factory for Stored<B> {
    fn world(&self, _clock: Arc<dyn Clock>) -> Result<Box<dyn World>, String> {
        if self.0.taken.swap(true, Ordering::SeqCst) {
            return Err("there is a world of this database already".to_owned());
        }
        let world = StoredWorld { shared: Arc::clone(&self.0), held: Arc::default() };
        self.0.change(&self.0.tables.empty()).map_err(|error| error.to_string())?;
        Ok(Box::new(world))
    }
}

struct StoredWorld<B: Base> {
    shared: Arc<Shared<B>>,
    held: Arc<AtomicUsize>,
}

impl<B: Base> Drop for StoredWorld<B> {
    fn drop(&mut self) {
        self.shared.taken.store(false, Ordering::SeqCst);
    }
}

impl<B: Base> World for StoredWorld<B> {
    fn ports(&self, _process: &str) -> StorePorts {
        let ports = self.shared.base.open(&self.shared.work);
        let (inner, held) = (Arc::clone(&ports.lock), Arc::clone(&self.held));
        StorePorts { lock: Arc::new(Patient { inner, held }), ..ports }
    }

    fn drive(&self, step: BoxFuture<'static, ()>) -> bool {
        self.shared.work.drive(step)
    }

    fn pass_time(&self, time: Duration) {
        let aged = self.shared.change(&self.shared.tables.age(time));
        aged.expect("nobody is at work while time passes");
    }

    fn backup(&self) -> bool {
        let kept = self.shared.change(&self.shared.tables.keep());
        kept.expect("nobody is at work while a backup is made");
        true
    }

    fn restore(&self) {
        let restored = self.shared.change(&self.shared.tables.put_back());
        restored.expect("nobody is at work while a backup is put back");
    }
}
