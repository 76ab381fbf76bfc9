//! What all actors of a schedule share: parked calls, the clock, the requests in the air.
//!
//! **Invariant:** nothing is dropped or polled while the state is locked: what is dropped may want
//! to lock it itself.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use postonce_domain::{CompanyFile, InvoiceId, LedgerUid, SearchKey};
use postonce_ports::clock::Clock;
use postonce_ports::lock::HeldLock;

use crate::books::{Books, Flight};
use crate::deed::Deed;
use crate::gate::{At, Told};
use crate::op::Op;
use crate::record::{Lane, Record, Weight};
use crate::setting::Filter;

/// How a call goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// As it should.
    Normally,
    /// It fails before it has an effect.
    Unsent,
    /// It has its effect, and the answer is lost.
    Lost,
    /// The ledger wants fewer requests.
    Limited,
    /// A bug panics.
    Panic,
}

impl Given {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Normally, "normally"),
        (Self::Unsent, "unsent"),
        (Self::Lost, "lost"),
        (Self::Limited, "limited"),
        (Self::Panic, "panic"),
    ];

    /// In one word.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(given, _)| *given == self).map_or("normally", |(_, word)| word)
    }

    /// What a word says.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(given, _)| *given)
    }
}

/// What a call does at the other side, once it is let go on.
pub(crate) type Effect = Box<dyn FnOnce(Given) -> BoxFuture<'static, ()> + Send>;

/// When a parked call can go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Waits {
    /// Whenever it is let.
    ForItsTurn,
    /// Not before this time.
    Until(Duration),
    /// Not before this request is answered.
    ForRequest(usize),
}

/// A call on its way.
pub(crate) struct Parked {
    pub(crate) id: u64,
    pub(crate) actor: usize,
    /// Which of the actor's choice points it is, from 1; 0 if it is none.
    pub(crate) nth: u32,
    /// Which of all the actor's calls it is.
    pub(crate) serial: u32,
    pub(crate) op: Op,
    pub(crate) waits: Waits,
    pub(crate) effect: Option<Effect>,
    pub(crate) given: Option<Given>,
    pub(crate) waker: Option<Waker>,
    /// A restart of the database met it: it fails.
    pub(crate) doomed: bool,
}

/// How an actor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Status {
    Alive,
    /// It stands still until everybody else has ended.
    Stalled,
    /// It stands still for ever.
    Frozen,
    /// It has ended, or it is dead: nothing of it has an effect any more.
    Gone,
}

/// What the simulation knows of an actor.
#[derive(Clone, Debug)]
pub(crate) struct Actor {
    pub(crate) status: Status,
    /// Choice points that it has come to.
    pub(crate) steps: u32,
    /// Calls that it has made, choice points or not.
    calls: u32,
    ids: u64,
    /// All that it was ever told, as one number.
    pub(crate) history: u64,
    pub(crate) interrupted: bool,
    /// How far its host's wall clock is off, in seconds.
    pub(crate) wall_off: i64,
    /// Whether a panic was played in it.
    pub(crate) panicked: bool,
    /// Whether a call of the database or its lock was let fail, or its answer lost.
    pub(crate) failed: bool,
    /// The only company file that it may touch, if there is one.
    pub(crate) only: Option<CompanyFile>,
}

impl Actor {
    pub(crate) fn new(only: Option<CompanyFile>) -> Self {
        let status = Status::Alive;
        Self {
            status,
            steps: 0,
            calls: 0,
            ids: 0,
            history: 0,
            interrupted: false,
            wall_off: 0,
            panicked: false,
            failed: false,
            only,
        }
    }
}

/// The run lock of an actor, which the simulation keeps so that it can take it away.
pub(crate) struct Hold {
    pub(crate) actor: usize,
    /// `None` once it is lost or released, or while a call uses it.
    pub(crate) inner: Option<Box<dyn HeldLock>>,
    /// Whether its holder has been told that it is lost.
    pub(crate) told: bool,
    /// Its process or host is gone, and the server has not noticed.
    pub(crate) orphaned: bool,
}

