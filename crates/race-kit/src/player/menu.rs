//! What may happen next, in a fixed order: to carry on first, faults last.

use super::Player;
use crate::books::Flight;
use crate::choice::{Choice, Object, Verb};
use crate::record::Lane;
use crate::sim::{Parked, State, Status};

/// What may become of a request whose sender waits.
const REQUEST: [Verb; 6] =
    [Verb::Lost, Verb::Refuse, Verb::Limit, Verb::Hold, Verb::Vanish, Verb::Hide];

/// What may happen to an actor.
const ACTOR: [Verb; 10] = [
    Verb::Crash,
    Verb::Zombie,
    Verb::HostLoss,
    Verb::Cancel,
    Verb::Stall,
    Verb::Freeze,
    Verb::Interrupt,
    Verb::LockLost,
    Verb::ClockBack,
    Verb::ClockAhead,
];

/// What may happen to everybody.
const WORLD: [Verb; 5] =
    [Verb::DbRestart, Verb::Restore, Verb::Elsewhere, Verb::Pause, Verb::TimePasses];

impl Player<'_> {
    /// Lists what may happen next. False if nothing can.
    pub(super) fn fill_menu(&mut self) -> bool {
        let sim = self.sim.clone();
        let mut state = sim.state();
        if !somebody_can_act(&state) {
            for actor in 0..state.actors.len() {
                wake(&mut state, actor);
            }
        }
        let state = &*state;
        self.choices.clear();
        self.actors.clear();
        self.add_usual(state);
        self.add_others(state);
        if self.choices.is_empty() {
            // Without anything else, only time can help.
            if state.next_timer().is_none() {
                return false;
            }
            self.add(Object::Time(self.times), None);
            self.add_leftovers(state);
        }
        if self.faults_left > 0 {
            self.add_faults(state);
        }
        true
    }

    fn add(&mut self, object: Object, actor: Option<usize>) {
        self.choices.push(Choice { verb: Verb::Switch, object });
        self.actors.push(actor);
    }

    /// What would go on next: the same actor, then what is in the air, then the next actor.
    fn add_usual(&mut self, state: &State) {
        let first = oldest(state, self.current).map(|call| (object(call), Some(call.actor)));
        let usual = first.or_else(|| awaited(state).next().map(|it| (it, None))).or_else(|| {
            let count = state.actors.len();
            let others = (1..count).map(|step| (self.current + step) % count);
            let mut calls = others.filter_map(|actor| oldest(state, actor));
            calls.next().map(|call| (object(call), Some(call.actor)))
        });
        if let Some((object, actor)) = usual {
            self.add(object, actor);
        }
    }

    /// Everything else that could go on.
    fn add_others(&mut self, state: &State) {
        let Some(usual) = self.choices.first().map(|it| it.object) else { return };
        let calls = state.parked.iter().filter(|call| call.nth > 0 && state.is_enabled(call));
        for call in calls.filter(|call| object(call) != usual) {
            self.add(object(call), Some(call.actor));
        }
        for request in awaited(state).filter(|it| *it != usual) {
            self.add(request, None);
        }
        self.add_leftovers(state);
    }

    /// What nobody waits for and what may still happen.
    fn add_leftovers(&mut self, state: &State) {
        for (n, request) in (0..).zip(&state.books.requests) {
            if request.flight == Flight::Held {
                self.add(Object::Request(n), None);
            }
        }
        for (n, left) in (0..).zip(&state.left_behind) {
            if left.effect.is_some() {
                self.add(Object::Zombie(n), None);
            }
        }
    }

    fn add_faults(&mut self, state: &State) {
        let verbs = self.options.verbs;
        let fault = |verb: Verb, object: Object| verbs.has(verb).then_some(Choice { verb, object });
        for call in state.parked.iter().filter(|call| call.nth > 0 && state.is_enabled(call)) {
            let faults = call.op.faults().iter();
            self.choices.extend(faults.filter_map(|verb| fault(*verb, object(call))));
        }
        for request in awaited(state) {
            self.choices.extend(REQUEST.iter().filter_map(|verb| fault(*verb, request)));
        }
        for actor in 0..state.actors.len() {
            let possible = ACTOR.iter().filter(|verb| unable(state, actor, **verb).is_none());
            let on = Object::Actor(actor);
            self.choices.extend(possible.filter_map(|verb| fault(*verb, on)));
        }
        let possible = WORLD.iter().filter(|verb| self.stage.can(**verb));
        self.choices.extend(possible.filter_map(|verb| fault(*verb, Object::World)));
    }
}

/// Why something cannot happen to an actor now, or would do nothing; `None` if it can.
pub(super) fn unable(state: &State, actor: usize, verb: Verb) -> Option<&'static str> {
    let Some(own) = state.actors.get(actor).filter(|it| it.status == Status::Alive) else {
        return Some("it is not there to happen to");
    };
    let holds = || state.holds.iter().any(|it| it.actor == actor && it.inner.is_some());
    let writes = |call: &Parked| {
        call.actor == actor && call.op.outlives_its_client() && call.given.is_none()
    };
    match verb {
        Verb::Zombie if !state.parked.iter().any(writes) => Some("it writes nothing just then"),
        Verb::HostLoss | Verb::LockLost if !holds() => Some("it does not have the run lock"),
        Verb::Interrupt if own.interrupted => Some("it has been asked to stop before"),
        _ => None,
    }
}

/// Who stood still goes on.
fn wake(state: &mut State, actor: usize) {
    if let Some(own) = state.actors.get_mut(actor)
        && own.status == Status::Stalled
    {
        own.status = Status::Alive;
        state.write(Lane::Actor(actor), || "goes on".to_owned());
    }
}

/// Whether anybody goes on by himself, now or when time has passed.
fn somebody_can_act(state: &State) -> bool {
    let can = |call: &Parked| call.nth > 0 && state.is_enabled(call);
    state.parked.iter().any(can) || awaited(state).next().is_some() || state.next_timer().is_some()
}

fn object(call: &Parked) -> Object {
    Object::Call { actor: call.actor, nth: call.nth }
}

/// The oldest call of an actor that could go on.
fn oldest(state: &State, actor: usize) -> Option<&Parked> {
    let mut calls = state.parked.iter();
    calls.find(|call| call.actor == actor && call.nth > 0 && state.is_enabled(call))
}

/// The requests in the air whose senders wait, oldest first.
fn awaited(state: &State) -> impl Iterator<Item = Object> {
    let requests = (0..).zip(&state.books.requests);
    requests.filter(|(_, it)| it.flight == Flight::Awaited).map(|(n, _)| Object::Request(n))
}
