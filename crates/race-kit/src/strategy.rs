//! Plans for `proptest`: found by random walks, shrunk by the minimiser's steps.
//!
//! The value is a [`Plan`], so what a failing test prints is what a regression test keeps, and a
//! person can read.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use proptest::prelude::Rng as _;
use proptest::strategy::{NewTree, Strategy, ValueTree};
use proptest::test_runner::{Reason, TestRunner};

use crate::decider::Walk;
use crate::minimise::candidates;
use crate::plan::Plan;
use crate::scenario::Scenario;
use crate::stage::{Options, Stage};
use crate::world::Factory;

/// Walks per value at most: the first that breaks something is taken, or else the last.
const WALKS: u32 = 16;

/// Plans of a scenario: what a random walk did in it. One in which something breaks is preferred,
/// so that few cases are enough.
pub fn plans(factory: Arc<dyn Factory>, scenario: Scenario) -> Plans {
    Plans { factory, scenario }
}

/// See [`plans`].
pub struct Plans {
    factory: Arc<dyn Factory>,
    scenario: Scenario,
}

impl fmt::Debug for Plans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plans").field("scenario", &self.scenario).finish_non_exhaustive()
    }
}

impl Strategy for Plans {
    type Tree = PlanTree;
    type Value = Plan;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let setting = self.scenario.setting.clone();
        let stage = Stage::new(&*self.factory, setting.clone()).map_err(Reason::from)?;
        let options = Options { verbs: self.scenario.verbs, ..Options::default() };
        let mut plan = Plan::calm(setting);
        for _ in 0..WALKS {
            let seed = runner.rng().next_u64();
            let played = stage.play(&mut Walk::sticky(seed), options).map_err(Reason::from)?;
            plan.items = played.items;
            plan.expect = played.violation.map(|it| it.invariant);
            if plan.expect.is_some() {
                break;
            }
        }
        // What it breaks is for the test to find out.
        plan.expect = None;
        Ok(PlanTree { simpler: candidates(&plan).into(), best: plan.clone(), current: plan })
    }
}

/// A plan on its way to a shorter one.
#[derive(Clone, Debug)]
pub struct PlanTree {
    /// The shortest plan that the test failed on so far.
    best: Plan,
    /// The plan that it is tried on now.
    current: Plan,
    /// Plans one step simpler than `best` that were not tried yet.
    simpler: VecDeque<Plan>,
}

impl PlanTree {
    fn next(&mut self) -> bool {
        let next = self.simpler.pop_front();
        let more = next.is_some();
        self.current = next.unwrap_or_else(|| self.best.clone());
        more
    }
}

impl ValueTree for PlanTree {
    type Value = Plan;

    fn current(&self) -> Plan {
        self.current.clone()
    }

    fn simplify(&mut self) -> bool {
        if self.current != self.best {
            // The test failed on it too.
            self.best = self.current.clone();
            self.simpler = candidates(&self.best).into();
        }
        self.next()
    }

    fn complicate(&mut self) -> bool {
        // The test passed: it needs what this step took away.
        self.next()
    }
}
