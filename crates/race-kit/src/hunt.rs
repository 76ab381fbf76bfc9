//! A search over many schedules, by several strategies in turn.

use crate::choice::{Verb, Verbs};
use crate::coverage::Coverage;
use crate::decider::{Chance, Decider, Exhausted, Exhaustive, Pct, Replay, Walk};
use crate::invariant::Violation;
use crate::plan::{Item, Plan};
use crate::player::Played;
use crate::stage::{Options, Stage};
use crate::world::Factory;

/// How schedules are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// Carries on in 7 of 10 cases.
    Sticky,
    /// Anything is as likely as anything.
    Uniform,
    /// Priorities that change so many times less one.
    Pct(usize),
}

impl Strategy {
    /// The portfolio: of ten schedules six are sticky walks.
    const TURNS: [Self; 10] = [
        Self::Sticky,
        Self::Sticky,
        Self::Pct(2),
        Self::Sticky,
        Self::Uniform,
        Self::Sticky,
        Self::Pct(3),
        Self::Sticky,
        Self::Sticky,
        Self::Pct(5),
    ];

    fn decider(self, seed: u64) -> Box<dyn Decider> {
        match self {
            Self::Sticky => Box::new(Walk::sticky(seed)),
            Self::Uniform => Box::new(Walk::uniform(seed)),
            Self::Pct(depth) => Box::new(Pct::new(seed, depth)),
        }
    }
}

/// What a search came to.
#[derive(Clone, Debug)]
pub struct Hunt {
    /// What was seen.
    pub coverage: Coverage,
    /// The first schedule that breaks something.
    pub found: Option<Found>,
}

/// A schedule that breaks something.
#[derive(Clone, Debug)]
pub struct Found {
    /// Which schedule of the search it was, from 1.
    pub nth: u64,
    /// What it breaks.
    pub violation: Violation,
    /// All that was unusual in it.
    pub plan: Plan,
}

/// How a search goes on.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Schedules at most.
    pub runs: u64,
    /// Where chance begins. The same seed finds the same.
    pub seed: u64,
    /// What may go wrong.
    pub verbs: Verbs,
    /// One strategy only; all in turn if `None`.
    pub only: Option<Strategy>,
    /// Whether all that was seen is counted; it costs a tenth or so.
    pub coverage: bool,
}

/// Schedules of a batch, in which some verbs are switched off so that others meet more often.
const BATCH: u64 = 500;

/// Plays random schedules until one breaks something or the budget is used up.
pub fn hunt(stage: &Stage<'_>, budget: Budget) -> Result<Hunt, String> {
    hunt_while(stage, budget, &mut || true)
}

/// The same, for as long as `go_on` says so: it is asked before each schedule.
pub fn hunt_while(
    stage: &Stage<'_>,
    budget: Budget,
    go_on: &mut dyn FnMut() -> bool,
) -> Result<Hunt, String> {
    let mut coverage = Coverage::default();
    let mut growth = Growth::default();
    let mut verbs = budget.verbs;
    let mut batches = Chance::new(budget.seed ^ 0x5757_5757);
    // One stream: what neighbouring seeds begin is not the same.
    let mut seeds = Chance::new(budget.seed);
    for run in 0..budget.runs {
        if !go_on() {
            break;
        }
        if run % BATCH == 0 {
            verbs = swarm(budget.verbs, &mut batches, run == 0);
        }
        let turn = usize::try_from(run % 10).unwrap_or(0);
        let strategy = budget.only.or(Strategy::TURNS.get(turn).copied());
        let mut decider = strategy.unwrap_or(Strategy::Sticky).decider(seeds.number());
        let options = Options { verbs, coverage: budget.coverage, ..Options::default() };
        let played = stage.play(&mut *decider, options)?;
        coverage.count(&played);
        if budget.coverage {
            growth.after(run + 1, coverage.states.len());
            coverage.growth.clone_from(&growth.samples);
        }
        if let Some(violation) = played.violation {
            let setting = stage.setting().clone();
            let plan = Plan { setting, items: played.items, expect: Some(violation.invariant) };
            return Ok(Hunt { coverage, found: Some(Found { nth: run + 1, violation, plan }) });
        }
    }
    Ok(Hunt { coverage, found: None })
}

/// How the number of known states grows, in equal parts of a search whose length nobody knows.
struct Growth {
    /// Schedules of a part.
    every: u64,
    samples: Vec<usize>,
}

/// Parts that become twice as long when there are as many.
const PARTS: usize = 20;

impl Default for Growth {
    fn default() -> Self {
        Self { every: 1, samples: Vec::new() }
    }
}

