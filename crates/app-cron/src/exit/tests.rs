use postonce_domain::{RunCounts, RunId};

use super::*;

fn end(stopped: Option<StopCause>, counts: RunCounts) -> RunEnd {
    let stopped = stopped.map(|cause| (cause, "why".to_owned()));
    RunEnd { run: RunId(1), counts, stopped, duration_ms: 1 }
}

#[test]
fn what_stopped_a_run_wins_over_what_became_of_its_invoices() {
    let all = RunCounts { rejected: 1, blocked: 1, in_doubt: 1, ..RunCounts::default() };
    for (cause, code) in [
        (StopCause::LockLost, 70),
        (StopCause::DatabaseUnavailable, 74),
        (StopCause::NotAuthorised, 77),
        (StopCause::LedgerUnavailable, 69),
        (StopCause::OtherServer, 78),
        (StopCause::Cancelled, 130),
        (StopCause::Alarm, 10),
    ] {
        assert_eq!(Exit::of_run(&end(Some(cause), all)).code(), code);
    }
}

#[test]
fn doubt_wins_over_refusal_and_refusal_over_success() {
    let code = |counts| Exit::of_run(&end(None, counts)).code();
    let none = RunCounts::default();
    assert_eq!(code(RunCounts { in_doubt: 1, rejected: 1, ..none }), 10);
    assert_eq!(code(RunCounts { needs_human: 1, blocked: 1, ..none }), 10);
    assert_eq!(code(RunCounts { rejected: 1, ..none }), 65);
    assert_eq!(code(RunCounts { blocked: 1, ..none }), 65);
    assert_eq!(code(RunCounts { posted: 3, not_sent: 1, ..none }), 0);
}

#[test]
fn of_several_results_the_gravest_is_told() {
    assert_eq!(Exit::Done.or_graver(Exit::DataRefused), Exit::DataRefused);
    assert_eq!(Exit::InDoubt.or_graver(Exit::DataRefused), Exit::InDoubt);
    assert_eq!(Exit::InDoubt.or_graver(Exit::LedgerUnavailable), Exit::LedgerUnavailable);
    assert_eq!(Exit::LedgerUnavailable.or_graver(Exit::LockLost), Exit::LockLost);
}

#[test]
fn a_cause_is_told_once() {
    let inner = std::io::Error::other("the disk is full");
    let error = StoreError::Unavailable {
        message: "cannot write a.db: the disk is full".to_owned(),
        source: Some(Box::new(inner)),
    };
    assert_eq!(chain(&error), "the database is unavailable: cannot write a.db: the disk is full");
}
