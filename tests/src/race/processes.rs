//! Plans on real processes: `postonce` under SIGKILL, on a real server, against the stand-in for
//! MYOB over HTTP.
//!
//! A plan is played in memory first; what was done to the world there, deed by deed, is then done
//! to the processes. Each stops before every call that is a choice point, counted by the kit's own
//! code, and says which it is: so where a process does not do what the simulation did, that is
//! seen at once and told.
//!
//! What is otherwise than in memory:
//!
//! - A call that fails, or whose answer is lost, does so by the gate's word, not on the wire.
//! - `cancel` is SIGKILL, as `crash` is: of a process nothing is left that could tidy up.
//! - `freeze` is SIGSTOP, and so is `host-loss`; the sessions of a lost host end when time passes.
//! - `zombie`: the rows are held until the statement waits for them, its client is killed, and the
//!   rows are let go. So it takes effect, or is undone, at once, and ends are not compared.
//! - Time passes by making the rows older, and by what the processes are told of their clocks.
//!
//! What processes cannot do is refused by name, see [`refusal`].

mod able;
mod air;
mod arena;
mod calm;
mod chaos;
mod child;
mod report;

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use postonce_race_kit::{Deed, Options, Plan, Played, Scenario, Stage, Verb, Walk, replay};

use super::memory::Changed;
use super::mutants::posts_anyway;
use arena::Arena;
use chaos::Chaos;

pub use able::refusal;
pub use report::{Found, Report};

/// Whether the processes are as they are released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Build {
    /// They are.
    Sound,
    /// Their lock keeps nobody out, and what is not claimed is sent all the same: to see that
    /// double posts are seen.
    Broken,
}

/// What is to be done to the processes, and what it came to in memory.
struct Script {
    plan: Plan,
    played: Played,
}

impl Script {
    fn deeds(&self) -> &[Deed] {
        &self.played.record.deeds
    }

    fn has(&self, wanted: Verb) -> bool {
        let of = |it: &Deed| matches!(it, Deed::Actor { verb, .. } if *verb == wanted);
        self.deeds().iter().any(of)
    }
}

impl Build {
    /// Worlds in memory for processes of this build.
    fn model(self) -> Changed {
        Changed(match self {
            Self::Sound => |ports| ports,
            Self::Broken => posts_anyway,
        })
    }
}

/// So many plans that processes can follow, made by random walks: the same for the same seed. In
/// memory each does what it says. They are fewer if `go_on` says no.
pub fn plans(
    build: Build,
    scenarios: &[&str],
    (count, seed): (usize, u64),
    go_on: &dyn Fn() -> bool,
) -> Result<Vec<Plan>> {
    let mut plans = Vec::new();
    let mut seed = seed.wrapping_mul(1_000_003);
    let known: Vec<Scenario> = scenarios.iter().filter_map(|it| Scenario::named(it)).collect();
    let model = build.model();
    let stages: Result<Vec<_>, String> =
        known.iter().map(|it| Ok((Stage::new(&model, it.setting.clone())?, it.verbs))).collect();
    let stages = stages.map_err(anyhow::Error::msg)?;
    while plans.len() < count && go_on() {
        for (stage, verbs) in &stages {
            seed = seed.wrapping_add(1);
            let verbs = able::REFUSED.iter().fold(*verbs, |verbs, (verb, _)| verbs.without(*verb));
            let options = Options { verbs, calm: false, ..Options::default() };
            let played =
                stage.play(&mut Walk::sticky(seed), options).map_err(anyhow::Error::msg)?;
            let expect = played.violation.map(|it| it.invariant);
            let plan = Plan { setting: stage.setting().clone(), items: played.items, expect };
            let is_broken = plan.expect.is_some();
            ensure!(!is_broken || build == Build::Broken, "this breaks in memory:\n{plan}");
            let wanted = is_broken || build == Build::Sound;
            if plans.len() >= count || !wanted || refusal(&plan).is_some() {
                continue;
            }
            // Some walks are more than a plan can say.
            if script(build, &plan)?.is_ok() {
                plans.push(plan);
            }
        }
    }
    Ok(plans)
}

/// Does what these plans say to real processes, one plan after the other, for as long as `go_on`
/// says.
pub fn run(build: Build, plans: &[Plan], go_on: &dyn Fn() -> bool) -> Result<Report> {
    let mut report = Report::default();
    let arena = Arena::new(build)?;
    let begun = now();
    for plan in plans {
        if !go_on() {
            break;
        }
        if let Some(why) = refusal(plan) {
            report.refuse(why);
            continue;
        }
        let script = match script(build, plan)? {
            Ok(script) => script,
            Err(words) => {
                report.stale.push(Found { plan: plan.clone(), words });
                continue;
            }
        };
        let context = || format!("the processes cannot be raced:\n{plan}");
        let done = one(&arena, &script).with_context(context);
        // Ctrl-C reaches the processes as well: what they did then is no part of the plan.
        if go_on() {
            report.add(&script, done?);
        }
    }
    report.took = now().saturating_duration_since(begun);
    Ok(report)
}

/// What a plan comes to in memory; or why that is not what it says.
fn script(build: Build, plan: &Plan) -> Result<Result<Script, String>> {
    let replayed = replay(&build.model(), plan).map_err(anyhow::Error::msg)?;
    let verdict = replayed.verdict(plan);
    Ok(verdict.map(|()| Script { plan: plan.clone(), played: replayed.played }))
}

/// What one plan came to.
struct Done {
    parted: Option<String>,
    /// Where a process stood still.
    stuck: Option<String>,
    settled: calm::Settled,
    steps: u32,
    processes: u32,
    starting: Duration,
    stepping: Duration,
}

fn one(arena: &Arena, script: &Script) -> Result<Done> {
    let begun = now();
    let mut chaos = Chaos::begin(arena, script)?;
    let started = now();
    // A process that stands still where it should not is told of; the books are looked at all the
    // same.
    let (parted, stuck) = match chaos.follow() {
        Ok(parted) => (parted, None),
        Err(stuck) => (None, Some(format!("{stuck:#}"))),
    };
    let starting = started.saturating_duration_since(begun);
    let stepping = now().saturating_duration_since(started);
    let (steps, processes) = (chaos.steps(), chaos.processes());
    let settled = calm::settle(chaos)?;
    Ok(Done { parted, stuck, settled, steps, processes, starting, stepping })
}

#[expect(clippy::disallowed_methods, reason = "how long it took is told, and nothing hangs on it")]
fn now() -> Instant {
    Instant::now()
}

/// Scenarios that processes can play.
pub const SCENARIOS: [&str; 6] =
    ["posting", "later", "reprocess", "tiny-pages", "lost-answers", "lost-lock"];

/// How long a process may take to come to its next call.
const LIMIT: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests;
