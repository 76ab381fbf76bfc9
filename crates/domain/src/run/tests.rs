//! Tests of `run`.

use super::{RunCounts, RunEnd, RunId, RunStatus, StopCause};

fn status(counts: RunCounts, stopped: Option<StopCause>) -> RunStatus {
    let stopped = stopped.map(|cause| (cause, String::new()));
    RunEnd { run: RunId(1), counts, stopped, duration_ms: 0 }.status()
}

#[test]
fn a_run_is_completed_only_without_rejected_doubtful_blocked_or_alarming_invoices() {
    let clean =
        RunCounts { claimed: 3, posted: 2, not_sent: 1, adopted: 1, ..RunCounts::default() };
    assert_eq!(status(clean, None), RunStatus::Completed);
    let flaws: [fn(&mut RunCounts); 4] = [
        |counts| counts.rejected = 1,
        |counts| counts.in_doubt = 1,
        |counts| counts.blocked = 1,
        |counts| counts.needs_human = 1,
    ];
    for flaw in flaws {
        let mut counts = clean;
        flaw(&mut counts);
        assert_eq!(status(counts, None), RunStatus::CompletedWithErrors);
    }
    let all = RunCounts { rejected: 1, in_doubt: 1, blocked: 1, needs_human: 1, ..clean };
    assert_eq!(status(all, None), RunStatus::CompletedWithErrors);
}

#[test]
fn what_stopped_a_run_is_its_status() {
    let counts = RunCounts { in_doubt: 1, ..RunCounts::default() };
    let of = |cause| status(counts, Some(cause));
    assert_eq!(of(StopCause::LockLost), RunStatus::LockLost);
    assert_eq!(of(StopCause::Cancelled), RunStatus::Cancelled);
    assert_eq!(of(StopCause::Alarm), RunStatus::CompletedWithErrors);
    for cause in [
        StopCause::DatabaseUnavailable,
        StopCause::NotAuthorised,
        StopCause::OtherServer,
        StopCause::LedgerUnavailable,
        StopCause::Unexpected,
    ] {
        assert_eq!(of(cause), RunStatus::Failed, "{cause:?}");
    }
}
