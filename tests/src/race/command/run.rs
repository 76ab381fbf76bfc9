//! `race run`: hunts in scenarios.

use postonce_race_kit::{
    Bound, Budget, Factory, Found, Scenario, Stage, Timeline, exhaust_while, hunt_while, minimise,
};
use serde_json::json;

use super::arguments::Run;
use super::pace::{self, Watch};
use super::report::{Finding, Outcome, Report, Seen};
use super::rung::Rung;
use super::{Stop, report, say};
use crate::race::memory::Memory;
use crate::race::processes::{self, Build};

/// Hunts in each scenario and says what came of it, one after the other.
pub(crate) fn run(wanted: &Run) -> Result<(), Stop> {
    pace::listen().map_err(Stop::Trouble)?;
    let Rung::Calls(store) = wanted.on else { return on_processes(wanted) };
    refuse_unknown_mutant(wanted)?;
    let mut reports = Vec::new();
    for scenario in &wanted.scenarios {
        if pace::is_interrupted() {
            break;
        }
        let factory = store.factory(&scenario.setting)?;
        let report = hunt(wanted, scenario, &*factory).map_err(Stop::Trouble)?;
        if !wanted.json {
            say(&report.to_string())?;
        }
        reports.push(report);
    }
    if wanted.json {
        let all: Vec<_> = reports.iter().map(Report::json).collect();
        let all = json!({"format": "race-run/1", "seed": wanted.seed, "scenarios": all});
        say(&format!("{all:#}\n"))?;
    } else {
        say(&format!("{}\n", report::summary(&reports)))?;
    }
    verdict(wanted, &reports)
}

/// Plans of random walks, done to real processes.
fn on_processes(wanted: &Run) -> Result<(), Stop> {
    let trouble = |error: anyhow::Error| Stop::Trouble(format!("{error:#}"));
    let names: Vec<&str> = wanted.scenarios.iter().map(|it| it.name).collect();
    say(&format!("of {} scenarios these: {}\n", Scenario::all().len(), names.join(", ")))?;
    let go_on = || !pace::is_interrupted();
    let count = (usize::try_from(wanted.runs).unwrap_or(usize::MAX), wanted.seed);
    let plans = processes::plans(Build::Sound, &names, count, &go_on).map_err(trouble)?;
    let report = processes::run(Build::Sound, &plans, &go_on).map_err(trouble)?;
    say(&format!("{report}\n"))?;
    if !report.is_sound() {
        return Err(Stop::Failed);
    }
    over(report.schedules > 0)
}

/// What a search comes to that found nothing wrong. One that played nothing has shown nothing.
fn over(has_played: bool) -> Result<(), Stop> {
    if pace::is_interrupted() {
        return Err(Stop::Interrupted);
    }
    if has_played { Ok(()) } else { Err(Stop::Failed) }
}

pub(super) fn verdict(wanted: &Run, reports: &[Report]) -> Result<(), Stop> {
    let any = |outcome| reports.iter().any(|it| it.outcome() == outcome);
    if any(Outcome::Breaks) || (wanted.require_expected && any(Outcome::NotBroken)) {
        return Err(Stop::Failed);
    }
    over(!reports.is_empty() && reports.iter().all(|it| it.seen.schedules() > 0))
}

fn refuse_unknown_mutant(wanted: &Run) -> Result<(), Stop> {
    let mutants = Memory.mutants();
    let asked = wanted.scenarios.iter().find_map(|it| it.setting.mutant.as_deref());
    let Some(name) = asked.filter(|name| !mutants.contains(name)) else { return Ok(()) };
    let known = mutants.join(", ");
    Err(Stop::Usage(format!("there is no mutant `{name}`; there are: {known}")))
}

/// One scenario.
pub(super) fn hunt(
    wanted: &Run,
    scenario: &Scenario,
    factory: &dyn Factory,
) -> Result<Report, String> {
    let stage = Stage::new(factory, scenario.setting.clone())?;
    let watch = Watch::start();
    let mut go_on =
        || !pace::is_interrupted() && wanted.time.is_none_or(|most| watch.elapsed() < most);
    let (runs, verbs) = (wanted.runs, scenario.verbs);
    let (seen, found) = if let Some(deviations) = wanted.exhaustive {
        let bound = Bound { deviations, runs, verbs, prune: stage.has_keys(), go_on: false };
        let all = exhaust_while(&stage, bound, &mut go_on)?;
        (Seen::Every { exhausted: all.exhausted, deviations }, all.found.into_iter().next())
    } else {
        let (seed, only) = (wanted.seed, wanted.only);
        let budget = Budget { runs, seed, verbs, only, coverage: true };
        let hunt = hunt_while(&stage, budget, &mut go_on)?;
        (Seen::Random(hunt.coverage), hunt.found)
    };
    let elapsed = watch.elapsed();
    let found = found.map(|it| finding(factory, it)).transpose()?;
    let interrupted = pace::is_interrupted();
    Ok(Report { scenario: scenario.clone(), on: wanted.on, seen, elapsed, found, interrupted })
}

/// The same in as few lines as possible, and its picture.
fn finding(factory: &dyn Factory, found: Found) -> Result<Finding, String> {
    let Found { nth, violation, plan } = found;
    // Some schedules are more than a plan can say; then what was found is all there is.
    let plan = minimise(factory, &plan, violation.invariant).map_or(plan, |short| short.plan);
    let timeline = Timeline::of(factory, &plan)?;
    Ok(Finding { nth, violation, plan, timeline })
}
