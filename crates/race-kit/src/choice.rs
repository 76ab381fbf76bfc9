//! What may happen next, by name.
//!
//! A choice is a verb and what it happens to. The names mean the same in every schedule: the fifth
//! call of `cron` is `cron@5`, whatever the others do meanwhile, so a plan that loses an item keeps
//! the meaning of the others.

use std::time::Duration;

/// What a choice happens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Object {
    /// The `nth` port call of an actor, counted from 1.
    Call {
        /// The actor's place in the setting.
        actor: usize,
        /// Which of its calls.
        nth: u32,
    },
    /// A request in the air, counted from 0: `http#0`.
    Request(u32),
    /// A statement that has outlived its client, counted from 0: `zombie#0`.
    Zombie(u32),
    /// An actor as a whole.
    Actor(usize),
    /// Time, when nobody can act before it passes; counted from 0: `time#0`.
    Time(u32),
    /// Everything.
    World,
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// It goes on: a call is done, a request lands, a left-behind statement takes effect.
    Switch,
    /// A call fails before it has an effect.
    Unsent,
    /// It has its effect, and the answer is lost.
    Lost,
    /// The ledger says no.
    Refuse,
    /// The ledger wants fewer requests, and does nothing.
    Limit,
    /// The sender gives up, and the request stays in the air.
    Hold,
    /// The request never arrives, and the sender learns nothing.
    Vanish,
    /// The request takes effect and is answered, and searches do not show it for a while.
    Hide,
    /// The process dies at once. Its sessions end, nothing of it runs any more.
    Crash,
    /// So it does, and its last statement stays in the server, to take effect at any time.
    Zombie,
    /// The host is gone: so is the process, and its sessions stay open until time passes.
    HostLoss,
    /// The work is dropped, as a time limit does; what is dropped tidies up after itself.
    Cancel,
    /// A bug panics in the next call.
    Panic,
    /// The process stands still until everybody else has ended, and then goes on.
    Stall,
    /// The process stands still, and never goes on.
    Freeze,
    /// A person wants it to stop, by Ctrl-C.
    Interrupt,
    /// The server drops the actor's run lock, and does not tell.
    LockLost,
    /// The database is restarted: calls under way fail, locks are gone.
    DbRestart,
    /// The database goes back to where it was in the beginning.
    Restore,
    /// It goes back at once, on another server, and a person takes it over there.
    Elsewhere,
    /// Time passes while somebody could act: longer than the send window.
    Pause,
    /// Time passes while somebody could act: longer than the quiet period.
    TimePasses,
    /// The wall clock of the actor's host goes back by an hour.
    ClockBack,
    /// The wall clock of the actor's host goes ahead by an hour.
    ClockAhead,
}

impl Verb {
    /// All of them, with the words that plans use.
    pub const ALL: [(Self, &'static str); 24] = [
        (Self::Switch, "switch"),
        (Self::Unsent, "unsent"),
        (Self::Lost, "lost"),
        (Self::Refuse, "refuse"),
        (Self::Limit, "limit"),
        (Self::Hold, "hold"),
        (Self::Vanish, "vanish"),
        (Self::Hide, "hide"),
        (Self::Crash, "crash"),
        (Self::Zombie, "zombie"),
        (Self::HostLoss, "host-loss"),
        (Self::Cancel, "cancel"),
        (Self::Panic, "panic"),
        (Self::Stall, "stall"),
        (Self::Freeze, "freeze"),
        (Self::Interrupt, "interrupt"),
        (Self::LockLost, "lock-lost"),
        (Self::DbRestart, "db-restart"),
        (Self::Restore, "restore"),
        (Self::Elsewhere, "elsewhere"),
        (Self::Pause, "pause"),
        (Self::TimePasses, "time-passes"),
        (Self::ClockBack, "clock-back"),
        (Self::ClockAhead, "clock-ahead"),
    ];

    /// The word that plans use.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(verb, _)| *verb == self).map_or("switch", |(_, word)| word)
    }

