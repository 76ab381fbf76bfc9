//! Searches over the real engine in memory: walks through every scenario, every schedule of the
//! small ones.

use std::collections::BTreeSet;

use postonce_race_kit::{
    Bound, Budget, Coverage, Exhaustive, Invariant, Options, Plan, Replay, Scenario, Sometimes,
    Stage, Verbs, Walk, hunt, minimise, replay,
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

#[test]
fn a_schedule_without_a_decision_posts_everything() {
    for scenario in Scenario::all() {
        let plan = Plan::calm(scenario.setting);
        let replayed = replay(&Memory, &plan).unwrap();
        assert_eq!(replayed.verdict(&plan), Ok(()), "{}", scenario.name);
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
fn ends(head: &str, deviations: u32, prune: bool) -> (Ends, u64) {
    let stage = stage(head);
    let mut decider = Exhaustive::new(deviations, prune);
    let mut ends = Ends::new();
    let options = Options { coverage: true, verbs: Verbs::ALL, ..Options::default() };
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
    for (head, deviations) in [
        ("x actors=cron,sync-now faults=1", 2),
        ("x lock=useless actors=cron,sync-now faults=0", 3),
        ("x lock=useless actors=cron,later-cron faults=1 repost-absent=yes", 2),
        ("x actors=cron,later-cron faults=1 late-unbounded=yes repost-absent=yes", 2),
    ] {
        let (whole, all) = ends(head, deviations, false);
        let (pruned, some) = ends(head, deviations, true);
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
        let (few, _) = ends(head, 99, true);
        let (all, _) = ends(&format!("{head} all-points=yes"), 99, true);
        assert_eq!(all, few, "{head}");
    }
}

#[test]
fn a_bound_that_is_reached_is_told() {
    let stage = stage("x actors=cron,sync-now faults=1");
    let bound = Bound { deviations: 2, runs: 50, verbs: Verbs::ALL, prune: true, go_on: false };
    let exhaustion = postonce_race_kit::exhaust(&stage, bound).unwrap();
    assert!(!exhaustion.exhausted.complete);
    let whole = Bound { runs: 1_000_000, ..bound };
    assert!(postonce_race_kit::exhaust(&stage, whole).unwrap().exhausted.complete);
}
