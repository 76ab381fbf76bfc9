//! The race that `docs/adapters.md` shows, word for word, on this store.

use std::sync::Arc;

use postonce_ports::clock::{Clock, Ids};
use postonce_race_kit::contract::FreshIds;
use postonce_race_kit::{
    Budget, Coverage, Factory, Scenario, Sometimes, Stage, StorePorts, World, hunt,
};

use super::disk::Disk;
use crate::{JournalStore, locked};

type MyStore = JournalStore;

impl MyStore {
    fn in_memory(clock: Arc<dyn Clock>, ids: Arc<dyn Ids>) -> Result<Self, String> {
        let store = Self::start(Box::new(Disk::default()), None, clock, ids);
        store.map_err(|error| error.to_string())
    }

    /// The same rows in a journal of its own.
    fn copy(&self, clock: Arc<dyn Clock>) -> Self {
        let copy = Self::in_memory(clock, Arc::new(FreshIds)).expect("memory does not fail");
        locked(&copy.0.data).state = locked(&self.0.data).state.clone();
        copy
    }
}

struct MyWorlds;

impl Factory for MyWorlds {
    fn world(&self, clock: Arc<dyn Clock>) -> Result<Box<dyn World>, String> {
        let store = MyStore::in_memory(clock.clone(), Arc::new(FreshIds))?;
        Ok(Box::new(MyWorld { store, clock }))
    }
}

struct MyWorld {
    store: MyStore,
    clock: Arc<dyn Clock>,
}

impl World for MyWorld {
    fn ports(&self, _process: &str) -> StorePorts {
        StorePorts::of(Arc::new(self.store.clone()))
    }

    fn fork(&self) -> Option<Box<dyn World>> {
        let store = self.store.copy(self.clock.clone());
        Some(Box::new(Self { store, clock: self.clock.clone() }))
    }
}

#[test]
fn no_race_breaks_anything() {
    let mut coverage = Coverage::default();
    for scenario in Scenario::all().into_iter().filter(|it| it.expect.is_none()) {
        let stage = Stage::new(&MyWorlds, scenario.setting.clone()).unwrap();
        let budget =
            Budget { runs: 600, seed: 7, verbs: scenario.verbs, only: None, coverage: false };
        let hunt = hunt(&stage, budget).unwrap();
        if let Some(found) = hunt.found {
            panic!("{}: {}\n{}", scenario.name, found.violation, found.plan);
        }
        coverage.add(&hunt.coverage);
    }
    // This world keeps no backup, so no database went back.
    assert_eq!(coverage.never(), [Sometimes::Restored]);
}

#[test]
fn the_document_shows_these_lines() {
    let document = include_str!("../../../../docs/adapters.md");
    let (_, rest) = document.split_once("```rust\nstruct MyWorlds;").unwrap();
    let (shown, _) = rest.split_once("```").unwrap();
    assert!(include_str!("document.rs").contains(shown), "docs/adapters.md shows:\n{shown}");
}
