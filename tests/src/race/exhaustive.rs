//! Every schedule of small settings, within a bound that is told.
//!
//! What was gone through stands in `docs/race-exhaustive.md`; the test fails if the file says
//! otherwise. `UPDATE_DOCS=1 cargo xtask test -- race::exhaustive` writes it anew.

use std::sync::Mutex;

use postonce_race_kit::{Bound, Exhaustion, Plan, Stage, Verb, Verbs, exhaust};

use super::memory::Memory;
use crate::documents;

/// A small setting and how far its search goes.
struct Small {
    /// As the first line of a plan has it.
    head: &'static str,
    /// Deviations from carrying on.
    deviations: u32,
    /// Whether only the hardest faults are tried: [`HARD`].
    hard: bool,
}

const fn all(head: &'static str, deviations: u32) -> Small {
    Small { head, deviations, hard: false }
}

const fn hard(head: &'static str, deviations: u32) -> Small {
    Small { head, deviations, hard: true }
}

const SMALL: [Small; 10] = [
    all("lock=run actors=cron,sync-now faults=0", ANY),
    all("lock=run actors=cron,sync-now faults=1", ANY),
    all("lock=run actors=cron,sync-now,reprocess,later-cron faults=1", 2),
    all("lock=useless actors=cron,sync-now faults=0", ANY),
    all("lock=useless actors=cron,sync-now,ordering faults=1", 2),
    all("lock=useless invoices=3 actors=cron,sync-now,ordering faults=0", 2),
    hard("lock=run actors=cron,sync-now,later-cron faults=2", 3),
    hard("lock=useless actors=cron,sync-now,later-cron faults=2", 2),
    hard("lock=useless invoices=2 actors=cron,sync-now,later-cron faults=2", 2),
    hard("lock=lease actors=cron,later-cron,check faults=2 repost-absent=yes", 3),
];

/// What is left of a request, a process and a lock when all goes wrong.
const HARD: [Verb; 5] = [Verb::Lost, Verb::Hold, Verb::Zombie, Verb::LockLost, Verb::TimePasses];

/// No bound: every schedule there is.
const ANY: u32 = 1_000;

fn play(small: &Small) -> Exhaustion {
    let plan: Plan = format!("race/1 small {}", small.head).parse().unwrap();
    let stage = Stage::new(&Memory, plan.setting).unwrap();
    let all = Verbs::ALL.without(Verb::Restore).without(Verb::Elsewhere);
    let verbs = if small.hard { Verbs::of(&HARD) } else { all };
    let bound =
        Bound { deviations: small.deviations, runs: 2_000_000, verbs, prune: true, go_on: true };
    exhaust(&stage, bound).unwrap()
}

const HEAD: &str = "\
# Every schedule of small settings

Each setting is played in every schedule that deviates from carrying on at most as often as its row
says: another actor goes on, a request lands later, a call fails, a process dies, time passes. The
faults are every kind but a restored database, or the hardest five: an answer is lost (`lost`), a
request lands late (`hold`), a process dies and its statement does not (`zombie`), the lock is gone
(`lock-lost`), time passes (`time-passes`); each as often as `faults` allows. A state that was met
before, with as many deviations left, is not entered again; a test shows that this loses no end.
None of these schedules breaks an invariant.

| setting | faults | deviations | schedules | states |
|---|---|---|---|---|
";

const FOOT: &str = "
It means: for these actors and faults, and for code that reads the world only through ports. It says
nothing of larger settings; those are walked at random. `cargo xtask race run --exhaustive N` goes
further.
";

#[test]
fn no_schedule_of_a_small_setting_breaks_anything() {
    let next = Mutex::new(0);
    let rows = Mutex::new(vec![String::new(); SMALL.len()]);
    std::thread::scope(|scope| {
        let work = || {
            loop {
                let place = {
                    let mut next = next.lock().unwrap();
                    *next += 1;
                    *next - 1
                };
                let Some(small) = SMALL.get(place) else { return };
                rows.lock().unwrap()[place] = row(small);
            }
        };
        scope.spawn(work);
        scope.spawn(work);
    });
    let mut text = HEAD.to_owned();
    for row in rows.into_inner().unwrap() {
        text.push_str(&row);
    }
    text.push_str(FOOT);
    documents::says("race-exhaustive.md", &text).unwrap();
}

fn row(small: &Small) -> String {
    let exhaustion = play(small);
    if let Some(found) = exhaustion.found.first() {
        panic!("{}\n{}", found.violation, found.plan);
    }
    let exhausted = exhaustion.exhausted;
    let head = small.head;
    assert!(exhausted.complete, "{head}: {exhausted:?}");
    let kinds = if small.hard { "the hardest" } else { "all" };
    let bound = if small.deviations == ANY {
        "any".to_owned()
    } else {
        format!("≤ {}", small.deviations)
    };
    let (runs, states) = (exhausted.runs, exhausted.states);
    format!("| `{head}` | {kinds} | {bound} | {runs} | {states} |\n")
}
