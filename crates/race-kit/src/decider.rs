//! Who decides what happens next.

mod exhaust;
mod onward;
mod pct;
mod replay;
mod walk;

pub use exhaust::{Exhausted, Exhaustive};
pub(crate) use onward::Onward;
pub use pct::Pct;
pub use replay::Replay;
pub use walk::{Chance, Walk};

use crate::choice::{Choice, Object};

/// What may happen next. The first choice is to carry on; faults come last.
#[derive(Clone, Copy, Debug)]
pub struct Menu<'a> {
    /// All of it.
    pub choices: &'a [Choice],
    /// How many of them are no faults: these come first.
    pub safe: usize,
    /// The actor of each safe choice, where it has one.
    pub actors: &'a [Option<usize>],
    /// The state, if [`Decider::wants_keys`]; two states with one key have the same future.
    pub key: Option<u64>,
}

impl Menu<'_> {
    /// What would go on if nothing else is chosen.
    pub fn default_object(&self) -> Object {
        self.choices.first().map_or(Object::World, |choice| choice.object)
    }
}

/// What is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// The choice at this place of the menu.
    At(usize),
    /// A choice that is on no menu, since it needs no budget: a plan's.
    This(Choice),
    /// The rest of this schedule is known.
    Stop,
}

/// Decides, step by step, one schedule after another.
pub trait Decider {
    /// Chooses what happens next.
    fn pick(&mut self, menu: &Menu<'_>) -> Pick;

    /// Whether [`Menu::key`] is needed; it costs time.
    fn wants_keys(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests;