    /// The verb of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(verb, _)| *verb)
    }

    /// What kind of thing it happens to.
    pub(crate) fn target(self) -> Target {
        match self {
            Self::Switch => Target::Any,
            Self::Unsent | Self::Panic => Target::Call,
            Self::Lost | Self::Limit => Target::CallOrRequest,
            Self::Refuse | Self::Hold | Self::Vanish | Self::Hide => Target::Request,
            Self::Crash
            | Self::Zombie
            | Self::HostLoss
            | Self::Cancel
            | Self::Stall
            | Self::Freeze
            | Self::Interrupt
            | Self::LockLost
            | Self::ClockBack
            | Self::ClockAhead => Target::Actor,
            Self::DbRestart | Self::Restore | Self::Elsewhere | Self::Pause | Self::TimePasses => {
                Target::World
            }
        }
    }

    /// How long time passes, if it does.
    pub(crate) fn passes(self) -> Option<Duration> {
        match self {
            Self::Pause => Some(PAUSE),
            Self::TimePasses => Some(LONG_TIME),
            _ => None,
        }
    }

    /// How far it is from nothing unusual.
    pub(crate) fn harshness(self) -> u32 {
        match self {
            Self::Switch => 0,
            Self::Unsent | Self::Lost | Self::Refuse | Self::Limit | Self::Pause => 1,
            Self::Interrupt | Self::Cancel | Self::LockLost | Self::TimePasses | Self::Stall => 2,
            Self::Crash | Self::Hold | Self::Vanish | Self::Hide => 3,
            Self::Zombie | Self::HostLoss | Self::Panic | Self::Freeze => 4,
            Self::DbRestart
            | Self::Restore
            | Self::Elsewhere
            | Self::ClockBack
            | Self::ClockAhead => 5,
        }
    }

    /// What is less far from nothing unusual, and may show the same bug.
    pub(crate) fn milder(self) -> &'static [Self] {
        match self {
            Self::Crash => &[Self::Cancel],
            Self::Zombie | Self::HostLoss => &[Self::Cancel, Self::Crash],
            Self::Freeze => &[Self::Stall],
            Self::Hold => &[Self::Lost],
            Self::TimePasses => &[Self::Pause],
            Self::DbRestart => &[Self::LockLost],
            Self::Elsewhere => &[Self::Restore],
            _ => &[],
        }
    }
}

/// What kind of thing a verb happens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Any,
    Call,
    Request,
    CallOrRequest,
    Actor,
    World,
}

/// Longer than the send window of a claim.
pub(crate) const PAUSE: Duration = Duration::from_secs(11);

/// Longer than the quiet period of a claim.
pub const LONG_TIME: Duration = Duration::from_secs(310);

/// A verb and what it happens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Choice {
    /// What happens.
    pub verb: Verb,
    /// To what.
    pub object: Object,
}

impl Choice {
    /// Whether it costs a fault of the budget.
    pub fn is_fault(self) -> bool {
        self.verb != Verb::Switch
    }
}

/// Verbs that a search may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verbs(u32);

impl Verbs {
    /// Every one.
    pub const ALL: Self = Self(u32::MAX);

    /// Only these, and going on.
    pub fn of(verbs: &[Verb]) -> Self {
        Self(verbs.iter().fold(0, |set, verb| set | Self::bit(*verb)))
    }

    /// Whether `verb` is one of them.
    pub fn has(self, verb: Verb) -> bool {
        self.0 & Self::bit(verb) != 0
    }

    /// All but this one.
    #[must_use]
    pub fn without(self, verb: Verb) -> Self {
        Self(self.0 & !Self::bit(verb))
    }

    fn bit(verb: Verb) -> u32 {
        let place = Verb::ALL.iter().position(|(known, _)| *known == verb).unwrap_or(31);
        1_u32.checked_shl(u32::try_from(place).unwrap_or(31)).unwrap_or(0)
    }
}
