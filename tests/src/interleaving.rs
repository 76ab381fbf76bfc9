//! Two runs and a reprocess, stepped at every port call in an order that `proptest` chooses.
//! In some of the stories the database goes back in the middle, and all begins anew.
//!
//! Actors are futures of the real engine over in-memory ports. Each port call parks; a script of
//! bytes says which call goes on next, what goes wrong with it, when time passes, when a request
//! that nobody waits for any more arrives, and who crashes. After the script everything calms
//! down: what is in the air arrives or is lost, time passes, a last run goes through.
//!
//! What it cannot show: a stall between the ledger's last look at the clock and the wire, which no
//! client can close, and anything about real databases, which have tests of their own.

mod gate;
mod gated;
mod story;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

use story::{Bug, Restore, Setting, Step, play};

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (any::<u8>(), any::<u8>()).prop_map(|(which, how)| Step { which, how });
    prop::collection::vec(step, 0..160)
}

fn settings() -> impl Strategy<Value = Setting> {
    let restore = prop_oneof![
        2 => Just(None),
        1 => Just(Some(Restore::InPlace)),
        1 => Just(Some(Restore::Elsewhere)),
    ];
    (any::<bool>(), any::<bool>(), any::<bool>(), restore, 0_u32..=4).prop_map(
        |(lock_holds, cut_over, repost_absent, restore, faults)| Setting {
            lock_holds,
            cut_over,
            repost_absent,
            restore,
            faults,
            bug: None,
        },
    )
}

fn runner(cases: u32) -> TestRunner {
    let config =
        Config { cases, max_shrink_iters: 4_096, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

#[test]
fn no_interleaving_posts_an_invoice_twice_or_loses_one() {
    runner(4_000)
        .run(&(settings(), steps()), |(setting, steps)| {
            play(setting, &steps).map_err(TestCaseError::fail)
        })
        .unwrap();
}

/// The same search must find each of these bugs, or it proves nothing.
fn is_found(bug: Bug) -> String {
    let strategy = (settings(), steps());
    let found = runner(20_000).run(&strategy, |(setting, steps)| {
        let setting = Setting { bug: Some(bug), ..setting };
        play(setting, &steps).map_err(TestCaseError::fail)
    });
    match found {
        Err(TestError::Fail(reason, _)) => reason.to_string(),
        other => panic!("{bug:?} was not found: {other:?}"),
    }
}

#[test]
fn a_claim_that_does_not_compare_is_found() {
    assert!(is_found(Bug::ClaimWithoutCompare).contains("without a claim on record"));
}

#[test]
fn a_lost_answer_that_counts_as_not_sent_is_found() {
    assert!(is_found(Bug::LostAnswerIsNotSent).contains("documents"));
}

#[test]
fn a_swept_claim_that_is_ready_again_is_found() {
    assert!(is_found(Bug::LostClaimIsReady).contains("documents"));
}

#[test]
fn a_restore_after_which_nothing_is_looked_up_is_found() {
    assert!(is_found(Bug::NeverLooksBack).contains("documents"));
}

#[test]
fn a_restore_after_which_nobody_waits_is_found() {
    assert!(is_found(Bug::NeverQuiet).contains("documents"));
}

#[test]
fn the_calm_story_posts_everything() {
    let setting = Setting {
        lock_holds: true,
        cut_over: true,
        repost_absent: false,
        restore: None,
        faults: 0,
        bug: None,
    };
    play(setting, &[]).unwrap();
}
