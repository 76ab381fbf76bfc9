//! Sync runs raced against each other on this store, and on it with mistakes that a race shows.

use std::marker::PhantomData;
use std::sync::{Arc, Mutex};

use postonce_ports::clock::Clock;
use postonce_race_kit::{
    Budget, Coverage, Factory, Found, Hunt, Invariant, Plan, Scenario, Stage, StorePorts, World,
    hunt, minimise, replay,
};

use super::disk::Disk;
use super::faults::{ClaimTrustsTheReader, Faulty, Mistake, OldOutcomeOverwrites, Right};
use crate::{JournalStore, locked};

/// Makes journals in memory, with a mistake between them and the engine.
struct Journals<M>(PhantomData<M>);

impl<M> Journals<M> {
    fn new() -> Self {
        Self(PhantomData)
    }
}

impl<M: Mistake> Factory for Journals<M> {
    fn world(&self, clock: Arc<dyn Clock>) -> Result<Box<dyn World>, String> {
        let world = JournalWorld::<M>::on(Disk::default(), clock)?;
        Ok(Box::new(world))
    }
}

/// One journal.
struct JournalWorld<M> {
    disk: Disk,
    store: JournalStore,
    clock: Arc<dyn Clock>,
    backup: Mutex<Vec<u8>>,
    mistake: PhantomData<M>,
}

impl<M> JournalWorld<M> {
    fn on(disk: Disk, clock: Arc<dyn Clock>) -> Result<Self, String> {
        let store = disk.start(clock.clone()).map_err(|error| error.to_string())?;
        Ok(Self { disk, store, clock, backup: Mutex::default(), mistake: PhantomData })
    }
}

impl<M: Mistake> World for JournalWorld<M> {
    fn ports(&self, _process: &str) -> StorePorts {
        let faulty = Arc::new(Faulty::<M>::new(self.store.clone()));
        StorePorts {
            store: faulty.clone(),
            doubts: faulty.clone(),
            lock: faulty,
            ..StorePorts::of(Arc::new(self.store.clone()))
        }
    }

    // Each schedule begins with a start from the journal.
    fn fork(&self) -> Option<Box<dyn World>> {
        let copy = Self::on(Disk::of(&self.disk.bytes()), self.clock.clone()).ok()?;
        *locked(&copy.backup) = locked(&self.backup).clone();
        Some(Box::new(copy))
    }

    fn backup(&self) -> bool {
        *locked(&self.backup) = self.disk.bytes();
        true
    }

    fn restore(&self) {
        let disk = Disk::of(&locked(&self.backup));
        let restored = disk.start(self.clock.clone()).expect("the backup is of this store");
        self.disk.replace(disk.bytes());
        self.store.become_what(&restored);
    }
}

impl JournalStore {
    /// Takes the state of another store; journal, lock and handles stay.
    fn become_what(&self, other: &Self) {
        let state = locked(&other.0.data).state.clone();
        let mut data = locked(&self.0.data);
        data.state = state;
        data.journal = locked(&other.0.data).journal.take();
    }
}

fn hunted(factory: &dyn Factory, scenario: &Scenario, (runs, seed): (u64, u64)) -> Hunt {
    let stage = Stage::new(factory, scenario.setting.clone()).unwrap();
    let budget = Budget { runs, seed, verbs: scenario.verbs, only: None, coverage: false };
    hunt(&stage, budget).unwrap()
}

#[test]
fn no_race_breaks_anything() {
    let factory = Journals::<Right>::new();
    let mut coverage = Coverage::default();
    for scenario in Scenario::all().iter().filter(|it| it.expect.is_none()) {
        let hunt = hunted(&factory, scenario, (300, 7));
        if let Some(Found { nth, violation, plan }) = hunt.found {
            panic!("schedule {nth} of {}: {violation}\n{plan}", scenario.name);
        }
        assert_eq!(hunt.coverage.schedules, 300, "{}", scenario.name);
        coverage.add(&hunt.coverage);
    }
    // A search that never met a race proves nothing.
    assert_eq!(coverage.never(), []);
}

#[test]
fn the_same_plan_leads_to_the_same_answers() {
    let plan: Plan = "race/1 lost-lock lock=useless invoices=2 actors=cron,sync-now faults=2\n\
                      cron@9 crash\n\
                      sync-now@5 time-passes"
        .parse()
        .unwrap();
    let once = || replay(&Journals::<Right>::new(), &plan).unwrap();
    let (first, second) = (once(), once());
    assert_eq!(first.verdict(&plan), Ok(()));
    assert_eq!(first.played.record, second.played.record);
}

/// A race shows the mistake, by a plan of a few lines, and shows nothing on the right store.
fn is_found<M: Mistake>(scenario: &str, invariant: Invariant, items: usize) {
    let factory = Journals::<M>::new();
    let scenario = Scenario::named(scenario).unwrap();
    // What is met first, and how far the plan can be shortened, are matters of chance.
    let short = |seed| {
        let found = hunted(&factory, &scenario, (2_000, seed)).found?;
        let is_it = found.violation.invariant == invariant;
        let short = is_it.then(|| minimise(&factory, &found.plan, invariant).unwrap().plan)?;
        (short.items.len() <= items).then_some(short)
    };
    let short = (7..207).find_map(short).unwrap();
    assert_eq!(replay(&factory, &short).unwrap().verdict(&short), Ok(()), "{short}");
    let right = replay(&Journals::<Right>::new(), &short).unwrap();
    assert_eq!(right.played.violation, None, "{short}");
}

#[test]
fn a_claim_that_trusts_the_reader_claims_what_is_posted() {
    is_found::<ClaimTrustsTheReader>("lease", Invariant::S4, 2);
}

#[test]
fn a_claim_that_trusts_the_reader_sends_what_is_being_sent() {
    is_found::<ClaimTrustsTheReader>("lost-lock", Invariant::S2, 6);
}

#[test]
fn an_old_outcome_that_overwrites_takes_a_posted_invoice_back() {
    is_found::<OldOutcomeOverwrites>("late-outcome", Invariant::S4, 3);
}
