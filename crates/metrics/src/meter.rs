//! What this process has counted.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use postonce_ports::clock::Clock;

use crate::family::{Family, Type};

/// The values of a metric's labels, in the order of their names.
pub(crate) type Labels = Vec<String>;

/// How many times were how long.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Times {
    /// For each bound those that were within it and within no shorter one.
    pub(crate) within: Vec<u64>,
    pub(crate) count: u64,
    pub(crate) sum: Duration,
}

/// What was counted so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counted {
    pub(crate) counts: BTreeMap<(&'static str, Labels), u64>,
    pub(crate) times: BTreeMap<(&'static str, Labels), Times>,
}

/// Counts for one process. Clones share what they count.
#[derive(Clone)]
pub struct Meter {
    counted: Arc<Mutex<Counted>>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Meter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Meter").finish_non_exhaustive()
    }
}

impl Meter {
    /// A meter that has counted nothing; durations are by the boot time of `clock`.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { counted: Arc::default(), clock }
    }

    pub(crate) fn counted(&self) -> Counted {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn add(&self, family: &Family, labels: &[&str], count: u64) {
        let key = key(family, labels);
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        *counted.counts.entry(key).or_default() += count;
    }

    /// Counts a time that began at `start` of the clock's boot time, and is over now.
    pub(crate) fn took(&self, family: &Family, labels: &[&str], start: Duration) {
        let Type::Histogram(bounds) = family.kind else { return };
        let time = self.clock.boot().saturating_sub(start);
        let key = key(family, labels);
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let times = counted.times.entry(key).or_default();
        times.within.resize(bounds.len(), 0);
        if let Some(place) = bounds.iter().position(|bound| time <= *bound) {
            times.within[place] += 1;
        }
        times.count += 1;
        times.sum = times.sum.saturating_add(time);
    }
}

fn key(family: &Family, labels: &[&str]) -> (&'static str, Labels) {
    debug_assert_eq!(family.labels.len(), labels.len(), "{}", family.name);
    (family.name, labels.iter().map(|label| (*label).to_owned()).collect())
}