impl Growth {
    fn after(&mut self, run: u64, states: usize) {
        if !run.is_multiple_of(self.every) {
            return;
        }
        self.samples.push(states);
        if self.samples.len() == PARTS {
            self.every *= 2;
            let mut place = 0_usize;
            self.samples.retain(|_| {
                place += 1;
                place.is_multiple_of(2)
            });
        }
    }
}

/// Some of the verbs: each is switched off in half of the batches. The first batch has them all.
fn swarm(all: Verbs, chance: &mut Chance, whole: bool) -> Verbs {
    if whole {
        return all;
    }
    let off = Verb::ALL.iter().filter(|_| chance.number().is_multiple_of(2));
    off.fold(all, |verbs, (verb, _)| verbs.without(*verb))
}

/// How far an exhaustive search goes.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    /// Deviations from carrying on at most.
    pub deviations: u32,
    /// Schedules at most; a search that reaches it is not complete.
    pub runs: u64,
    /// What may go wrong.
    pub verbs: Verbs,
    /// Whether a state that was met before is left alone.
    pub prune: bool,
    /// Whether the search goes on after something is broken.
    pub go_on: bool,
}

/// What an exhaustive search came to.
#[derive(Clone, Debug)]
pub struct Exhaustion {
    /// How far it came.
    pub exhausted: Exhausted,
    /// The first plan for each invariant that some schedule breaks.
    pub found: Vec<Found>,
}

/// Plays every schedule within the bound.
pub fn exhaust(stage: &Stage<'_>, bound: Bound) -> Result<Exhaustion, String> {
    exhaust_while(stage, bound, &mut || true)
}

/// The same, for as long as `go_on` says so: it is asked before each schedule.
pub fn exhaust_while(
    stage: &Stage<'_>,
    bound: Bound,
    go_on: &mut dyn FnMut() -> bool,
) -> Result<Exhaustion, String> {
    if bound.prune && !stage.has_keys() {
        return Err("nothing can be pruned: this factory's worlds have no `fork` or no \
                    `fingerprint`, so one state cannot be told from another"
            .into());
    }
    let mut decider = Exhaustive::new(bound.deviations, bound.prune);
    let mut found: Vec<Found> = Vec::new();
    let options = Options { verbs: bound.verbs, ..Options::default() };
    let mut runs = 0;
    while decider.advance() {
        runs += 1;
        if runs > bound.runs || !go_on() {
            return Ok(Exhaustion { exhausted: decider.so_far(false), found });
        }
        let played = stage.play(&mut decider, options)?;
        let Some(violation) = played.violation else { continue };
        let known = |it: &Found| it.violation.invariant == violation.invariant;
        if !found.iter().any(known) {
            let setting = stage.setting().clone();
            let plan = Plan { setting, items: played.items, expect: Some(violation.invariant) };
            found.push(Found { nth: runs, violation, plan });
        }
        if !bound.go_on {
            return Ok(Exhaustion { exhausted: decider.so_far(false), found });
        }
    }
    Ok(Exhaustion { exhausted: decider.so_far(true), found })
}

/// A plan that was played.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// The schedule, written down.
    pub played: Played,
    /// Items whose first word never went on next.
    pub unused: Vec<Item>,
}

impl Replayed {
    /// Whether all of it happened and broke just what was expected; an error says what did not.
    pub fn verdict(&self, plan: &Plan) -> Result<(), String> {
        let name = |item: &Item| crate::plan::Named(&plan.setting, item).to_string();
        if let Some(item) = self.unused.first() {
            return Err(format!("`{}` never comes up", name(item)));
        }
        if let Some((item, why)) = self.played.impossible.first() {
            return Err(format!("`{}` cannot happen: {why}", name(item)));
        }
        match (&self.played.violation, plan.expect) {
            (None, None) => Ok(()),
            (Some(violation), Some(expected)) if violation.invariant == expected => Ok(()),
            (Some(violation), Some(expected)) => Err(format!("{violation}; expected {expected}")),
            (Some(violation), None) => Err(violation.to_string()),
            (None, Some(expected)) => Err(format!("{expected} holds, and was to be broken")),
        }
    }
}

/// Plays a plan once, and writes down what happens.
pub fn replay(factory: &dyn Factory, plan: &Plan) -> Result<Replayed, String> {
    let stage = Stage::new(factory, plan.setting.clone())?;
    let mut decider = Replay::new(&plan.items);
    let played = stage.play(&mut decider, Options { record: true, ..Options::default() })?;
    Ok(Replayed { unused: decider.unused(), played })
}

#[cfg(test)]
mod tests;
