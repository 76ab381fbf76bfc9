//! One schedule, from the first poll to the last verdict.
//!
//! In each step one choice is made: a call goes on, a request lands, time passes, something breaks.
//! Then everybody who was woken runs until nobody can go on by himself, and the invariants are
//! looked at.

mod awake;
mod calm;
mod fault;
mod menu;
mod stuck;

use std::sync::Arc;
use std::time::Duration;

use self::awake::Task;
use crate::books::{Document, Flight};
use crate::cast::{self, Known, Play};
use crate::choice::{Choice, Object, Verb};
use crate::coverage::Sometimes;
use crate::decider::{Decider, Menu, Pick};
use crate::deed::Stand;
use crate::gated::Gated;
use crate::invariant::{Verdict, Violation};
use crate::monitor::Monitor;
use crate::plan::Item;
use crate::record::{Lane, Record};
use crate::setting::Role;
use crate::sim::{Actor, Event, Parked, Sim, State, Status, Waits};
use crate::stage::{Options, Stage};
use crate::world::World;

/// More steps than this never end.
const STEPS_MAX: u32 = 5_000;

/// What one schedule came to.
#[derive(Clone, Debug, Default)]
pub struct Played {
    /// What it breaks, if anything.
    pub violation: Option<Violation>,
    /// What was unusual in it: played again, these items lead to the same.
    pub items: Vec<Item>,
    /// Plan items that could not happen, with the reason.
    pub impossible: Vec<(Item, &'static str)>,
    /// How many choices were made.
    pub steps: u32,
    /// Whether the decider stopped it.
    pub stopped: bool,
    /// Where every invoice and every request stood when the chaos was over, if states are counted.
    pub standing: Vec<String>,
    /// Where each invoice stood when it was seen last, by its number.
    pub ends: Vec<(String, postonce_domain::StateName)>,
    /// What happened that must happen sometimes.
    pub(crate) sometimes: Vec<Sometimes>,
    pub(crate) moves: Vec<(postonce_domain::StateName, postonce_domain::StateName)>,
    pub(crate) switches: Vec<(&'static str, &'static str)>,
    pub(crate) states: Vec<u64>,
    /// What happened, if it was to be written down.
    pub record: Record,
    /// One number for all answers that anybody got in the chaos: equal for equal schedules, if the
    /// decider wants keys.
    pub trace: u64,
}

/// Plays one schedule: it makes the choices happen, and lets everybody who is woken run.
pub(crate) struct Player<'a> {
    stage: &'a Stage<'a>,
    sim: Sim,
    world: Box<dyn World>,
    play: Arc<Play>,
    tasks: Vec<Task>,
    monitor: Monitor,
    options: Options,
    /// The actor that went on last.
    current: usize,
    /// Whether a run was turned away by the lock.
    turned_away: bool,
    faults_left: u32,
    /// The chaos is over: nothing breaks any more.
    is_calm: bool,
    times: u32,
    choices: Vec<Choice>,
    actors: Vec<Option<usize>>,
    played: Played,
}

impl<'a> Player<'a> {
    pub(crate) fn new(
        stage: &'a Stage<'a>,
        world: Box<dyn World>,
        known: Vec<Known>,
        options: Options,
    ) -> Self {
        let setting = stage.setting().clone();
        let monitor = Monitor::new(world.ports("monitor"), known.clone());
        let play = Arc::new(Play { setting, known });
        let mut player = Self {
            stage,
            sim: stage.sim.clone(),
            world,
            tasks: Vec::new(),
            monitor,
            options,
            current: 0,
            turned_away: false,
            faults_left: play.setting.faults,
            is_calm: false,
            play,
            times: 0,
            choices: Vec::new(),
            actors: Vec::new(),
            played: Played::default(),
        };
        if player.play.setting.stranger {
            player.stranger();
        }
        for role in player.play.setting.actors.clone() {
            player.enter(role);
        }
        player
    }

