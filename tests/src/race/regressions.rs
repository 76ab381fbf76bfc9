//! Plans that showed something once, and walks that nobody has chosen, on every kind of world.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use postonce_race_kit::{Factory, Plan, Replay, Role, Scenario, Stage, Verb, Walk, replay};

use super::memory::Memory;
use super::same::{difference, play, told};

/// Every plan of `tests/plans`, with the name of its file.
pub(super) fn plans() -> Result<Vec<(String, Plan)>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("plans");
    let mut plans = Vec::new();
    for entry in std::fs::read_dir(&folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        ensure!(path.extension().is_some_and(|it| it == "race"), "{name} is no plan");
        let text = std::fs::read_to_string(&path)?;
        plans.push((name.clone(), text.parse().with_context(|| name)?));
    }
    plans.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(plans)
}

/// The databases of the tests do not move; this plan is for the model only.
const MOVED: &str = "restored-elsewhere.race";

/// Every plan goes in the worlds of `factory` as it goes in
/// memory, to the same verdict; no plan but [`MOVED`] wants more than it can.
pub(super) fn plans_go_the_same(factory: impl Fn(&Plan) -> Box<dyn Factory>) -> Result<()> {
    let mut left_out = Vec::new();
    for (name, plan) in plans()? {
        let factory = factory(&plan);
        let stage = Stage::new(&*factory, plan.setting.clone()).map_err(anyhow::Error::msg)?;
        if plan.items.iter().any(|item| !stage.can(item.choice.verb)) {
            left_out.push(name);
            continue;
        }
        drop(stage);
        let tell = |factory: &dyn Factory| {
            let lines = told(factory, &plan.setting, &mut Replay::new(&plan.items));
            lines.map_err(anyhow::Error::msg).with_context(|| name.clone())
        };
        let difference = difference(&tell(&Memory)?, &tell(&*factory)?);
        ensure!(difference.is_none(), "{name}\n{}", difference.unwrap_or_default());
    }
    ensure!(left_out == [MOVED], "left out: {left_out:?}");
    Ok(())
}

/// So many walks of each of these scenarios go in the factory's worlds as they go in memory.
pub(super) fn walks_go_the_same(
    factory: &dyn Factory,
    scenarios: &[&str],
    walks: u64,
) -> Result<()> {
    for name in scenarios {
        let scenario = Scenario::named(name).with_context(|| format!("no scenario {name}"))?;
        let stage = |factory| Stage::new(factory, scenario.setting.clone());
        let memory: &dyn Factory = &Memory;
        let model = stage(memory).map_err(anyhow::Error::msg)?;
        let real = stage(factory).map_err(anyhow::Error::msg)?;
        // What the real one cannot do must not be on the model's menu.
        let cannot = Verb::ALL.iter().map(|(verb, _)| *verb).filter(|verb| !real.can(*verb));
        let cannot: Vec<Verb> = cannot.collect();
        ensure!(cannot == [Verb::Elsewhere], "{name} is walked without {cannot:?}");
        let verbs = scenario.verbs.without(Verb::Elsewhere);
        for seed in 0..walks {
            let walk = &mut Walk::sticky(seed);
            let tell = |stage| play(stage, &mut walk.clone(), verbs).map_err(anyhow::Error::msg);
            let difference = difference(&tell(&model)?, &tell(&real)?);
            ensure!(
                difference.is_none(),
                "{name}, walk {seed}\n{}",
                difference.unwrap_or_default()
            );
        }
    }
    Ok(())
}

#[test]
fn every_plan_comes_to_its_verdict() -> Result<()> {
    for (name, plan) in plans()? {
        let replayed = replay(&Memory, &plan).map_err(anyhow::Error::msg)?;
        replayed.verdict(&plan).map_err(anyhow::Error::msg).context(name)?;
    }
    Ok(())
}

#[test]
fn the_plans_have_every_verb_every_role_and_most_scenarios() -> Result<()> {
    let plans = plans()?;
    let has = |verb: Verb| {
        plans.iter().any(|(_, plan)| plan.items.iter().any(|it| it.choice.verb == verb))
    };
    let missing: Vec<_> = Verb::ALL.iter().filter(|(verb, _)| !has(*verb)).collect();
    ensure!(missing.is_empty(), "no plan has {missing:?}");
    let acts = |role: Role| plans.iter().any(|(_, plan)| plan.setting.actors.contains(&role));
    let missing: Vec<_> = Role::ALL.iter().filter(|(role, _)| !acts(*role)).collect();
    ensure!(missing.is_empty(), "in no plan acts {missing:?}");
    let scenarios = Scenario::all();
    let shown =
        scenarios.iter().filter(|it| plans.iter().any(|(_, p)| p.setting.scenario == it.name));
    let (shown, all) = (shown.count(), scenarios.len());
    ensure!(shown * 4 >= all * 3, "{shown} of {all} scenarios");
    Ok(())
}
