//! Tests of the legs: what runs, what is skipped, and what is said of it.

use std::ffi::OsStr;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn setting() -> Setting {
    Setting { postonce: "/bin/postonce".into(), held: None, filters: vec!["a_claim".into()] }
}

fn leg(name: &'static str, needed: bool) -> Leg {
    Leg { name, needed, left_out: |_| None, command: |_| cargo(&[]) }
}

fn value<'a>(command: &'a Command, name: &str) -> Option<&'a OsStr> {
    command.get_envs().find(|(key, _)| *key == name).and_then(|(_, value)| value)
}

#[test]
fn after_a_needed_leg_has_failed_the_others_are_skipped() {
    let legs = [leg("build", true), leg("tests", false)];
    let outcomes = run_legs(&legs, &setting(), |_| Ok(Outcome::Failed(SECOND))).unwrap();
    let skipped = Outcome::Skipped("the leg `build` failed".to_owned());
    assert_eq!(outcomes, [Outcome::Failed(SECOND), skipped]);
}

#[test]
fn after_any_other_failed_leg_the_suite_goes_on() {
    let legs = [leg("tests", false), leg("doctests", false)];
    let outcomes = run_legs(&legs, &setting(), |_| Ok(Outcome::Failed(SECOND))).unwrap();
    assert_eq!(outcomes, [Outcome::Failed(SECOND), Outcome::Failed(SECOND)]);
}

#[test]
fn a_leg_that_cannot_run_says_why() {
    let outcomes = run_legs(LEGS, &setting(), |_| Ok(Outcome::Passed(SECOND))).unwrap();
    let reason = "the package `postonce-tests` has no binary `postonce-held`";
    assert_eq!(outcomes[1], Outcome::Skipped(reason.to_owned()));
    assert_eq!(outcomes.iter().filter(|it| **it == Outcome::Passed(SECOND)).count(), 3);
}

#[test]
fn the_closing_words_tell_the_three_outcomes_apart() {
    assert_eq!(Outcome::Passed(Duration::from_millis(2_340)).to_string(), "run (2.3 s)");
    assert_eq!(Outcome::Failed(SECOND).to_string(), "run (1.0 s), FAILED");
    assert_eq!(Outcome::Skipped("no server".to_owned()).to_string(), "skipped (no server)");
}

#[test]
fn the_tests_are_told_both_binaries_and_the_filters() {
    let both = Setting { held: Some("/bin/held".into()), ..setting() };
    let command = workspace_tests(&both);
    assert_eq!(value(&command, "POSTONCE_BIN"), Some(OsStr::new("/bin/postonce")));
    assert_eq!(value(&command, "POSTONCE_HELD_BIN"), Some(OsStr::new("/bin/held")));
    let args: Vec<&OsStr> = command.get_args().collect();
    assert_eq!(args[args.len() - 2..], ["--", "a_claim"]);
    assert_eq!(value(&workspace_tests(&setting()), "POSTONCE_HELD_BIN"), None);
}
