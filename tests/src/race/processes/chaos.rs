//! A schedule's deeds, done to processes.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "of all verbs a few are for the air and a few for processes"
)]

use std::collections::BTreeMap;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use postonce_race_kit::{Deed, Given, Known, Op, Role, Stand, Verb, World};
use rustix::process::Signal;
use serde_json::json;

use super::able::arguments;
use super::air::Flying;
use super::arena::{Arena, is_useless};
use super::child::{Child, News};
use super::{LIMIT, Script};

/// How a new document is hidden from searches, in milliseconds of the ledger's clock.
const HIDDEN_MS: u32 = 20_000;

/// How an actor's process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// It starts when its time has come.
    NotYet,
    Alive,
    /// It is stopped; a lost host's sessions end when time passes.
    Stopped {
        is_lost: bool,
    },
    Over,
}

struct Actor {
    role: Role,
    how: How,
    child: Option<Child>,
    /// The calls before which it waits, by their numbers.
    at: BTreeMap<u32, Op>,
    /// What it said last.
    said: String,
    /// A person has pressed Ctrl-C before it was there: it hears of it at its first call.
    is_unwanted: bool,
}

/// The processes of one schedule.
pub(super) struct Chaos<'a> {
    pub(super) arena: &'a Arena,
    pub(super) script: &'a Script,
    pub(super) world: Box<dyn World>,
    pub(super) known: Vec<Known>,
    actors: Vec<Actor>,
    requests: Vec<(usize, Flying)>,
    /// Who was let send last: steps come one at a time.
    sender: usize,
    /// How much time has passed in the schedule.
    pub(super) now: Duration,
    steps: u32,
    processes: u32,
}

/// Where a process did not do what the simulation did; nothing if it did.
type Parted = Option<String>;

impl<'a> Chaos<'a> {
    /// Starts everybody who begins at once.
    pub(super) fn begin(arena: &'a Arena, script: &'a Script) -> Result<Self> {
        let setting = &script.plan.setting;
        let (world, known) = arena.prepare(setting)?;
        let actor = |role: &Role| {
            let (how, said) = (How::NotYet, String::new());
            Actor { role: *role, how, child: None, at: BTreeMap::new(), said, is_unwanted: false }
        };
        let actors = setting.actors.iter().map(actor).collect();
        let (requests, now) = (Vec::new(), Duration::ZERO);
        let mut chaos = Self {
            arena,
            script,
            world,
            known,
            actors,
            requests,
            sender: 0,
            now,
            steps: 0,
            processes: 0,
        };
        let at_once = |it: &Actor| it.role != Role::LaterCron;
        let first: Vec<usize> =
            (0..).zip(&chaos.actors).filter(|(_, it)| at_once(it)).map(|(n, _)| n).collect();
        for actor in &first {
            chaos.start(*actor)?;
        }
        for actor in first {
            chaos.wait(actor, |_| false)?;
        }
        Ok(chaos)
    }

    pub(super) fn steps(&self) -> u32 {
        self.steps
    }

    pub(super) fn processes(&self) -> u32 {
        self.processes
    }

    /// Does what the script says, for as long as the processes do what they did there. Then lets
    /// everybody go on who can. Says where they parted.
    pub(super) fn follow(&mut self) -> Result<Parted> {
        let mut parted = None;
        let mut stands = self.script.played.record.stands.iter().peekable();
        for (n, deed) in self.script.deeds().iter().enumerate() {
            self.steps += 1;
            while let Some(stand) = stands.next_if(|it| it.deeds <= n) {
                parted = self.stand(stand)?;
            }
            if parted.is_none() {
                parted = self.deed(*deed)?;
            }
            if parted.is_some() {
                break;
            }
        }
        for actor in 0..self.actors.len() {
            // Whoever has nothing left to wait for is on his way to his end.
            if parted.is_none() && self.script.played.violation.is_none() {
                self.wait(actor, |_| false)?;
            }
        }
        let left = self.actors.iter().position(|it| it.how == How::Alive);
        if let Some(left) = left.filter(|_| self.script.played.violation.is_none()) {
            parted = parted.or_else(|| Some(format!("{} goes on", self.place(left))));
        }
        self.let_all_go()?;
        Ok(parted)
    }

