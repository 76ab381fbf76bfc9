use postonce_domain::{RunId, StateName, Trigger};
use postonce_ports::lock::RunHolder;
use serde_json::{json, to_value};

use super::*;

fn holder() -> Holder {
    Holder::Run(RunHolder {
        run: RunId(7),
        trigger: Trigger::Manual,
        actor: "lin".to_owned(),
        host: "h".to_owned(),
        pid: 9,
        since: "2026-07-01T10:00:00Z".parse().unwrap(),
        done: 1,
        total: 2,
        connection_id: None,
    })
}

#[test]
fn a_skipped_run_names_its_holder_and_counts_nothing() {
    let holder = holder();
    assert_eq!(
        to_value(SyncJson::skipped(Some(&holder), 5)).unwrap(),
        json!({
            "status": "skipped", "run_id": null, "claimed": 0, "posted": 0, "rejected": 0,
            "not_sent": 0, "in_doubt": 0, "blocked": 0, "duration_ms": 5,
            "holder": {
                "run_id": 7, "trigger": "manual", "actor": "lin", "host": "h", "pid": 9,
                "since": "2026-07-01T10:00:00Z", "done": 1, "total": 2, "connection_id": null,
            },
        })
    );
}

#[test]
fn a_run_tells_its_counts() {
    let counts = RunCounts {
        claimed: 4,
        posted: 1,
        rejected: 1,
        not_sent: 1,
        in_doubt: 1,
        blocked: 2,
        ..RunCounts::default()
    };
    let end = RunEnd { run: RunId(3), counts, stopped: None, duration_ms: 12 };
    assert_eq!(
        to_value(SyncJson::ran(&end)).unwrap(),
        json!({
            "status": "ran", "run_id": 3, "claimed": 4, "posted": 1, "rejected": 1,
            "not_sent": 1, "in_doubt": 1, "blocked": 2, "duration_ms": 12, "holder": null,
        })
    );
}

#[test]
fn every_state_is_counted_by_name() {
    let by_state = StateName::ALL.map(|state| (state, 1)).to_vec();
    let counts = CountsJson(StateCounts { by_state, held: 2 });
    assert_eq!(
        to_value(counts).unwrap(),
        json!({
            "draft": 1, "ready": 1, "blocked": 1, "claimed": 1, "posted": 1, "rejected": 1,
            "in_doubt": 1, "needs_human": 1, "forgotten": 1, "held": 2,
        })
    );
}
