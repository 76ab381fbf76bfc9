//! What a search has seen: a search that never met a race proves nothing.

use std::collections::{BTreeMap, BTreeSet};

use postonce_domain::StateName;

use crate::player::Played;

macro_rules! sometimes {
    ($($name:ident = $text:literal,)+) => {
        /// Something that must happen in some schedule, or the scenario is too tame.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Sometimes { $(#[doc = $text] $name,)+ }

        impl Sometimes {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// In words.
            pub const fn words(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }
    };
}

sometimes! {
    ClaimLost = "a claim is lost to another actor",
    Fenced = "a claim of an older run is fenced out",
    TwoSend = "two actors have a request in the air at once",
    LockRefused = "the run lock is busy",
    LandsLate = "a request lands after its sender has given up",
    LateOutcome = "an outcome comes after its claim was given up",
    TakenOver = "a claim that a dead run left behind is taken over",
    Found = "an inquiry finds the invoice",
    NotFound = "an inquiry finds nothing",
    ConfirmedAbsent = "an invoice is confirmed absent",
    SentAgain = "an invoice is sent again",
    ReprocessedInFlight = "a reprocess meets an invoice that is being sent",
    ZombieActs = "a statement takes effect after its client's death",
    CommitUnanswered = "the commit of a claim goes unanswered",
    Expired = "a request is not sent since its time has passed",
    AnswerPosted = "the ledger answers: posted",
    AnswerRejected = "the ledger answers: rejected",
    AnswerNotSent = "nothing was sent",
    AnswerUnknown = "the ledger's answer is lost",
    Restored = "the database goes back",
    AlarmRaised = "an alarm is raised",
}

/// What schedules have seen, added up.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// How many schedules were played.
    pub schedules: u64,
    /// How many steps they took together.
    pub steps: u64,
    /// What happened, in how many schedules.
    pub sometimes: BTreeMap<Sometimes, u64>,
    /// Moves of invoices that were seen, from state to state.
    pub moves: BTreeMap<(StateName, StateName), u64>,
    /// Calls of one actor before which another went on, by the names of both calls.
    pub switches: BTreeSet<(&'static str, &'static str)>,
    /// Distinct states: of the invoices, the lock, the ledger and who waits where.
    pub states: BTreeSet<u64>,
    /// How many states were known after each of ten to twenty equal parts of the schedules, to see
    /// whether new ones still come.
    pub growth: Vec<usize>,
}

impl Coverage {
    /// Adds one schedule. Its states are there only if [`Options::coverage`] was wanted of it.
    ///
    /// [`Options::coverage`]: crate::Options::coverage
    pub fn count(&mut self, played: &Played) {
        self.schedules += 1;
        self.steps += u64::from(played.steps);
        for it in &played.sometimes {
            *self.sometimes.entry(*it).or_default() += 1;
        }
        for it in &played.moves {
            *self.moves.entry(*it).or_default() += 1;
        }
        self.switches.extend(played.switches.iter().copied());
        self.states.extend(played.states.iter().copied());
    }

    /// What never happened.
    pub fn never(&self) -> Vec<Sometimes> {
        let all = Sometimes::ALL.iter().copied();
        all.filter(|it| !self.sometimes.contains_key(it)).collect()
    }

    /// Whether the last tenth of the schedules, or a little more, still found many new states: one in
    /// twenty or more.
    pub fn is_steep(&self) -> bool {
        let parts = self.growth.len();
        let tenth = parts.div_ceil(10);
        let before = parts.checked_sub(tenth + 1).and_then(|place| self.growth.get(place));
        match (before, self.growth.last()) {
            (Some(before), Some(last)) => last.saturating_sub(*before).saturating_mul(20) >= *last,
            _ => true,
        }
    }

    /// Adds what another search has seen.
    pub fn add(&mut self, other: &Self) {
        self.schedules += other.schedules;
        self.steps += other.steps;
        for (it, count) in &other.sometimes {
            *self.sometimes.entry(*it).or_default() += count;
        }
        for (it, count) in &other.moves {
            *self.moves.entry(*it).or_default() += count;
        }
        self.switches.extend(other.switches.iter().copied());
        self.states.extend(other.states.iter().copied());
    }
}
