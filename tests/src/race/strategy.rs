//! The kit's plans under `proptest`.

use std::sync::Arc;

use postonce_race_kit::{Plan, Scenario, plans, replay};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

use super::memory::Memory;

fn runner(cases: u32) -> TestRunner {
    let config =
        Config { cases, max_shrink_iters: 100_000, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

/// Plays plans of a scenario until one of them breaks something.
#[expect(clippy::result_large_err, reason = "it is made once in a test")]
fn search(name: &str, cases: u32) -> Result<(), TestError<Plan>> {
    let scenario = Scenario::named(name).unwrap();
    runner(cases).run(&plans(Arc::new(Memory), scenario), |plan| {
        let broken = replay(&Memory, &plan).unwrap().played.violation;
        broken.map_or(Ok(()), |it| Err(TestCaseError::fail(it.to_string())))
    })
}

#[test]
fn no_plan_of_the_doors_breaks_anything() {
    search("doors", 60).unwrap();
}

#[test]
fn a_failing_plan_shrinks_to_a_line() {
    let Err(TestError::Fail(reason, plan)) = search("stall-before-the-wire", 200) else {
        panic!("the stall is not found");
    };
    assert!(reason.to_string().starts_with("S1 (posted twice)"), "{reason}");
    assert_eq!(plan.items.len(), 1, "{plan}");
    let text = plan.to_string();
    assert!(
        text.lines().any(|line| line.starts_with("cron@") && line.ends_with(" stall")),
        "{text}"
    );
    let kept: Plan = text.parse().unwrap();
    assert_eq!(kept, plan, "what is printed is what can be kept");
}