    fn deed(&mut self, deed: Deed) -> Result<Parted> {
        match deed {
            Deed::Call { actor, nth, op, given } => self.call(actor, (nth, op), given),
            Deed::Request { n, verb } => self.request(n, verb),
            Deed::Actor { actor, verb } => self.strike(actor, verb),
            Deed::Pass(time) => self.pass(time).map(|()| None),
            // It took effect, or was undone, when its client died.
            Deed::Zombie(_) => Ok(None),
            Deed::World(verb) => bail!("{} is not for processes", verb.as_str()),
        }
    }

    /// Waits until every process that can act has come to the calls to which it came in memory.
    fn stand(&mut self, stand: &Stand) -> Result<Parted> {
        for actor in 0..self.actors.len() {
            if self.actors[actor].how != How::Alive {
                continue;
            }
            let before = self.calls_before(actor);
            let own = stand.waiting.iter().filter(|(whose, ..)| *whose == actor);
            let wanted: BTreeMap<u32, Op> =
                own.map(|(_, nth, op)| (nth.saturating_sub(before), *op)).collect();
            let is_over = stand.over.contains(&actor);
            loop {
                let own = &self.actors[actor];
                let is_other = |(nth, op): (&u32, &Op)| wanted.get(nth) != Some(op);
                if own.at.iter().any(is_other) || (own.how == How::Over && !is_over) {
                    return Ok(Some(format!("{}; in memory {wanted:?}", self.place(actor))));
                }
                let has_come = wanted.keys().all(|nth| own.at.contains_key(nth));
                if has_come && (!is_over || own.how == How::Over) {
                    break;
                }
                self.hear().with_context(|| format!("{}; {wanted:?}", self.place(actor)))?;
            }
            if is_over {
                self.kill(actor)?;
            }
        }
        Ok(None)
    }

    /// A later run begins by a sleep: that call is the start of its process.
    fn calls_before(&self, actor: usize) -> u32 {
        u32::from(self.actors[actor].role == Role::LaterCron)
    }

    fn call(&mut self, actor: usize, call: (u32, Op), given: Given) -> Result<Parted> {
        let before = self.calls_before(actor);
        if call == (1, Op::Sleep) && before == 1 {
            self.start(actor)?;
            self.wait(actor, |_| false)?;
            let is_unwanted = self.actors[actor].is_unwanted;
            return if is_unwanted { self.interrupt(actor) } else { Ok(None) };
        }
        let (nth, op) = (call.0 - before, call.1);
        if self.actors[actor].at.get(&nth) != Some(&op) {
            return Ok(Some(format!("{}; in memory {nth} {}", self.place(actor), op.as_str())));
        }
        if op == Op::Acquire && given == Given::Normally && is_useless(&self.script.plan.setting) {
            // The server drops the other's lock, and the other does not know.
            self.arena.kill_lock(None)?;
        }
        let flying = self.requests.len();
        self.let_go((actor, nth), given);
        if op == Op::Post {
            self.sender = actor;
            let left = self.actors[actor].at.clone();
            // It is on its way, or comes to nothing and another call is next.
            while self.requests.len() == flying
                && self.actors[actor].at == left
                && self.actors[actor].how == How::Alive
            {
                self.hear().with_context(|| self.place(actor))?;
            }
        }
        if matches!(given, Given::Unsent | Given::Lost)
            && matches!(op, Op::Acquire | Op::RaiseEpoch | Op::Release)
        {
            self.arena.lock_let_go(actor)?;
        }
        Ok(None)
    }

    /// Something becomes of a request in the air.
    fn request(&mut self, n: usize, verb: Verb) -> Result<Parted> {
        let (arena, air) = (self.arena, self.arena.air);
        let Some((sender, flying)) = self.requests.get_mut(n) else {
            return Ok(Some(format!("there is no http#{n}")));
        };
        let (sender, is_awaited) = (*sender, flying.is_awaited());
        let action = match verb {
            Verb::Lost => Some("commit_then_drop"),
            Verb::Vanish => Some("drop"),
            Verb::Refuse => Some("reject"),
            Verb::Limit => Some("rate_limit"),
            Verb::Hide => Some("hide_from_search"),
            other => {
                debug_assert!(matches!(other, Verb::Switch | Verb::Hold), "the air knows no more");
                None
            }
        };
        if let Some(action) = action {
            arena.sandbox.fault(json!({
                "match": {
                    "method": "POST",
                    "company_file": flying.company_file,
                    "number": flying.number,
                },
                "action": action,
                "delay_ms": if verb == Verb::Hide { HIDDEN_MS } else { 0 },
            }))?;
        }
        if verb == Verb::Hold {
            flying.give_up();
        } else {
            air.land(flying)?;
        }
        if is_awaited && self.actors[sender].how == How::Alive {
            self.wait(sender, |_| false)?;
        }
        Ok(None)
    }

