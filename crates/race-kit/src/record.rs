//! What happened in a schedule, line by line, for people.

use std::time::Duration;

use crate::deed::{Deed, Stand};

/// Where something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// With an actor.
    Actor(usize),
    /// In the ledger.
    Ledger,
    /// Everywhere: time, the server.
    World,
}

/// What is special about a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Something went wrong here, by plan.
    pub fault: bool,
    /// This step breaks the invariant.
    pub violation: bool,
    /// After this step the violation comes, whatever happens.
    pub no_return: bool,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The step of the schedule, from 1.
    pub step: u32,
    /// When, from the beginning.
    pub at: Duration,
    /// Where.
    pub lane: Lane,
    /// What.
    pub text: String,
    /// The invoices' states that this changed, as `INV-1 ready → claimed`.
    pub rows: Vec<String>,
    /// Who has the run lock after it, if that changed; empty if nobody.
    pub lock: Option<String>,
    /// What is special about it.
    pub marks: Marks,
}

/// All that happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// In order.
    pub lines: Vec<Line>,
    /// What was done to the world until all was calm.
    pub deeds: Vec<Deed>,
    /// Where everybody stood before each choice.
    pub stands: Vec<Stand>,
    pub(crate) step: u32,
    pub(crate) fault: bool,
}

impl Record {
    pub(crate) fn write(&mut self, at: Duration, lane: Lane, text: String) {
        let marks = Marks { fault: self.fault, ..Marks::default() };
        let (rows, lock) = (Vec::new(), None);
        self.lines.push(Line { step: self.step, at, lane, text, rows, lock, marks });
    }
}
