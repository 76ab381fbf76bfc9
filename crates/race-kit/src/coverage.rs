//! What a search has seen: a search that never met a race proves nothing.

use std::collections::{BTreeMap, BTreeSet};

use postonce_domain::StateName;

macro_rules! sometimes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)+) => {
        /// Something that must happen in some schedule, or the scenario is too tame.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Sometimes { $($(#[$doc])* $name,)+ }

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
    /// See [`Sometimes::words`].
    ClaimLost = "a claim is lost to another actor",
    /// See [`Sometimes::words`].
    Fenced = "a claim of an older run is fenced out",
    /// See [`Sometimes::words`].
    TwoSend = "two actors have a request in the air at once",
    /// See [`Sometimes::words`].
    LockRefused = "the run lock is busy",
    /// See [`Sometimes::words`].
    LandsLate = "a request lands after its sender has given up",
    /// See [`Sometimes::words`].
    LateOutcome = "an outcome comes after its claim was given up",
    /// See [`Sometimes::words`].
    TakenOver = "a claim that a dead run left behind is taken over",
    /// See [`Sometimes::words`].
    Found = "an inquiry finds the invoice",
    /// See [`Sometimes::words`].
    NotFound = "an inquiry finds nothing",
    /// See [`Sometimes::words`].
    ConfirmedAbsent = "an invoice is confirmed absent",
    /// See [`Sometimes::words`].
    SentAgain = "an invoice is sent again",
    /// See [`Sometimes::words`].
    ReprocessedInFlight = "a reprocess meets an invoice that is being sent",
    /// See [`Sometimes::words`].
    ZombieActs = "a statement takes effect after its client's death",
    /// See [`Sometimes::words`].
    CommitUnanswered = "the commit of a claim goes unanswered",
    /// See [`Sometimes::words`].
    Expired = "a request is not sent since its time has passed",
    /// See [`Sometimes::words`].
    AnswerPosted = "the ledger answers: posted",
    /// See [`Sometimes::words`].
    AnswerRejected = "the ledger answers: rejected",
    /// See [`Sometimes::words`].
    AnswerNotSent = "nothing was sent",
    /// See [`Sometimes::words`].
    AnswerUnknown = "the ledger's answer is lost",
    /// See [`Sometimes::words`].
    Restored = "the database goes back",
    /// See [`Sometimes::words`].
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
