//! Schedules that do not come to an end, and who is to blame: one that stands still, if there is one.

use super::{Player, STEPS_MAX};
use crate::invariant::{Invariant, Verdict, broken};
use crate::sim::Status;

impl Player<'_> {
    /// Whether nobody who is left can ever act again.
    pub(super) fn is_only_frozen(&self) -> bool {
        let state = self.sim.state();
        let still = |status| matches!(status, Status::Frozen | Status::Gone);
        state.actors.iter().all(|actor| still(actor.status))
    }

    fn is_any_frozen(&self) -> bool {
        self.sim.state().actors.iter().any(|actor| actor.status == Status::Frozen)
    }

    /// It goes on and on.
    pub(super) fn endless(&self) -> Verdict {
        let which = if self.is_any_frozen() { Invariant::L5 } else { Invariant::L4 };
        broken(which, format!("more than {STEPS_MAX} steps"))
    }

    /// Somebody waits, and nothing can happen.
    pub(super) fn deadlock(&self) -> Verdict {
        let which = if self.is_any_frozen() { Invariant::L5 } else { Invariant::L2 };
        let state = self.sim.state();
        let waiting = (0..).zip(&state.actors).filter(|(_, it)| it.status == Status::Alive);
        let names: Vec<String> =
            waiting.map(|(actor, _)| self.play.setting.actor_name(actor)).collect();
        broken(which, format!("{} cannot go on", names.join(", ")))
    }
}