    /// Another installation has posted the first invoice before.
    fn stranger(&self) {
        let Some(known) = self.play.known.first() else { return };
        let memo = "PostOnce 00000000-0000-0000-0000-00000000ffff \
                    00000000-0000-0000-0000-00000000fffe";
        let document = Document {
            uid: crate::books::Books::uid(99_999),
            company_file: known.company_file.clone(),
            number: known.number.clone(),
            reference: "order 1".to_owned(),
            memo: memo.to_owned(),
            customer: "CUS1".to_owned(),
            total: postonce_domain::Money::parse("1").unwrap_or(postonce_domain::Money::ZERO),
            visible_at: Duration::ZERO,
        };
        self.sim.state().books.documents.push(document);
    }

    /// One more actor begins.
    fn enter(&mut self, role: Role) {
        let actor = {
            let mut state = self.sim.state();
            state.actors.push(Actor::new(cast::only_file(role)));
            state.actors.len() - 1
        };
        let inner = self.world.ports(&self.play.setting.actor_name(actor));
        let gated = Gated { sim: self.sim.clone(), actor, inner };
        let ports = self.stage.factory.mutate(&self.play.setting, gated.clone().ports());
        let engine = cast::engine(&self.play.setting, ports);
        let work = cast::act(role, gated, engine, Arc::clone(&self.play));
        self.tasks.push(Task::new(work));
    }

    pub(crate) fn play(mut self, decider: &mut dyn Decider) -> Played {
        let chaos = self.chaos(decider);
        self.played.trace = self.trace();
        let deeds = std::mem::take(&mut self.sim.state().record.deeds);
        let verdict = chaos.and_then(|()| {
            let ends = self.options.calm && !self.played.stopped;
            if ends { self.calm() } else { Ok(()) }
        });
        self.played.violation = verdict.err();
        // What is left of them must not be dropped while the state is locked.
        self.tasks.clear();
        self.played.sometimes = self.monitor.sometimes.iter().copied().collect();
        self.played.moves = std::mem::take(&mut self.monitor.moves);
        self.played.ends = self.monitor.ends();
        let mut state = self.sim.state();
        self.played.record = Record { deeds, ..std::mem::take(&mut state.record) };
        if self.played.violation.is_some()
            && let Some(line) = self.played.record.lines.last_mut()
        {
            line.marks.violation = true;
        }
        drop(state);
        self.played
    }

    /// One number for all that anybody was told.
    fn trace(&self) -> u64 {
        let state = self.sim.state();
        let histories: Vec<u64> = state.actors.iter().map(|actor| actor.history).collect();
        crate::key::key_of(histories)
    }

    /// Until everybody has ended, stands still or is dead.
    fn chaos(&mut self, decider: &mut dyn Decider) -> Verdict {
        self.monitor.look_at_all(&*self.world)?;
        loop {
            self.settle()?;
            if self.tasks.iter().all(|task| task.work.is_none()) {
                break;
            }
            if !self.fill_menu() {
                if self.is_only_frozen() {
                    break;
                }
                return self.deadlock();
            }
            self.write_stand();
            self.played.steps += 1;
            if self.played.steps > STEPS_MAX {
                return self.endless();
            }
            let key = if decider.wants_keys() { self.key() } else { None };
            let safe = self.actors.len();
            let menu = Menu { choices: &self.choices, safe, actors: &self.actors, key };
            let at = menu.default_object();
            let choice = match decider.pick(&menu) {
                Pick::At(place) => self.choices.get(place).copied(),
                Pick::This(choice) => Some(choice),
                Pick::Stop => {
                    self.played.stopped = true;
                    return Ok(());
                }
            };
            let Some(choice) = choice else { continue };
            self.choose(at, choice)?;
        }
        if self.options.coverage {
            self.played.standing = self.monitor.standing(&self.sim);
        }
        self.monitor.at_rest(&*self.world, &self.sim)
    }

    /// Writes down where everybody stands, for whoever does the same elsewhere.
    fn write_stand(&self) {
        let mut state = self.sim.state();
        if !state.modes.record {
            return;
        }
        let sleeps = |call: &Parked| {
            let own = state.actors.get(call.actor);
            matches!(call.waits, Waits::Until(_))
                && own.is_some_and(|it| it.status == Status::Alive)
        };
        let waits = state.parked.iter();
        let waits = waits.filter(|call| call.nth > 0 && (state.is_enabled(call) || sleeps(call)));
        let waiting = waits.map(|call| (call.actor, call.nth, call.op)).collect();
        let tasks = (0..).zip(&self.tasks);
        let over = tasks.filter(|(_, task)| task.work.is_none()).map(|(actor, _)| actor).collect();
        let deeds = state.record.deeds.len();
        state.record.stands.push(Stand { deeds, waiting, over });
    }

