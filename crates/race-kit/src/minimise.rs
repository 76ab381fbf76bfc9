//! From a schedule that breaks something to the shortest plan that breaks the same thing.
//!
//! The invariant is held fixed: a shorter plan that breaks another one is another finding.

use crate::choice::{Choice, Object};
use crate::decider::Replay;
use crate::invariant::Invariant;
use crate::plan::{Item, Plan};
use crate::stage::{Options, Stage};
use crate::world::Factory;

/// A plan that cannot be made shorter by one step.
#[derive(Clone, Debug)]
pub struct Minimised {
    /// The plan, with what it breaks.
    pub plan: Plan,
    /// Schedules that were played on the way.
    pub runs: u64,
}

/// Shortens `plan` for as long as it breaks `invariant`. An error is trouble with the databases, or
/// a plan that does not break it to begin with.
pub fn minimise(
    factory: &dyn Factory,
    plan: &Plan,
    invariant: Invariant,
) -> Result<Minimised, String> {
    let mut runs = 1;
    let mut best = still_breaks(factory, plan, invariant)?
        .ok_or_else(|| format!("the plan does not break {invariant}:\n{plan}"))?;
    loop {
        let mut shorter = None;
        for candidate in candidates(&best) {
            runs += 1;
            if let Some(found) = still_breaks(factory, &candidate, invariant)?
                && size(&found) < size(&best)
            {
                shorter = Some(found);
                break;
            }
        }
        match shorter {
            Some(found) => best = found,
            None => return Ok(Minimised { plan: best, runs }),
        }
    }
}

/// What is simpler: fewer faults, fewer switches, fewer actors, fewer invoices, sooner, milder.
fn size(plan: &Plan) -> (usize, usize, usize, u32, u32, u32) {
    let faults = plan.items.iter().filter(|it| it.choice.is_fault()).count();
    let setting = &plan.setting;
    let invoices = setting.invoices + setting.rejected + setting.files + setting.concurrency;
    let nth = |object: Object| match object {
        Object::Call { nth, .. } => nth,
        Object::Request(n) | Object::Zombie(n) | Object::Time(n) => n,
        Object::Actor(_) | Object::World => 0,
    };
    let late = plan.items.iter().map(|it| nth(it.at) + nth(it.choice.object)).sum();
    let harsh = plan.items.iter().map(|it| it.choice.verb.harshness()).sum();
    (faults, plan.items.len() - faults, setting.actors.len(), invoices, harsh, late)
}

/// The plan as it was played, if it still breaks the invariant.
fn still_breaks(
    factory: &dyn Factory,
    plan: &Plan,
    invariant: Invariant,
) -> Result<Option<Plan>, String> {
    let stage = Stage::new(factory, plan.setting.clone())?;
    let mut decider = Replay::new(&plan.items);
    let played = stage.play(&mut decider, Options::default())?;
    let broken = played.violation.is_some_and(|it| it.invariant == invariant);
    Ok(broken.then(|| {
        let mut setting = plan.setting.clone();
        let faults = played.items.iter().filter(|it| it.choice.is_fault()).count();
        setting.faults = u32::try_from(faults).unwrap_or(u32::MAX);
        Plan { setting, items: played.items, expect: Some(invariant) }
    }))
}

/// Every plan that is one step simpler, the boldest steps first.
pub(crate) fn candidates(plan: &Plan) -> Vec<Plan> {
    let mut all = Vec::new();
    let with = |items: Vec<Item>| Plan { items, ..plan.clone() };
    let without = |drop: &[usize]| {
        let kept = plan.items.iter().enumerate().filter(|(place, _)| !drop.contains(place));
        with(kept.map(|(_, item)| *item).collect())
    };
    for place in (0..plan.items.len()).rev() {
        all.push(without(&[place]));
    }
    for actor in 0..plan.setting.actors.len() {
        all.extend(without_actor(plan, actor));
    }
    all.extend(smaller_settings(plan));
    for first in 0..plan.items.len() {
        for second in first + 1..plan.items.len() {
            all.push(without(&[first, second]));
        }
    }
    for (place, item) in plan.items.iter().enumerate() {
        for simpler in simpler_items(item) {
            let mut items = plan.items.clone();
            if let Some(item) = items.get_mut(place) {
                *item = simpler;
            }
            all.push(with(items));
        }
    }
    all
}

/// The same without one actor and all that speaks of it.
fn without_actor(plan: &Plan, gone: usize) -> Option<Plan> {
    if plan.setting.actors.len() < 2 {
        return None;
    }
    let shift = |actor: usize| match actor.cmp(&gone) {
        std::cmp::Ordering::Less => Some(actor),
        std::cmp::Ordering::Equal => None,
        std::cmp::Ordering::Greater => Some(actor - 1),
    };
    let moved = |object: Object| match object {
        Object::Call { actor, nth } => shift(actor).map(|actor| Object::Call { actor, nth }),
        Object::Actor(actor) => shift(actor).map(Object::Actor),
        Object::Request(_) | Object::Zombie(_) | Object::Time(_) | Object::World => Some(object),
    };
    let items = plan.items.iter().filter_map(|item| {
        let choice = Choice { object: moved(item.choice.object)?, ..item.choice };
        Some(Item { at: moved(item.at)?, choice })
    });
    let items = items.collect();
    let mut setting = plan.setting.clone();
    setting.actors.remove(gone);
    Some(Plan { setting, items, expect: plan.expect })
}

fn smaller_settings(plan: &Plan) -> Vec<Plan> {
    let mut all = Vec::new();
    let mut with = |change: &dyn Fn(&mut crate::setting::Setting)| {
        let mut setting = plan.setting.clone();
        change(&mut setting);
        if setting != plan.setting {
            all.push(Plan { setting, ..plan.clone() });
        }
    };
    with(&|it| it.invoices = it.invoices.saturating_sub(1));
    with(&|it| it.rejected = it.rejected.saturating_sub(1));
    with(&|it| it.files = 1);
    with(&|it| it.concurrency = 1);
    all
}

/// The same item with a milder verb, or sooner.
fn simpler_items(item: &Item) -> Vec<Item> {
    let milder = item.choice.verb.milder().iter();
    let mut all: Vec<Item> = milder
        .map(|verb| Item { choice: Choice { verb: *verb, ..item.choice }, ..*item })
        .collect();
    if let Object::Call { actor, nth } = item.at {
        let earlier = |nth| {
            let at = Object::Call { actor, nth };
            let object = if item.choice.object == item.at { at } else { item.choice.object };
            Item { at, choice: Choice { object, ..item.choice } }
        };
        all.extend((1..nth).map(earlier));
    }
    all
}
