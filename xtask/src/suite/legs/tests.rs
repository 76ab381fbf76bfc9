//! Tests of the legs: what runs, what is skipped, and what is said of it.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn leg(name: &str, program: &str) -> Leg {
    Leg::new(name, Work::Run(Command::new(program)))
}

fn report(legs: Vec<Leg>) -> Report {
    let mut report = Report::default();
    report.run_all(legs).unwrap();
    report
}

/// Passed, failed, ready or skipped.
fn kinds(report: &Report) -> String {
    let kind = |outcome: &Outcome| match outcome {
        Outcome::Passed(_) => 'p',
        Outcome::Failed(_) => 'f',
        Outcome::Ready(_) => 'r',
        Outcome::Skipped(_) => 's',
    };
    report.outcomes.iter().map(|(_, outcome)| kind(outcome)).collect()
}

#[test]
fn after_a_needed_leg_has_failed_the_others_are_skipped() {
    let report = report(vec![leg("build", "false").needed(), leg("tests", "true")]);
    assert_eq!(kinds(&report), "fs");
    let skipped = Outcome::Skipped("the leg `build` failed".to_owned());
    assert_eq!(report.outcomes[1], ("tests".to_owned(), skipped));
}

#[test]
fn after_any_other_failed_leg_the_suite_goes_on() {
    let report = report(vec![leg("tests", "false"), leg("doctests", "true")]);
    assert_eq!(kinds(&report), "fp");
    assert!(!report.is_success(Skips::Allowed));
}

#[test]
fn a_skipped_leg_is_a_failure_where_none_may_be_skipped() {
    let skip = Leg::new("server", Work::Skip("no network".to_owned()));
    let report = report(vec![skip, leg("tests", "true")]);
    assert_eq!(kinds(&report), "sp");
    assert!(report.is_success(Skips::Allowed));
    assert!(!report.is_success(Skips::Refused));
}

#[test]
fn a_server_that_is_there_is_a_leg_that_ran() {
    let ready = Leg::new("server", Work::Ready("version 10".to_owned()));
    let report = report(vec![ready]);
    assert_eq!(kinds(&report), "r");
    assert!(report.is_success(Skips::Refused));
}

#[test]
fn tests_that_select_nothing_are_skipped_and_not_passed() {
    let selected = |script: &str| {
        let mut command = Command::new("sh");
        command.args(["-c", script, "sh"]);
        Leg::new(script, Work::Selected(command))
    };
    let report = report(vec![
        selected("echo 'shared::a_mysql_lock: test'"),
        selected("echo 'bench: benchmark'"),
        selected("exit 1"),
    ]);
    assert_eq!(kinds(&report), "psf");
}

#[test]
fn the_closing_words_tell_the_outcomes_apart() {
    assert_eq!(Outcome::Passed(Duration::from_millis(2_340)).to_string(), "run (2.3 s)");
    assert_eq!(Outcome::Failed(SECOND).to_string(), "run (1.0 s), FAILED");
    assert_eq!(Outcome::Ready("version 10".to_owned()).to_string(), "run (version 10)");
    assert_eq!(Outcome::Skipped("no server".to_owned()).to_string(), "skipped (no server)");
}
