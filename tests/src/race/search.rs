//! Searches over the real engine in memory: walks through every scenario, every schedule of the
//! small ones.

use std::collections::BTreeSet;

use postonce_domain::StateName;
use postonce_race_kit::{
    Bound, Budget, Coverage, Exhaustive, Invariant, Options, Plan, Replay, Scenario, Sometimes,
    Stage, Verb, Verbs, Walk, hunt, minimise, replay,
};

use super::memory::Memory;

fn stage(head: &str) -> Stage<'static> {
    let plan: Plan = format!("race/1 {head}").parse().unwrap();
    Stage::new(&Memory, plan.setting).unwrap()
}

/// Schedules of each scenario in every run of the tests; `cargo xtask race run` plays more.
const RUNS: u64 = 1_500;

fn budget(scenario: &Scenario, runs: u64) -> Budget {
    Budget { runs, seed: 20_260, verbs: scenario.verbs, only: None, coverage: true }
}

#[test]
fn no_schedule_of_any_scenario_breaks_anything() {
    let mut coverage = Coverage::default();
    for scenario in Scenario::all().iter().filter(|it| it.expect.is_none()) {
        let stage = Stage::new(&Memory, scenario.setting.clone()).unwrap();
        let hunt = hunt(&stage, budget(scenario, RUNS)).unwrap();
        if let Some(found) = hunt.found {
            let least = minimise(&Memory, &found.plan, found.violation.invariant).unwrap();
            panic!("{}: {}\n{}", scenario.name, found.violation, least.plan);
        }
        coverage.add(&hunt.coverage);
    }
    // A search that never met a race proves nothing.
    assert_eq!(coverage.never(), Vec::<Sometimes>::new());
}

#[test]
fn what_nobody_can_prevent_is_found() {
    for scenario in Scenario::all().iter().filter(|it| it.expect.is_some()) {
        let stage = Stage::new(&Memory, scenario.setting.clone()).unwrap();
        let found = hunt(&stage, budget(scenario, 20_000)).unwrap().found;
        let found = found.unwrap_or_else(|| panic!("{} breaks nothing", scenario.name));
        let least = minimise(&Memory, &found.plan, found.violation.invariant).unwrap();
        assert_eq!(least.plan.expect, scenario.expect, "{}", least.plan);
        assert!(least.plan.items.len() <= 2, "{}", least.plan);
    }
}

/// What a schedule without a decision does not post: the number and the state of each invoice.
fn not_posted(scenario: &str) -> Vec<(&'static str, StateName)> {
    match scenario {
        // The stranger's document has its number.
        "two-installations" => vec![("INV-1", StateName::NeedsHuman)],
        _ => Vec::new(),
    }
}

#[test]
fn a_schedule_without_a_decision_posts_everything() {
    for scenario in Scenario::all() {
        let plan = Plan::calm(scenario.setting);
        let replayed = replay(&Memory, &plan).unwrap();
        assert_eq!(replayed.verdict(&plan), Ok(()), "{}", scenario.name);
        let posted = |it: &StateName| *it == StateName::Posted;
        let others: Vec<(&str, StateName)> = (replayed.played.ends.iter())
            .filter(|(_, state)| !posted(state))
            .map(|(number, state)| (number.as_str(), *state))
            .collect();
        assert_eq!(others, not_posted(scenario.name), "{}", scenario.name);
    }
}

#[test]
fn a_plan_that_cannot_happen_is_refused_by_name() {
    for (items, why) in [
        ("cron@1 lock-lost", "`cron@1 lock-lost` cannot happen: it does not have the run lock"),
        ("cron@1 host-loss", "`cron@1 host-loss` cannot happen: it does not have the run lock"),
        ("cron@1 zombie", "`cron@1 zombie` cannot happen: it writes nothing just then"),
        (
            "cron@1 interrupt\ncron@2 interrupt",
            "`cron@2 interrupt` cannot happen: it has been asked to stop before",
        ),
        (
            "cron@1 unsent sync-now@9",
            "`cron@1 unsent sync-now@9` cannot happen: it is not there to happen to",
        ),
    ] {
        let head = "race/1 posting lock=run invoices=1 actors=cron,sync-now faults=2";
        let plan: Plan = format!("{head}\n{items}").parse().unwrap();
        assert_eq!(replay(&Memory, &plan).unwrap().verdict(&plan), Err(why.to_owned()), "{items}");
    }
}