    /// Makes one choice instead of, or as, what would go on at `at`.
    fn choose(&mut self, at: Object, choice: Choice) -> Verdict {
        let usual = Choice { verb: Verb::Switch, object: at };
        {
            let mut state = self.sim.state();
            state.record.step = self.played.steps;
            state.record.fault = choice.is_fault();
        }
        if choice != usual {
            let item = Item { at, choice };
            if let Some(why) = self.impossible(choice) {
                self.played.impossible.push((item, why));
                return Ok(());
            }
            self.note_switch(at, choice);
            self.played.items.push(item);
            self.faults_left = self.faults_left.saturating_sub(u32::from(choice.is_fault()));
        }
        self.apply(choice)?;
        self.note_holder();
        self.note_silence(choice);
        Ok(())
    }

    /// Writes down who has the run lock, if that has changed.
    fn note_holder(&self) {
        if self.options.record {
            let mut state = self.sim.state();
            let holder = state.holds.iter().rev().find(|hold| hold.inner.is_some());
            let holder = holder.map(|hold| hold.actor);
            state.record.held_by(holder, &self.play.setting);
        }
    }

    /// A fault of a call that writes no line of its own gets one.
    fn note_silence(&self, choice: Choice) {
        let mut state = self.sim.state();
        if state.record.fault {
            let lane = match choice.object {
                Object::Call { actor, .. } | Object::Actor(actor) => Lane::Actor(actor),
                Object::Request(_) => Lane::Ledger,
                Object::Zombie(_) | Object::Time(_) | Object::World => Lane::World,
            };
            state.write(lane, || choice.verb.as_str().to_owned());
        }
    }

    fn note_switch(&mut self, at: Object, choice: Choice) {
        let state = self.sim.state();
        let op = |object| match object {
            Object::Call { .. } => call_of(&state, object).map(|call| call.op.as_str()),
            Object::Request(_) => Some("request"),
            Object::Zombie(_) => Some("zombie"),
            Object::Actor(_) | Object::Time(_) | Object::World => None,
        };
        if choice.verb == Verb::Switch
            && let (Some(before), Some(after)) = (op(at), op(choice.object))
        {
            self.played.switches.push((before, after));
        }
    }

    /// One number for all that the future depends on.
    fn key(&self) -> Option<u64> {
        let world = self.world.fingerprint()?;
        let state = self.sim.state();
        let actors: Vec<_> = state
            .actors
            .iter()
            .map(|it| (it.status, it.history, it.interrupted, it.wall_off, it.panicked, it.failed))
            .collect();
        let parked: Vec<_> = state
            .parked
            .iter()
            .map(|it| (it.actor, it.serial, it.op, it.waits, it.doomed))
            .collect();
        let requests: Vec<(usize, Flight, Duration)> =
            state.books.requests.iter().map(|it| (it.actor, it.flight, it.sent_at)).collect();
        let documents: Vec<(Duration, &str)> =
            state.books.documents.iter().map(|it| (it.visible_at, it.uid.as_str())).collect();
        let holds: Vec<(usize, bool, bool, bool)> = state
            .holds
            .iter()
            .map(|it| (it.actor, it.inner.is_some(), it.told, it.orphaned))
            .collect();
        let left: Vec<_> = state
            .left_behind
            .iter()
            .map(|it| (it.actor, it.serial, it.op, it.effect.is_some()))
            .collect();
        let seen = self.monitor.end_key();
        let own = (self.current, self.faults_left, self.times, state.now, seen);
        Some(crate::key::key_of((world, actors, parked, requests, documents, holds, left, own)))
    }

    fn write(&self, lane: Lane, text: impl FnOnce() -> String) {
        self.sim.state().write(lane, text);
    }

    fn event(&self, event: Event) {
        self.sim.event(event);
    }
}

/// The parked call of this name.
fn call_of(state: &State, object: Object) -> Option<&Parked> {
    let Object::Call { actor, nth } = object else { return None };
    state.parked.iter().find(|call| call.actor == actor && call.nth == nth && call.given.is_none())
}
