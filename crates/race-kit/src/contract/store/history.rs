//! The runs that were.

use postonce_domain::{RunCounts, RunId, RunStatus};
use postonce_ports::history::{Run, RunHistory};

use crate::contract::StoreFixture;
use crate::contract::scene::new_run;

const COUNTS: RunCounts = RunCounts {
    claimed: 10,
    posted: 4,
    rejected: 3,
    not_sent: 2,
    in_doubt: 1,
    blocked: 5,
    needs_human: 6,
    adopted: 7,
};

async fn run(store: &impl RunHistory, id: RunId) -> Run {
    store.runs(100).await.unwrap().into_iter().find(|run| run.id == id).unwrap()
}

pub async fn a_run_that_starts_abandons_those_before(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let mut new = new_run("a");
    new.connection_id = Some(17);
    let first = store.start(new.clone()).await.unwrap();
    let started = run(&store, first).await;
    assert_eq!(
        (started.new, started.status),
        (new, RunStatus::Running),
        "a run is `running`, and what it started as is kept"
    );
    assert_eq!(
        (started.counts, started.done, started.total),
        (RunCounts::default(), 0, 0),
        "it has done nothing yet"
    );
    assert_eq!(
        (started.ended_at, started.reason.as_str()),
        (None, ""),
        "it is not over, and nothing stopped it"
    );
    let second = store.start(new_run("b")).await.unwrap();
    let first = run(&store, first).await;
    assert_eq!(
        (first.status, first.ended_at.is_some()),
        (RunStatus::Abandoned, true),
        "whoever was still running is gone, and its row is closed"
    );
    assert_eq!(
        run(&store, second).await.status,
        RunStatus::Running,
        "the new run is the one that runs"
    );
}

pub async fn progress_is_seen_while_a_run_goes_on(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let id = store.start(new_run("a")).await.unwrap();
    store.progress(id, COUNTS, 12, 34).await.unwrap();
    let now = run(&store, id).await;
    assert_eq!(
        (now.counts, now.done, now.total),
        (COUNTS, 12, 34),
        "counts and progress are seen at once"
    );
    assert_eq!(now.status, RunStatus::Running, "progress does not close a run");
}

pub async fn a_run_is_closed_once(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let id = store.start(new_run("a")).await.unwrap();
    store.progress(id, RunCounts::default(), 1, 2).await.unwrap();
    store.finish(id, RunStatus::Failed, COUNTS, "the ledger is down").await.unwrap();
    let closed = run(&store, id).await;
    assert_eq!((closed.status, closed.counts), (RunStatus::Failed, COUNTS), "its end is kept");
    assert_eq!(closed.reason, "the ledger is down", "the reason is kept");
    assert!(closed.ended_at.is_some(), "it is over");
    assert_eq!((closed.done, closed.total), (1, 2), "the progress stays as it was");
    store.finish(id, RunStatus::Completed, RunCounts::default(), "").await.unwrap();
    assert_eq!(run(&store, id).await, closed, "a closed row stays as it is");

    let abandoned = store.start(new_run("b")).await.unwrap();
    store.start(new_run("c")).await.unwrap();
    let before = run(&store, abandoned).await;
    store.finish(abandoned, RunStatus::Completed, COUNTS, "").await.unwrap();
    assert_eq!(run(&store, abandoned).await, before, "an abandoned row stays as it is");
}

pub async fn progress_of_a_run_that_is_over_is_not_written(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let id = store.start(new_run("a")).await.unwrap();
    store.finish(id, RunStatus::Completed, RunCounts::default(), "").await.unwrap();
    let abandoned = store.start(new_run("b")).await.unwrap();
    store.start(new_run("c")).await.unwrap();
    for id in [id, abandoned] {
        let before = run(&store, id).await;
        store.progress(id, COUNTS, 12, 34).await.unwrap();
        assert_eq!(run(&store, id).await, before, "a run that is over makes no progress");
    }
}

pub async fn runs_are_listed_newest_first(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let mut ids = Vec::new();
    for owner in ["a", "b", "c"] {
        ids.push(store.start(new_run(owner)).await.unwrap());
    }
    assert!(ids.is_sorted(), "ids of runs rise");
    let newest: Vec<_> = store.runs(2).await.unwrap().into_iter().map(|run| run.id).collect();
    assert_eq!(newest, [ids[2], ids[1]], "the newest are listed, newest first");
}
