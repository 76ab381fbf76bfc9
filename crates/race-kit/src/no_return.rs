//! The point of no return: the last choice of a schedule before which the violation could still
//! have been avoided.
//!
//! What counts as avoiding it is what the actors do by themselves: after the first choices of the
//! schedule many random walks go on in which they act in any order and time passes, and nothing
//! else goes wrong. A crash that happens to kill whoever was about to do the damage saves nobody.

use crate::decider::{Chance, Onward};
use crate::invariant::Invariant;
use crate::plan::Plan;
use crate::stage::{Options, Stage};
use crate::world::Factory;

/// Walks from each choice. One that avoids the violation is enough to go no further back.
const WALKS: u64 = 100;

/// Choices that are looked at, from the end backwards. What is decided earlier than that is rare,
/// and then the mark stands late, not wrong.
const BACK: u32 = 400;

/// From where on a violation comes whatever the actors do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoReturn {
    /// From the beginning: the setting is enough.
    FromTheBeginning,
    /// From this step of the schedule on, counted from 1.
    After(u32),
}

/// Where the schedule of a plan passes the point of no return. `steps` are the choices that it
/// takes.
///
/// An error is trouble with the databases. `None` if what comes after the whole schedule is not
/// what the plan breaks; then there is no such point.
pub fn no_return(
    factory: &dyn Factory,
    plan: &Plan,
    steps: u32,
    invariant: Invariant,
) -> Result<Option<NoReturn>, String> {
    let stage = Stage::new(factory, plan.setting.clone())?;
    let mut point = None;
    for after in (steps.saturating_sub(BACK)..=steps).rev() {
        if !always_breaks(&stage, plan, after, invariant)? {
            break;
        }
        point = Some(if after == 0 { NoReturn::FromTheBeginning } else { NoReturn::After(after) });
    }
    Ok(point)
}

/// Whether every walk that goes on after so many choices breaks the invariant.
fn always_breaks(
    stage: &Stage<'_>,
    plan: &Plan,
    after: u32,
    invariant: Invariant,
) -> Result<bool, String> {
    let mut chance = Chance::new(u64::from(after));
    for _ in 0..WALKS {
        let mut onward = Onward::new(&plan.items, after, chance.number());
        let played = stage.play(&mut onward, Options::default())?;
        if played.violation.is_none_or(|it| it.invariant != invariant) {
            return Ok(false);
        }
    }
    Ok(true)
}
