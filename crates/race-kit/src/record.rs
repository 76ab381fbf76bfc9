//! What happened in a schedule, line by line, for people.

use std::time::Duration;

use crate::deed::{Deed, Stand};
use crate::op::{Kind, Op};
use crate::setting::Setting;

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

impl Lane {
    /// What it is called. The actors that come after the setting's own are the calm runs.
    pub fn name(self, setting: &Setting) -> String {
        match self {
            Self::Actor(actor) if actor < setting.actors.len() => setting.actor_name(actor),
            Self::Actor(_) => CALM.to_owned(),
            Self::Ledger => "MYOB".to_owned(),
            Self::World => "world".to_owned(),
        }
    }
}

/// The lane of the runs that come after the chaos.
pub(crate) const CALM: &str = "calm run";

/// How much a line says to somebody who wants to know what went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weight {
    /// It touches nothing that others could change.
    Aside,
    /// It reads the database.
    Read,
    /// It asks the ledger.
    Asked,
    /// It may change the database or the lock.
    Done,
    /// It claims, sends or settles, or looks whether it still may; or it is no call at all:
    /// something landed, time passed, something broke.
    Telling,
}

impl Weight {
    pub(crate) fn of(op: Op) -> Self {
        match (op, op.kind()) {
            (Op::Claim | Op::Settle | Op::LookAtClock, _) | (_, Kind::Send | Kind::Answer) => {
                Self::Telling
            }
            (_, Kind::Sleep) => Self::Aside,
            _ if !op.is_point() => Self::Aside,
            (_, Kind::Read) => Self::Read,
            (_, Kind::Ask) => Self::Asked,
            (_, Kind::Write | Kind::Lock) => Self::Done,
        }
    }
}

/// What a line has to do with a request to the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wire {
    /// It leaves its sender.
    Leaves(usize),
    /// It takes effect.
    Lands(usize),
    /// It has come to its end without an effect.
    Ends(usize),
    /// Its sender waits no longer, and it is still under way.
    Stays(usize),
    /// Its sender learns what became of it.
    Answers(usize),
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
    /// How much it says.
    pub weight: Weight,
    /// What it has to do with a request to the ledger, if anything.
    pub wire: Option<Wire>,
    /// The invoices' states that this changed, as `INV-1 ready → claimed`.
    pub rows: Vec<String>,
    /// The name of the actor that has the run lock after it, if that changed; empty if nobody has.
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
    /// The next line tells of a fault.
    pub(crate) fault: bool,
    /// Who has the run lock, as far as it was written down.
    pub(crate) holder: Option<usize>,
}

impl Record {
    pub(crate) fn write(&mut self, at: Duration, lane: Lane, weight: Weight, text: String) {
        // Only the first line of a step is the fault; the others come of it.
        let marks = Marks { fault: std::mem::take(&mut self.fault), ..Marks::default() };
        let (step, wire, rows, lock) = (self.step, None, Vec::new(), None);
        self.lines.push(Line { step, at, lane, text, weight, wire, rows, lock, marks });
    }

    /// Ties the last line to a request.
    pub(crate) fn tie(&mut self, wire: Wire) {
        if let Some(line) = self.lines.last_mut() {
            line.wire = Some(wire);
        }
    }

    /// Writes who has the run lock beside the last line, if that has changed.
    pub(crate) fn held_by(&mut self, holder: Option<usize>, setting: &Setting) {
        if holder == self.holder {
            return;
        }
        self.holder = holder;
        if let Some(line) = self.lines.last_mut() {
            line.lock = Some(holder.map(|it| Lane::Actor(it).name(setting)).unwrap_or_default());
        }
    }
}
