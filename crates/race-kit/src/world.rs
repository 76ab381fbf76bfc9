//! What a caller supplies: databases, and where needed a runtime.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use postonce_engine::Ports;
use postonce_ports::clock::Clock;
use postonce_ports::doubt::DoubtStore;
use postonce_ports::history::RunHistory;
use postonce_ports::intake::Intake;
use postonce_ports::lock::RunLock;
use postonce_ports::reader::InvoiceReader;
use postonce_ports::registry::Registry;
use postonce_ports::store::InvoiceStore;

use crate::setting::Setting;

/// The store ports of one process on one database.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "ports are not `Debug`")]
#[expect(missing_docs, reason = "each field is the port of its type")]
pub struct StorePorts {
    pub store: Arc<dyn InvoiceStore>,
    pub doubts: Arc<dyn DoubtStore>,
    pub lock: Arc<dyn RunLock>,
    pub history: Arc<dyn RunHistory>,
    pub registry: Arc<dyn Registry>,
    pub intake: Arc<dyn Intake>,
    pub reader: Arc<dyn InvoiceReader>,
}

impl StorePorts {
    /// The ports of a store that has them all.
    pub fn of<S>(store: Arc<S>) -> Self
    where
        S: InvoiceStore
            + DoubtStore
            + RunLock
            + RunHistory
            + Registry
            + Intake
            + InvoiceReader
            + 'static,
    {
        Self {
            store: store.clone(),
            doubts: store.clone(),
            lock: store.clone(),
            history: store.clone(),
            registry: store.clone(),
            intake: store.clone(),
            reader: store,
        }
    }
}

/// Where worlds come from.
pub trait Factory: Send + Sync {
    /// A database with nothing in it. `clock` is simulated: a store that can take its time from
    /// outside takes it from there; for one that cannot, see [`World::pass_time`].
    ///
    /// An error says why there is none; it ends the race.
    fn world(&self, clock: Arc<dyn Clock>) -> Result<Box<dyn World>, String>;

    /// The mutants that this factory can put in, by name. None unless it says so.
    fn mutants(&self) -> Vec<&'static str> {
        Vec::new()
    }

    /// Puts the setting's mutant between an actor's engine and its ports. `ports` are the actor's
    /// ports as they should be: each of their calls is a step of its own.
    fn mutate(&self, setting: &Setting, ports: Ports) -> Ports {
        let _ = setting;
        ports
    }
}

/// One database, and what the kit does to it.
pub trait World: Send + Sync {
    /// The ports of one process: called once for each actor, and besides for those who prepare the
    /// database, look on, act as a person or run in the calm.
    fn ports(&self, process: &str) -> StorePorts;

    /// Brings a step of a port to its end. Steps come one at a time.
    ///
    /// False if it cannot end before something else happens, such as a lock that another has.
    /// Stores that never wait need not override this; others run it on their runtime, with a limit.
    fn drive(&self, step: BoxFuture<'static, ()>) -> bool {
        let mut step = step;
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        step.as_mut().poll(&mut context).is_ready()
    }

    /// A copy that shares nothing with this but the clock, and has what [`Self::backup`] kept. A
    /// world that can be copied is prepared once and copied for each schedule.
    fn fork(&self) -> Option<Box<dyn World>> {
        None
    }

    /// Called when simulated time passes: a store that reads another clock makes what it remembers
    /// that much older.
    fn pass_time(&self, time: Duration) {
        let _ = time;
    }

    /// Two worlds with equal fingerprints answer every call alike, apart from the time. Pruned
    /// search needs it, and [`Self::fork`] besides; `None` if it cannot be told.
    fn fingerprint(&self) -> Option<u64> {
        None
    }

    /// Keeps what the database holds now. False if it cannot; then no schedule restores it.
    fn backup(&self) -> bool {
        false
    }

    /// Goes back to what [`Self::backup`] kept. Sessions and locks are no part of that.
    fn restore(&self) {}

    /// Whether [`Self::move_elsewhere`] does anything. If not, no schedule moves the database.
    fn can_move(&self) -> bool {
        false
    }

    /// From now on the database is on another server, as after a failover.
    fn move_elsewhere(&self) {}
}
