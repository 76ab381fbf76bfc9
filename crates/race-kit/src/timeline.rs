//! A replayed plan as a picture that a person understands at once.
//!
//! Three forms of the same: [`Timeline::text`] for a terminal, [`Timeline::svg`] for a page,
//! [`Timeline::json`] for programs. `x` marks a fault, `*` the point of no return, `!` the step that
//! breaks an invariant.

mod json;
mod selection;
mod svg;
mod text;

use crate::hunt::{Replayed, replay};
use crate::invariant::Violation;
use crate::no_return::{NoReturn, no_return};
use crate::plan::{Named, Plan};
use crate::record::{Lane, Line, Marks};
use crate::world::Factory;

/// A replayed plan, with its marks.
#[derive(Clone, Debug)]
pub struct Timeline {
    plan: Plan,
    lines: Vec<Line>,
    violation: Option<Violation>,
    no_return: Option<NoReturn>,
    /// What the plan does not do of what it says.
    unexpected: Option<String>,
}

impl Timeline {
    /// Replays a plan and looks for its point of no return. An error is trouble with the databases.
    pub fn of(factory: &dyn Factory, plan: &Plan) -> Result<Self, String> {
        let replayed = replay(factory, plan)?;
        let point = match &replayed.played.violation {
            Some(it) => no_return(factory, plan, replayed.played.steps, it.invariant)?,
            None => None,
        };
        Ok(Self::new(plan, replayed, point))
    }

    /// The picture of a plan that was replayed.
    pub fn new(plan: &Plan, replayed: Replayed, no_return: Option<NoReturn>) -> Self {
        let unexpected = replayed.verdict(plan).err();
        let mut lines = replayed.played.record.lines;
        if let Some(NoReturn::After(step)) = no_return
            && let Some(line) = lines.iter_mut().find(|line| line.step >= step)
        {
            line.marks.no_return = true;
        }
        let violation = replayed.played.violation;
        Self { plan: plan.clone(), lines, violation, no_return, unexpected }
    }

    /// What the plan does not do of what it says; `None` if it does all of it.
    pub fn unexpected(&self) -> Option<&str> {
        self.unexpected.as_deref()
    }

    /// What came of it, in sentences, the most important first.
    fn sentences(&self) -> Vec<String> {
        let mut all = Vec::new();
        match &self.violation {
            Some(it) => {
                all.push(format!("! {}, {}: {}", it.invariant, it.invariant.words(), it.words));
            }
            None => all.push("Nothing is broken.".to_owned()),
        }
        all.push(self.needs());
        match self.no_return {
            Some(NoReturn::After(step)) => all
                .push(format!("* After step {step} it comes, in whatever order the actors go on.")),
            Some(NoReturn::FromTheBeginning) => {
                all.push("It comes in whatever order the actors go on, from the beginning.".into());
            }
            None => {}
        }
        all.extend(self.unexpected.iter().map(|why| format!("Not as the plan says: {why}.")));
        all
    }

    /// What the plan makes happen that is unusual.
    fn needs(&self) -> String {
        let of = |faults: bool| {
            let items = self.plan.items.iter().filter(move |it| it.choice.is_fault() == faults);
            let named = items.map(|it| Named(&self.plan.setting, it).to_string());
            named.collect::<Vec<_>>().join("; ")
        };
        match (of(true), of(false)) {
            (faults, switches) if faults.is_empty() && switches.is_empty() => {
                "It takes nothing unusual.".to_owned()
            }
            (faults, switches) if switches.is_empty() => format!("It takes {faults}."),
            (faults, switches) if faults.is_empty() => {
                format!("It takes no fault, only another order: {switches}.")
            }
            (faults, switches) => format!("It takes {faults}; and another order: {switches}."),
        }
    }
}

/// The marks of a line, as letters.
fn letters(marks: Marks) -> String {
    let all = [(marks.fault, 'x'), (marks.no_return, '*'), (marks.violation, '!')];
    all.iter().filter(|(it, _)| *it).map(|(_, letter)| *letter).collect()
}

/// Everybody who is calm shares a lane: one of them acts after the other.
fn column_of(lane: Lane, actors: usize) -> usize {
    match lane {
        Lane::Actor(actor) => actor.min(actors),
        Lane::Ledger => actors + 1,
        Lane::World => 0,
    }
}

#[cfg(test)]
mod tests;