/// What a walk did, played again as a plan, is the same to the last answer.
#[test]
fn a_walk_and_its_plan_are_the_same_schedule() {
    for scenario in Scenario::all() {
        let stage = Stage::new(&Memory, scenario.setting.clone()).unwrap();
        let options = Options { verbs: scenario.verbs, ..Options::default() };
        for seed in 0..60 {
            let walked = stage.play(&mut Keyed(Walk::sticky(seed)), options).unwrap();
            let again = stage.play(&mut Keyed(Walk::sticky(seed)), options).unwrap();
            assert_eq!(walked.trace, again.trace, "{}, seed {seed}", scenario.name);
            let mut replay = Keyed(Replay::new(&walked.items));
            let replayed = stage.play(&mut replay, options).unwrap();
            assert_eq!(replayed.trace, walked.trace, "{}, seed {seed}", scenario.name);
            assert_eq!(replayed.items, walked.items, "{}, seed {seed}", scenario.name);
            assert_eq!(replay.0.unused(), []);
        }
    }
}

/// A decider for which every answer is kept as a number.
struct Keyed<D>(D);

impl<D: postonce_race_kit::Decider> postonce_race_kit::Decider for Keyed<D> {
    fn pick(&mut self, menu: &postonce_race_kit::Menu<'_>) -> postonce_race_kit::Pick {
        self.0.pick(menu)
    }

    fn wants_keys(&self) -> bool {
        true
    }
}

/// Where schedules can end, and what they can break.
type Ends = BTreeSet<(Vec<String>, Option<Invariant>)>;

/// All of them, within so many deviations.
fn ends(head: &str, (deviations, verbs): (u32, Verbs), prune: bool) -> (Ends, u64) {
    let stage = stage(head);
    let mut decider = Exhaustive::new(deviations, prune);
    let mut ends = Ends::new();
    let options = Options { coverage: true, verbs, ..Options::default() };
    while decider.advance() {
        let played = stage.play(&mut decider, options).unwrap();
        if !played.stopped {
            ends.insert((played.standing, played.violation.map(|it| it.invariant)));
        }
    }
    (ends, decider.so_far(true).runs)
}

#[test]
fn pruning_loses_no_end() {
    let any = Verbs::ALL;
    let left_behind = Verbs::of(&[Verb::Zombie, Verb::Hold]);
    for (head, deviations, verbs) in [
        ("x actors=cron,sync-now faults=1", 2, any),
        ("x lock=useless actors=cron,sync-now faults=0", 3, any),
        ("x lock=useless actors=cron,later-cron faults=1 repost-absent=yes", 2, any),
        ("x actors=cron,later-cron faults=1 late-unbounded=yes repost-absent=yes", 2, any),
        ("x lock=useless actors=cron,sync-now faults=2", 3, left_behind),
        ("x actors=cron invoices=2 concurrency=2 faults=1", 3, left_behind),
    ] {
        let (whole, all) = ends(head, (deviations, verbs), false);
        let (pruned, some) = ends(head, (deviations, verbs), true);
        assert_eq!(pruned, whole, "{head}");
        assert!(some < all, "{head}: {some} of {all}");
    }
}

/// Ids, run rows, settings and references are no choice points. That is right if nothing that can
/// happen depends on when they are read or written.
#[test]
fn what_is_no_choice_point_makes_no_difference() {
    for head in ["x actors=cron,sync-now faults=0", "x lock=useless actors=cron,sync-now faults=0"]
    {
        let (few, _) = ends(head, (99, Verbs::ALL), true);
        let (all, _) = ends(&format!("{head} all-points=yes"), (99, Verbs::ALL), true);
        assert_eq!(all, few, "{head}");
    }
}

#[test]
fn a_bound_that_is_reached_is_told() {
    let stage = stage("x actors=cron,sync-now faults=1");
    let bound = Bound { deviations: 2, runs: 50, verbs: Verbs::ALL, prune: true, go_on: false };
    let exhaustion = postonce_race_kit::exhaust(&stage, bound).unwrap();
    assert!(!exhaustion.exhausted.complete);
    let endless = Bound { deviations: u32::MAX, ..bound };
    assert!(!postonce_race_kit::exhaust(&stage, endless).unwrap().exhausted.complete);
    let whole = Bound { runs: 1_000_000, ..bound };
    assert!(postonce_race_kit::exhaust(&stage, whole).unwrap().exhausted.complete);
}