    fn strike(&mut self, actor: usize, verb: Verb) -> Result<Parted> {
        if self.actors[actor].how == How::NotYet && verb != Verb::Interrupt {
            // Nobody has seen it yet, so nobody will.
            self.actors[actor].how = How::Over;
            return Ok(None);
        }
        match verb {
            Verb::Crash | Verb::Cancel => self.kill(actor)?,
            Verb::Zombie => self.leave_behind(actor)?,
            Verb::Freeze | Verb::HostLoss => {
                self.signal(actor, Signal::STOP)?;
                self.actors[actor].how = How::Stopped { is_lost: verb == Verb::HostLoss };
            }
            Verb::LockLost => self.arena.kill_lock(Some(actor))?,
            Verb::Interrupt => return self.interrupt(actor),
            _ => bail!("{} is not for processes", verb.as_str()),
        }
        Ok(None)
    }

    fn interrupt(&mut self, actor: usize) -> Result<Parted> {
        if self.actors[actor].role == Role::Check {
            return Ok(Some(format!("{}, which takes no Ctrl-C", self.place(actor))));
        }
        if self.actors[actor].how == How::NotYet {
            self.actors[actor].is_unwanted = true;
            return Ok(None);
        }
        self.actors[actor].said.clear();
        self.signal(actor, Signal::INT)?;
        while !self.actors[actor].said.starts_with("Stopping") {
            self.hear()?;
        }
        Ok(None)
    }

    /// Lets the actor come into its statement while all rows are held, kills it, and lets go.
    fn leave_behind(&mut self, actor: usize) -> Result<()> {
        self.arena.mysql.order(
            "START TRANSACTION; SELECT id FROM postonce_invoice FOR UPDATE; \
             SELECT seq FROM postonce_claim FOR UPDATE",
        )?;
        let writes =
            |it: &Actor| it.at.iter().find(|(_, op)| op.outlives_its_client()).map(|(nth, _)| *nth);
        let nth = writes(&self.actors[actor]);
        if let Some(nth) = nth {
            self.let_go((actor, nth), Given::Normally);
        }
        let left = self.actors[actor].at.clone();
        // It waits for the rows, or needs none of them and has come to its next call.
        loop {
            while let Ok(news) = self.arena.news.try_recv() {
                self.take(news);
            }
            let own = &self.actors[actor];
            let passed = nth.is_none() || own.at != left || own.how == How::Over;
            if passed || self.arena.is_at_work(actor)? {
                break;
            }
        }
        if let Some(child) = &mut self.actors[actor].child {
            child.kill()?;
        }
        self.arena.mysql.order("ROLLBACK")?;
        self.kill(actor)
    }

    pub(super) fn pass(&mut self, time: Duration) -> Result<()> {
        for actor in 0..self.actors.len() {
            if self.actors[actor].how == (How::Stopped { is_lost: true }) {
                self.kill(actor)?;
            }
        }
        self.world.pass_time(time);
        let millis = i64::try_from(time.as_millis())?;
        self.arena.sandbox.post("/sandbox/clock", &json!({ "advance_ms": millis }))?;
        self.now += time;
        Ok(())
    }

