//! Every store port in memory: the reference model that real stores are compared with.
//!
//! It is short and plain on purpose: one [`Mutex`] around one world, no index that could be wrong,
//! and no order that depends on chance. What two stores may disagree on is a hole in the ports.
//!
//! **Invariant:** each port method locks the world once, so it is one atomic step.
//!
//! **Invariant:** time and chance come from outside, so a test that repeats its calls repeats all.

mod access;
mod account;
mod connection;
mod creation;
mod cron;
mod doubt;
mod file_note;
mod fingerprint;
mod flag;
mod history;
mod intake;
mod invoice;
mod keyed;
mod lock;
mod mapping;
mod notice;
mod posted_intake;
mod reader;
mod registry;
mod reply;
mod scan;
mod token;
mod world;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use postonce_domain::InstallationId;
use postonce_ports::clock::Clock;

use crate::world::World;

pub use crate::keyed::MemoryKeyedLock;

/// A store that lives as long as its last clone. Clones share everything.
#[derive(Clone)]
pub struct MemoryStore {
    world: Arc<Mutex<World>>,
    clock: Arc<dyn Clock>,
}

impl MemoryStore {
    /// An empty store; `clock` is what a database's own clock is elsewhere.
    pub fn new(installation: InstallationId, clock: Arc<dyn Clock>) -> Self {
        Self { world: Arc::new(Mutex::new(World::new(installation))), clock }
    }

    /// From now on the store is elsewhere, as a database is after a failover.
    pub fn move_to(&self, server: &str) {
        server.clone_into(&mut self.world().server);
    }

    /// One number for what it holds, but for what no answer and no later step depends on. Two
    /// stores with one fingerprint answer every call alike.
    pub fn fingerprint(&self) -> u64 {
        self.world().fingerprint()
    }

    /// A copy of what it holds now, as a backup is. The two share nothing but the clock.
    #[must_use]
    pub fn backup(&self) -> Self {
        let world = self.world().clone();
        Self { world: Arc::new(Mutex::new(world)), clock: Arc::clone(&self.clock) }
    }

    /// Goes back to what `backup` holds. Where the store is, and who has its run lock, is no part
    /// of that.
    pub fn restore(&self, backup: &Self) {
        let restored = backup.world().clone();
        let mut world = self.world();
        let (server, lock, holds) = (world.server.clone(), world.lock.take(), world.holds);
        *world = World { server, lock, holds, ..restored };
    }

    fn world(&self) -> MutexGuard<'_, World> {
        // A panic while the world was locked was a test's own; what it left is still whole.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Timestamp {
        self.clock.wall()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}
