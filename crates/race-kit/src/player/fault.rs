//! What each choice does.

use std::time::Duration;

use super::{Player, call_of, menu};
use crate::books::{Flight, IN_THE_AIR_MAX, VISIBILITY};
use crate::choice::{Choice, Object, Target, Verb};
use crate::coverage::Sometimes;
use crate::deed::Deed;
use crate::invariant::{Invariant, Verdict, broken};
use crate::op::Kind;
use crate::record::{Lane, Wire};
use crate::sim::{Actor, Event, Given, LeftBehind, Status};

/// A client waits this long for the ledger's answer.
const POST_TIMEOUT: Duration = Duration::from_secs(150);

impl Player<'_> {
    /// Why a plan's choice cannot be made now; `None` if it can.
    pub(super) fn impossible(&self, choice: Choice) -> Option<&'static str> {
        let state = self.sim.state();
        let flight = |n: u32| {
            let place = usize::try_from(n).unwrap_or(usize::MAX);
            state.books.requests.get(place).map(|it| it.flight)
        };
        let possible = match (choice.object, choice.verb.target()) {
            (Object::Call { .. }, Target::Any | Target::Call | Target::CallOrRequest) => {
                let call = call_of(&state, choice.object);
                let fails = |it: &crate::sim::Parked| {
                    choice.verb == Verb::Switch || it.op.faults().contains(&choice.verb)
                };
                call.is_some_and(|it| state.is_enabled(it) && fails(it))
            }
            (Object::Request(n), Target::Any) => flight(n).is_some_and(Flight::is_in_the_air),
            (Object::Request(n), Target::Request | Target::CallOrRequest) => {
                flight(n) == Some(Flight::Awaited)
            }
            (Object::Zombie(n), Target::Any) => {
                let place = usize::try_from(n).unwrap_or(usize::MAX);
                state.left_behind.get(place).is_some_and(|it| it.effect.is_some())
            }
            (Object::Actor(actor), Target::Actor) => {
                return menu::unable(&state, actor, choice.verb);
            }
            (Object::World, Target::World) => self.stage.can(choice.verb),
            (Object::Time(_), Target::Any) => state.next_timer().is_some(),
            _ => return Some("this does not happen to that"),
        };
        (!possible).then_some("it is not there to happen to")
    }

    pub(super) fn apply(&mut self, choice: Choice) -> Verdict {
        match choice.object {
            Object::Call { actor, .. } => self.call(actor, choice),
            Object::Request(n) => {
                self.request(usize::try_from(n).unwrap_or(usize::MAX), choice.verb);
                Ok(())
            }
            Object::Zombie(n) => self.zombie(usize::try_from(n).unwrap_or(usize::MAX)),
            Object::Actor(actor) => {
                self.strike(actor, choice.verb);
                Ok(())
            }
            Object::Time(_) => {
                self.times += 1;
                let next = self.sim.state().next_timer();
                if let Some(until) = next {
                    let now = self.sim.state().now;
                    self.write(Lane::World, || "time passes, until somebody wakes".to_owned());
                    self.pass(until.saturating_sub(now));
                }
                Ok(())
            }
            Object::World => self.everywhere(choice.verb),
        }
    }

    fn call(&mut self, actor: usize, choice: Choice) -> Verdict {
        let id = call_of(&self.sim.state(), choice.object).map(|call| call.id);
        self.current = actor;
        let given = match choice.verb {
            Verb::Unsent => Given::Unsent,
            Verb::Lost => Given::Lost,
            Verb::Limit => Given::Limited,
            Verb::Panic => {
                self.write(Lane::Actor(actor), || "panics in its next call".to_owned());
                Given::Panic
            }
            _ => Given::Normally,
        };
        match id {
            Some(id) => self.let_go(id, given),
            None => Ok(()),
        }
    }

    /// Something becomes of a request in the air.
    pub(super) fn request(&mut self, n: usize, verb: Verb) {
        let (was, now) = {
            let state = self.sim.state();
            (state.books.requests.get(n).map(|it| it.flight), state.now)
        };
        let (next, words) = match verb {
            Verb::Lost => (Flight::LandedUnanswered, "creates the invoice; the answer is lost"),
            Verb::Refuse => (Flight::Refused, "is refused"),
            Verb::Limit => (Flight::Limited, "is refused: too many requests"),
            Verb::Hold => (Flight::Held, "stays in the air; its sender gives up"),
            Verb::Vanish => (Flight::Gone, "is lost on its way"),
            Verb::Hide => (Flight::Landed, "creates the invoice, not yet to be found"),
            _ if was == Some(Flight::Held) => {
                self.event(Event::Sometimes(Sometimes::LandsLate));
                (Flight::LandedUnanswered, "creates the invoice, late")
            }
            _ => (Flight::Landed, "creates the invoice"),
        };
        self.write(Lane::Ledger, || format!("http#{n} {words}"));
        self.sim.state().done(Deed::Request { n, verb });
        let visible_at = if verb == Verb::Hide { now + VISIBILITY } else { now };
        let mut state = self.sim.state();
        state.record.tie(match next {
            Flight::Landed | Flight::LandedUnanswered => Wire::Lands(n),
            Flight::Awaited | Flight::Held => Wire::Stays(n),
            Flight::Refused | Flight::Limited | Flight::Gone => Wire::Ends(n),
        });
        if matches!(next, Flight::Landed | Flight::LandedUnanswered) {
            state.books.land(n, next, visible_at);
            state.events.push(Event::Landed(n));
        } else if let Some(request) = state.books.requests.get_mut(n) {
            request.flight = next;
        }
    }

    /// A statement takes effect whose client is dead.
    fn zombie(&mut self, n: usize) -> Verdict {
        let left = {
            let mut state = self.sim.state();
            let left = state.left_behind.get_mut(n);
            left.and_then(|left| left.effect.take().map(|effect| (left.op, effect)))
        };
        let Some((op, effect)) = left else { return Ok(()) };
        self.sim.state().done(Deed::Zombie(n));
        self.write(Lane::World, || format!("a dead client's {} takes effect", op.as_str()));
        self.event(Event::Sometimes(Sometimes::ZombieActs));
        if !self.world.drive(effect(Given::Normally)) {
            let words = "a dead client's statement does not come to its end";
            return broken(Invariant::L2, words);
        }
        self.event(Event::Changed { actor: None, op });
        Ok(())
    }

    /// Something happens to an actor.
    fn strike(&mut self, actor: usize, verb: Verb) {
        let Some(words) = struck(verb) else { return };
        self.write(Lane::Actor(actor), || words.to_owned());
        self.sim.state().done(Deed::Actor { actor, verb });
        match verb {
            Verb::Crash => self.kill(actor, true),
            Verb::Zombie => {
                self.leave_behind(actor);
                self.kill(actor, true);
            }
            Verb::HostLoss => self.kill(actor, false),
            // What is dropped while it is alive tidies up after itself.
            Verb::Cancel => self.end(actor),
            Verb::LockLost => drop(self.sim.take_holds(|hold| hold.actor == actor)),
            Verb::Stall => self.change(actor, |own| own.status = Status::Stalled),
            Verb::Freeze => self.change(actor, |own| own.status = Status::Frozen),
            Verb::Interrupt => self.change(actor, |own| own.interrupted = true),
            Verb::ClockBack => self.change(actor, |own| own.wall_off -= 3_600),
            Verb::ClockAhead => self.change(actor, |own| own.wall_off += 3_600),
            _ => {}
        }
    }

    fn change(&self, actor: usize, how: impl FnOnce(&mut Actor)) {
        if let Some(own) = self.sim.state().actors.get_mut(actor) {
            how(own);
        }
    }

    /// An actor's process is gone. Its sessions end at once if the server notices.
    pub(super) fn kill(&mut self, actor: usize, noticed: bool) {
        self.change(actor, |own| own.status = Status::Gone);
        if noticed {
            drop(self.sim.take_holds(|hold| hold.actor == actor));
        } else {
            let mut state = self.sim.state();
            for hold in state.holds.iter_mut().filter(|hold| hold.actor == actor) {
                hold.orphaned = true;
            }
        }
        self.end(actor);
    }

    /// The oldest statement of an actor stays in the server.
    fn leave_behind(&self, actor: usize) {
        let mut state = self.sim.state();
        let call = state.parked.iter_mut().find(|call| {
            call.actor == actor && call.op.outlives_its_client() && call.effect.is_some()
        });
        let left = call.and_then(|call| {
            let effect = Some(call.effect.take()?);
            Some(LeftBehind { actor, serial: call.serial, op: call.op, effect })
        });
        state.left_behind.extend(left);
    }

    fn everywhere(&mut self, verb: Verb) -> Verdict {
        if let Some(time) = verb.passes() {
            self.write(Lane::World, || format!("time passes: {} s", time.as_secs()));
            self.pass(time);
            return Ok(());
        }
        let (goes_back, words) = match verb {
            Verb::DbRestart => (false, "the database is restarted"),
            Verb::Restore => (true, "the database goes back"),
            Verb::Elsewhere => {
                (true, "the database goes back, on another server; a person takes it over")
            }
            _ => return Ok(()),
        };
        self.write(Lane::World, || words.to_owned());
        self.sim.state().done(Deed::World(verb));
        if goes_back {
            self.go_back(verb);
        }
        let gone = {
            let mut state = self.sim.state();
            for call in &mut state.parked {
                let of_database = matches!(call.op.kind(), Kind::Read | Kind::Write | Kind::Lock);
                call.doomed |= of_database;
            }
            for hold in &mut state.holds {
                hold.told = true;
            }
            std::mem::take(&mut state.left_behind)
        };
        drop(gone);
        drop(self.sim.take_holds(|_| true));
        if goes_back {
            self.take_over()?;
            self.event(Event::Sometimes(Sometimes::Restored));
            self.monitor.begin_anew(&*self.world)?;
        }
        Ok(())
    }

    /// Puts a backup back, as one does: what runs is stopped. Where it was before, one waits until
    /// what is in the air has landed; elsewhere nobody waits, and the alarm must.
    fn go_back(&mut self, verb: Verb) {
        let running: Vec<usize> = {
            let state = self.sim.state();
            let actors = (0..).zip(&state.actors);
            actors.filter(|(_, it)| it.steps > 1).map(|(actor, _)| actor).collect()
        };
        for actor in running {
            self.kill(actor, true);
        }
        if verb == Verb::Restore {
            self.pass(IN_THE_AIR_MAX + Duration::from_secs(1));
        }
        self.world.restore();
        if verb == Verb::Elsewhere {
            self.world.move_elsewhere();
        }
    }

    /// A person says that this database is the one that counts. That means nothing to one that is
    /// where it was.
    fn take_over(&self) -> Verdict {
        let ports = self.world.ports("person");
        let quiet = crate::cast::DOUBT.quiet;
        let taken = crate::monitor::ask(&*self.world, async move {
            ports.registry.take_over(quiet).await.map(drop)
        });
        match taken {
            Some(Ok(())) => Ok(()),
            Some(Err(error)) => {
                broken(Invariant::L2, format!("the database cannot be taken over: {error}"))
            }
            None => broken(Invariant::L2, "the database cannot be taken over: it is locked"),
        }
    }

    /// Lets time pass, and everything happen that happens by then.
    pub(super) fn pass(&mut self, time: Duration) {
        let until = self.sim.state().now + time;
        let (late, unbounded) = {
            let mut state = self.sim.state();
            let mut given_up = Vec::new();
            for (n, request) in state.books.requests.iter_mut().enumerate() {
                if request.flight == Flight::Awaited && request.sent_at + POST_TIMEOUT <= until {
                    request.flight = Flight::Held;
                    given_up.push(Deed::Request { n, verb: Verb::Hold });
                }
            }
            for deed in given_up {
                state.done(deed);
            }
            (state.books.overdue(until), state.modes.late_unbounded)
        };
        if !unbounded {
            for n in late {
                self.request(n, Verb::Switch);
            }
        }
        let lease = {
            let mut state = self.sim.state();
            state.now = until;
            for hold in &mut state.holds {
                hold.told |= hold.inner.is_none();
            }
            state.modes.lease
        };
        drop(self.sim.take_holds(|hold| hold.orphaned || lease));
        self.sim.state().done(Deed::Pass(time));
        self.world.pass_time(time);
    }
}

/// What becomes of an actor, in words; `None` if the verb is nothing that happens to one.
fn struck(verb: Verb) -> Option<&'static str> {
    Some(match verb {
        Verb::Crash => "crashes",
        Verb::Zombie => "crashes; its statement stays in the server",
        Verb::HostLoss => "its host is gone; its sessions stay open",
        Verb::Cancel => "is cancelled",
        Verb::Stall => "stands still until the others have ended",
        Verb::Freeze => "stands still from now on",
        Verb::Interrupt => "is asked to stop",
        Verb::LockLost => "the server drops its run lock, untold",
        Verb::ClockBack => "its wall clock goes back by an hour",
        Verb::ClockAhead => "its wall clock goes ahead by an hour",
        _ => return None,
    })
}