    fn start(&mut self, actor: usize) -> Result<()> {
        let role = self.actors[actor].role;
        let mut words: Vec<String> =
            arguments(role).context("no command")?.iter().map(|it| (*it).to_owned()).collect();
        if role == Role::Reprocess {
            words.extend(self.known.iter().map(|it| it.id.to_string()));
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let child = self.arena.start((&self.script.plan.setting, actor), &words, self.now)?;
        self.processes += 1;
        let own = &mut self.actors[actor];
        (own.child, own.how) = (Some(child), How::Alive);
        Ok(())
    }

    fn let_go(&mut self, (actor, nth): (usize, u32), given: Given) {
        let now = self.now.as_millis();
        let own = &mut self.actors[actor];
        own.at.remove(&nth);
        if let Some(child) = &mut own.child {
            child.let_go(nth, given, now);
        }
    }

    fn signal(&self, actor: usize, signal: Signal) -> Result<()> {
        self.actors[actor].child.as_ref().map_or(Ok(()), |child| child.signal(signal))
    }

    pub(super) fn kill(&mut self, actor: usize) -> Result<()> {
        let own = &mut self.actors[actor];
        own.how = How::Over;
        own.at.clear();
        if let Some(mut child) = own.child.take() {
            child.kill()?;
        }
        self.arena.sessions_gone(actor)
    }

    /// Until the actor has come to its next call or to its end, or `also` is true.
    fn wait(&mut self, actor: usize, also: impl Fn(&Self) -> bool) -> Result<()> {
        let come =
            |it: &Self| !it.actors[actor].at.is_empty() || it.actors[actor].how != How::Alive;
        while !come(self) && !also(self) {
            self.hear().with_context(|| self.place(actor))?;
        }
        if self.actors[actor].how == How::Over {
            self.kill(actor)?;
        }
        Ok(())
    }

    fn hear(&mut self) -> Result<()> {
        match self.arena.news.recv_timeout(LIMIT) {
            Ok(news) => {
                self.take(news);
                Ok(())
            }
            Err(RecvTimeoutError::Timeout) => bail!("nothing happens for {LIMIT:?}"),
            Err(RecvTimeoutError::Disconnected) => bail!("nobody is left to hear of"),
        }
    }

    fn take(&mut self, news: News) {
        // What earlier schedules left is nobody's here.
        let own = |actors: &mut Vec<Actor>, child: u64| {
            actors.iter().position(|it| it.child.as_ref().is_some_and(|it| it.number == child))
        };
        match news {
            News::At { child, nth, op } => {
                if let Some(actor) = own(&mut self.actors, child) {
                    self.actors[actor].at.insert(nth, op);
                }
            }
            News::Said { child, line } => {
                if let Some(actor) = own(&mut self.actors, child) {
                    self.actors[actor].said = line;
                }
            }
            News::Over { child } => {
                if let Some(actor) = own(&mut self.actors, child) {
                    self.actors[actor].how = How::Over;
                }
            }
            News::Arrived(flying) => {
                self.requests.push((self.sender, flying));
            }
        }
    }

    /// Lets everybody who can go on come to his end, one after the other.
    fn let_all_go(&mut self) -> Result<()> {
        while let Some(actor) = self.actors.iter().position(|it| it.how == How::Alive) {
            self.sender = actor;
            if let Some(nth) = self.actors[actor].at.keys().next().copied() {
                self.let_go((actor, nth), Given::Normally);
            }
            self.wait(actor, |it| it.requests.iter().any(|(_, flying)| flying.is_awaited()))?;
            self.land_awaited()?;
        }
        Ok(())
    }

    fn land_awaited(&mut self) -> Result<()> {
        let air = self.arena.air;
        let awaited = self.requests.iter_mut().filter(|(_, it)| it.is_awaited());
        awaited.map(|(_, flying)| flying).try_for_each(|flying| air.land(flying))
    }

    /// Everybody who still stands somewhere is killed, and what is in the air lands.
    pub(super) fn clear(&mut self) -> Result<()> {
        for actor in 0..self.actors.len() {
            self.kill(actor)?;
        }
        let air = self.arena.air;
        let flying = self.requests.iter_mut().map(|(_, flying)| flying);
        for flying in flying.filter(|it| !it.has_landed()) {
            flying.give_up();
            air.land(flying)?;
        }
        self.arena.sandbox.clear_faults()
    }

    /// Where an actor is, in words.
    fn place(&self, actor: usize) -> String {
        let name = self.script.plan.setting.actor_name(actor);
        let own = &self.actors[actor];
        format!("{name} is {:?} at {:?} `{}`", own.how, own.at, own.said)
    }
}
