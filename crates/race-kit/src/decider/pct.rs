//! Probabilistic concurrency testing: priorities that change a few times
//! (Burckhardt, Kothari, Musuvathi and Nagarakatte, ASPLOS 2010).

use super::{Chance, Decider, Menu, Pick};

/// Always goes on with the actor of the highest priority; at `depth - 1` random steps the one that
/// would go on falls below all others. Finds what needs one actor to starve.
#[derive(Clone, Debug)]
pub struct Pct {
    chance: Chance,
    /// By actor; the last is for everything else: requests, time.
    priorities: Vec<u64>,
    changes: Vec<usize>,
    step: usize,
    fault: u8,
}

/// Actors at most; more share a priority.
const ACTORS: usize = 16;

/// About as many steps as a schedule takes.
const LENGTH: usize = 80;

impl Pct {
    /// With these many ordering constraints to meet: 2, 3 and 5 are usual.
    pub fn new(seed: u64, depth: usize) -> Self {
        let mut chance = Chance::new(seed);
        // The high half is for those that were never put back.
        let priorities = (0..=ACTORS).map(|_| chance.number() | (1 << 63)).collect();
        let changes = (1..depth).map(|_| chance.below(LENGTH)).collect();
        Self { chance, priorities, changes, step: 0, fault: 20 }
    }

    fn best(&self, menu: &Menu<'_>) -> usize {
        let priority = |place: &usize| {
            let actor = menu.actors.get(*place).copied().flatten().unwrap_or(ACTORS).min(ACTORS);
            self.priorities.get(actor).copied().unwrap_or(0)
        };
        // The first of equals: the oldest call.
        (0..menu.safe).rev().max_by_key(priority).unwrap_or(0)
    }
}

impl Decider for Pct {
    fn pick(&mut self, menu: &Menu<'_>) -> Pick {
        let faults = menu.choices.len() - menu.safe;
        if faults > 0 && self.chance.of_256(self.fault) {
            return Pick::At(menu.safe + self.chance.below(faults));
        }
        if self.changes.contains(&self.step) {
            let place = self.best(menu);
            let actor = menu.actors.get(place).copied().flatten().unwrap_or(ACTORS).min(ACTORS);
            let step = u64::try_from(self.step).unwrap_or(0);
            if let Some(priority) = self.priorities.get_mut(actor) {
                *priority = u64::from(u32::MAX).saturating_sub(step);
            }
        }
        self.step += 1;
        Pick::At(self.best(menu))
    }
}
