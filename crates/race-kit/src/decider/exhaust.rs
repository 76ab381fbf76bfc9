//! Every schedule of a small setting, up to a number of deviations from carrying on.
//!
//! A state that was met before, with at least as many deviations left, is not entered again: what
//! an actor does next depends on nothing but what it was told, and that is part of the key.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use super::{Decider, Menu, Pick};
use crate::key::KeyHasher;

/// The keys are well mixed already.
type Seen = HashMap<u64, u64, BuildHasherDefault<KeyHasher>>;

/// Depth first over all choices, one schedule after another.
#[derive(Clone, Debug)]
pub struct Exhaustive {
    /// Choices of the schedule so far, each with the last one there is.
    path: Vec<(usize, usize)>,
    step: usize,
    deviations: u32,
    most: u32,
    seen: Option<Seen>,
    runs: u64,
}

/// What an exhaustive search went through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exhausted {
    /// Schedules begun.
    pub runs: u64,
    /// Distinct states; 0 without pruning.
    pub states: usize,
    /// Whether there is nothing left within the bound.
    pub complete: bool,
}

impl Exhaustive {
    /// All schedules with at most so many deviations. Without `prune` no state is recognised.
    pub fn new(most: u32, prune: bool) -> Self {
        let seen = prune.then(Seen::default);
        Self { path: Vec::new(), step: 0, deviations: 0, most, seen, runs: 0 }
    }

    /// Prepares for the next schedule; false if there is none left.
    pub fn advance(&mut self) -> bool {
        if self.runs > 0 {
            while self.path.last().is_some_and(|(at, last)| at >= last) {
                self.path.pop();
            }
            match self.path.last_mut() {
                Some((at, _)) => *at += 1,
                None => return false,
            }
        }
        self.runs += 1;
        self.step = 0;
        self.deviations = 0;
        true
    }

    /// What it went through so far; `complete` is for the caller to say.
    pub fn so_far(&self, complete: bool) -> Exhausted {
        let states = self.seen.as_ref().map_or(0, HashMap::len);
        Exhausted { runs: self.runs, states, complete }
    }

    /// Whether the state is new, or was met with fewer deviations left.
    fn is_news(&mut self, key: Option<u64>) -> bool {
        let (Some(seen), Some(key)) = (&mut self.seen, key) else { return true };
        // One more than there are: what was never met has none.
        let left = u64::from(self.most - self.deviations) + 1;
        let known = seen.entry(key).or_default();
        let news = *known < left;
        *known = left.max(*known);
        news
    }
}

impl Decider for Exhaustive {
    fn pick(&mut self, menu: &Menu<'_>) -> Pick {
        let place = self.step;
        self.step += 1;
        let at = if let Some((at, _)) = self.path.get(place) {
            *at
        } else {
            if !self.is_news(menu.key) {
                return Pick::Stop;
            }
            let may_deviate = self.deviations < self.most;
            let last = if may_deviate { menu.choices.len() - 1 } else { 0 };
            self.path.push((0, last));
            0
        };
        self.deviations += u32::from(at > 0);
        Pick::At(at)
    }

    fn wants_keys(&self) -> bool {
        self.seen.is_some()
    }
}