/// A statement that has outlived its client.
pub(crate) struct LeftBehind {
    pub(crate) actor: usize,
    /// Which of the actor's calls it was.
    pub(crate) serial: u32,
    pub(crate) op: Op,
    pub(crate) effect: Option<Effect>,
}

/// What happened since the invariants were looked at.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// The database may have changed, by a step of this actor (`None`: of nobody alive).
    Changed { actor: Option<usize>, op: Op },
    /// A request has left.
    Sent(usize),
    /// A request has taken effect.
    Landed(usize),
    /// A person has said that these documents are not the invoice's.
    RuledOut(Vec<LedgerUid>),
    /// A search of a company file was answered, and not with what it is for.
    Missed(CompanyFile, SearchKey),
    /// The database says of an invoice that it is not in the ledger: by a person's word, or by
    /// inquiries.
    Absent { invoice: InvoiceId, by_person: bool },
    /// This actor has touched a company file elsewhere than in an invoice.
    Touched { actor: usize, file: CompanyFile },
    /// Something that is to happen sometimes.
    Sometimes(crate::coverage::Sometimes),
}

/// How a schedule is played, apart from its setting.
#[expect(clippy::struct_excessive_bools, reason = "each comes from a key of a plan")]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Modes {
    /// What searches of the ledger find.
    pub(crate) filter: Filter,
    /// Whether each actor's history is kept as a number.
    pub(crate) keys: bool,
    /// Whether what happens is written down.
    pub(crate) record: bool,
    /// Whether every call is a choice point.
    pub(crate) all_points: bool,
    /// Whether a request may stay in the air for ever.
    pub(crate) late_unbounded: bool,
    /// Whether the last look at the clock and the wire are two steps.
    pub(crate) two_steps: bool,
    /// Whether every call takes the run lock.
    pub(crate) useless_lock: bool,
    /// Whether the run lock ends when time passes.
    pub(crate) lease: bool,
}

/// What all actors share.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) modes: Modes,
    pub(crate) now: Duration,
    pub(crate) actors: Vec<Actor>,
    /// Oldest first.
    pub(crate) parked: Vec<Parked>,
    calls: u64,
    pub(crate) books: Books,
    pub(crate) holds: Vec<Hold>,
    pub(crate) left_behind: Vec<LeftBehind>,
    pub(crate) events: Vec<Event>,
    pub(crate) record: Record,
    /// Who is told of each call that parks, where there is no player.
    pub(crate) told: Option<Told>,
}

/// A handle to it.
#[derive(Clone, Default)]
pub(crate) struct Sim(Arc<Mutex<State>>);

impl Sim {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // A panic of an actor never happens while it is locked; one of ours ends the race.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins anew, at time zero, with nobody.
    pub(crate) fn reset(&self, modes: Modes) {
        let before = std::mem::take(&mut *self.state());
        drop(before);
        self.state().modes = modes;
    }

    /// Parks a call of `actor`. Its id.
    pub(crate) fn park(
        &self,
        (actor, op): (usize, Op),
        waits: Waits,
        effect: Option<Effect>,
        waker: &Waker,
    ) -> u64 {
        let mut state = self.state();
        state.calls += 1;
        let id = state.calls;
        let is_point = op.is_point() || state.modes.all_points;
        let (mut nth, mut serial) = (0, 0);
        if let Some(actor) = state.actors.get_mut(actor) {
            actor.calls += 1;
            serial = actor.calls;
            if is_point {
                actor.steps += 1;
                nth = actor.steps;
            }
        }
        let waker = Some(waker.clone());
        let (given, doomed) = (None, false);
        let call = Parked { id, actor, nth, serial, op, waits, effect, given, waker, doomed };
        state.parked.push(call);
        // An answer that is not there yet is told of by whoever brings it.
        let told = state.told.clone().filter(|_| !matches!(waits, Waits::ForRequest(_)));
        drop(state);
        if let Some(told) = told {
            told(self, At { id, nth, op });
        }
        id
    }

