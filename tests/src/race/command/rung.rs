//! What a plan is played on.

use postonce_race_kit::Factory;

use crate::race::memory::Memory;

/// A rung of the ladder from the model to real processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rung {
    /// The memory adapter: the reference model.
    Memory,
}

impl Rung {
    /// All of them, with the words of the command line.
    pub(crate) const ALL: [(Self, &'static str); 1] = [(Self::Memory, "memory")];

    /// Where its databases come from.
    pub(crate) fn factory(self) -> Box<dyn Factory> {
        match self {
            Self::Memory => Box::new(Memory),
        }
    }
}
