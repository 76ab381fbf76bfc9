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

use anyhow::{Context as _, Result};
use postonce_engine::Ports;
use postonce_ports::clock::Clock;
use postonce_race_kit::{
    Decider, Deed, Factory, Options, Plan, Played, Replay, Scenario, Setting, Stage, Verb, Walk,
    World,
};

use super::memory::Memory;
use super::unchecked::UncheckedClaim;
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

/// Worlds in memory for processes of this build.
struct Model(Build);

impl Factory for Model {
    fn world(&self, clock: std::sync::Arc<dyn Clock>) -> Result<Box<dyn World>, String> {
        Memory.world(clock)
    }

    fn mutate(&self, _setting: &Setting, mut ports: Ports) -> Ports {
        if self.0 == Build::Broken {
            ports.store = std::sync::Arc::new(UncheckedClaim(ports.store));
        }
        ports
    }
}

/// So many plans that processes can follow, made by random walks: the same for the same seed.
pub fn plans(build: Build, scenarios: &[&str], count: usize, seed: u64) -> Result<Vec<Plan>> {
    let mut plans = Vec::new();
    let mut seed = seed.wrapping_mul(1_000_003);
    let known: Vec<Scenario> = scenarios.iter().filter_map(|it| Scenario::named(it)).collect();
    let model = Model(build);
    let stages: Result<Vec<_>, String> =
        known.iter().map(|it| Ok((Stage::new(&model, it.setting.clone())?, it.verbs))).collect();
    let stages = stages.map_err(anyhow::Error::msg)?;
    while plans.len() < count {
        for (stage, verbs) in &stages {
            seed = seed.wrapping_add(1);
            let verbs = able::REFUSED.iter().fold(*verbs, |verbs, (verb, _)| verbs.without(*verb));
            let options = Options { verbs, calm: false, ..Options::default() };
            let played =
                stage.play(&mut Walk::sticky(seed), options).map_err(anyhow::Error::msg)?;
            let expect = played.violation.map(|it| it.invariant);
            let plan = Plan { setting: stage.setting().clone(), items: played.items, expect };
            let wanted = plan.expect.is_some() || build == Build::Sound;
            if plans.len() < count && wanted && refusal(&plan).is_none() {
                plans.push(plan);
            }
        }
    }
    Ok(plans)
}

/// Does what these plans say to real processes, one plan after the other.
pub fn run(build: Build, plans: &[Plan]) -> Result<Report> {
    let mut report = Report::default();
    let arena = Arena::new(build)?;
    let begun = now();
    for plan in plans {
        if let Some(why) = refusal(plan) {
            report.refuse(why);
            continue;
        }
        let script = script(build, plan)?;
        let context = || format!("the processes cannot be raced:\n{plan}");
        one(&arena, &script, &mut report).with_context(context)?;
    }
    report.took = now().saturating_duration_since(begun);
    Ok(report)
}

fn script(build: Build, plan: &Plan) -> Result<Script> {
    let model = Model(build);
    let stage = Stage::new(&model, plan.setting.clone()).map_err(anyhow::Error::msg)?;
    let decider: &mut dyn Decider = &mut Replay::new(&plan.items);
    let options = Options { record: true, ..Options::default() };
    let played = stage.play(decider, options).map_err(anyhow::Error::msg)?;
    Ok(Script { plan: plan.clone(), played })
}

fn one(arena: &Arena, script: &Script, report: &mut Report) -> Result<()> {
    let begun = now();
    let mut chaos = Chaos::begin(arena, script)?;
    let started = now();
    // A process that stands still where it should not is told of; the books are looked at all the
    // same.
    let parted = chaos.follow().unwrap_or_else(|stuck| Some(format!("stuck: {stuck:#}")));
    report.starting += started.saturating_duration_since(begun);
    report.stepping += now().saturating_duration_since(started);
    report.schedules += 1;
    report.steps += chaos.steps();
    report.processes += chaos.processes();
    for item in &script.plan.items {
        *report.verbs.entry(item.choice.verb.as_str()).or_default() += 1;
    }
    let settled = calm::settle(chaos)?;
    report.processes += settled.processes;
    let found = |words: String| Found { plan: script.plan.clone(), words };
    report.violations.extend(settled.violations.into_iter().map(found));
    if let Some(words) = parted {
        report.parted.push(found(words));
    } else if script.played.violation.is_none() && !script.has(Verb::Zombie) {
        report.followed += 1;
        if settled.ends != script.played.ends {
            let words = format!("{:?}, and in memory {:?}", settled.ends, script.played.ends);
            report.differing.push(found(words));
        }
    }
    Ok(())
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