    /// Takes a call out that nobody waits for any more, or that is done. How it went on.
    pub(crate) fn unpark(&self, id: u64) -> Option<Given> {
        let parked = {
            let mut state = self.state();
            let place = state.parked.iter().position(|call| call.id == id);
            place.map(|place| state.parked.remove(place))
        };
        let call = parked?;
        if call.given.is_some() {
            // Before the answer itself: of two calls at once, it is this one's.
            self.tell(call.actor, (call.op, call.serial));
        }
        call.given
    }

    /// Mixes what an actor is told into its history.
    pub(crate) fn tell(&self, actor: usize, what: impl Hash) {
        let mut state = self.state();
        if state.modes.keys {
            state.mix(actor, what);
        }
    }

    pub(crate) fn event(&self, event: Event) {
        self.state().events.push(event);
    }

    /// A number that no other call of this actor gets.
    pub(crate) fn next_id(&self, actor: usize) -> u128 {
        let mut state = self.state();
        let ids = state.actors.get_mut(actor).map_or(0, |actor| {
            actor.ids += 1;
            actor.ids
        });
        let actor = u128::try_from(actor).unwrap_or(u128::MAX);
        (actor.saturating_add(1) << 64_u32) | u128::from(ids)
    }
}

impl State {
    pub(crate) fn mix(&mut self, actor: usize, what: impl Hash) {
        if let Some(actor) = self.actors.get_mut(actor) {
            let mut hasher = crate::key::hasher();
            actor.history.hash(&mut hasher);
            what.hash(&mut hasher);
            actor.history = hasher.finish();
        }
    }

    /// Whether a parked call could go on now.
    pub(crate) fn is_enabled(&self, call: &Parked) -> bool {
        let alive = self.actors.get(call.actor).is_some_and(|it| it.status == Status::Alive);
        alive
            && call.given.is_none()
            && match call.waits {
                Waits::ForItsTurn => true,
                Waits::Until(time) => time <= self.now,
                Waits::ForRequest(n) => {
                    self.books.requests.get(n).is_none_or(|it| it.flight != Flight::Awaited)
                }
            }
    }

    /// When the next sleeper wakes.
    pub(crate) fn next_timer(&self) -> Option<Duration> {
        let sleepers = self.parked.iter().filter(|call| {
            call.given.is_none()
                && self.actors.get(call.actor).is_some_and(|it| it.status == Status::Alive)
        });
        sleepers
            .filter_map(|call| match call.waits {
                Waits::Until(time) => Some(time),
                Waits::ForItsTurn | Waits::ForRequest(_) => None,
            })
            .min()
    }

    pub(crate) fn write(&mut self, lane: Lane, text: impl FnOnce() -> String) {
        self.write_as(Weight::Telling, lane, text);
    }

    pub(crate) fn write_as(&mut self, weight: Weight, lane: Lane, text: impl FnOnce() -> String) {
        if self.modes.record {
            let (now, text) = (self.now, text());
            self.record.write(now, lane, weight, text);
        }
    }

    /// Keeps what was done to the world, if what happens is written down.
    pub(crate) fn done(&mut self, deed: Deed) {
        if self.modes.record {
            self.record.deeds.push(deed);
        }
    }

    pub(crate) fn wall(&self, off: i64) -> Timestamp {
        let off = SignedDuration::from_secs(off);
        let now = SignedDuration::try_from(self.now).unwrap_or(SignedDuration::MAX);
        START.saturating_add(now.saturating_add(off)).unwrap_or(Timestamp::MAX)
    }
}

/// When every schedule begins: 2026-01-01T00:00:00Z. Not the epoch, since clocks may go back.
const START: Timestamp = Timestamp::constant(1_767_225_600, 0);

/// The database's own clock, which nobody sets wrong.
pub(crate) struct StoreClock(pub(crate) Sim);

#[async_trait::async_trait]
impl Clock for StoreClock {
    fn boot(&self) -> Duration {
        self.0.state().now
    }

    fn wall(&self) -> Timestamp {
        self.0.state().wall(0)
    }

    /// A database does not sleep; time is passed by the player alone.
    async fn sleep(&self, _time: Duration) {}
}
