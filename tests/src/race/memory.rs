//! Races in memory: the simulation.

use std::sync::{Arc, Mutex, PoisonError};

use postonce_adapter_memory::MemoryStore;
use postonce_domain::InstallationId;
use postonce_engine::Ports;
use postonce_ports::clock::Clock;
use postonce_race_kit::{Factory, Setting, StorePorts, World};
use uuid::Uuid;

use super::mutants::{Mutant, mutate};

/// Worlds of the memory adapter.
#[derive(Clone, Copy, Debug, Default)]
pub struct Memory;

impl Factory for Memory {
    fn world(&self, clock: Arc<dyn Clock>) -> Result<Box<dyn World>, String> {
        let store = MemoryStore::new(InstallationId(Uuid::from_u128(7)), clock);
        Ok(Box::new(MemoryWorld { store, backup: Mutex::default() }))
    }

    fn mutants(&self) -> Vec<&'static str> {
        Mutant::all().map(|mutant| mutant.name).collect()
    }

    fn mutate(&self, setting: &Setting, ports: Ports) -> Ports {
        mutate(setting, ports)
    }
}

/// Worlds of the memory adapter, in which every actor's ports are changed.
#[derive(Clone, Copy, Debug)]
pub struct Changed(pub fn(Ports) -> Ports);

impl Factory for Changed {
    fn world(&self, clock: Arc<dyn Clock>) -> Result<Box<dyn World>, String> {
        Memory.world(clock)
    }

    fn mutate(&self, _setting: &Setting, ports: Ports) -> Ports {
        (self.0)(ports)
    }
}

struct MemoryWorld {
    store: MemoryStore,
    backup: Mutex<Option<MemoryStore>>,
}

impl World for MemoryWorld {
    fn ports(&self, _process: &str) -> StorePorts {
        StorePorts::of(Arc::new(self.store.clone()))
    }

    fn fork(&self) -> Option<Box<dyn World>> {
        let store = self.store.backup();
        let backup = self.backup.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Some(Box::new(Self { store, backup: Mutex::new(backup) }))
    }

    fn fingerprint(&self) -> Option<u64> {
        Some(self.store.fingerprint())
    }

    fn backup(&self) -> bool {
        *self.backup.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.store.backup());
        true
    }

    fn restore(&self) {
        let backup = self.backup.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = backup.as_ref() {
            self.store.restore(kept);
        }
    }

    fn can_move(&self) -> bool {
        true
    }

    fn move_elsewhere(&self) {
        self.store.move_to("elsewhere");
    }
}
