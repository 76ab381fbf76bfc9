//! Every statement on a run's way finds its rows by an index: none reads a whole table, however
//! many invoices were ever posted.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use diesel::connection::{Connection, InstrumentationEvent};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use postonce_domain::{Epoch, Guard, Move, NoteKind, RunCounts, RunId, RunStatus, Trigger};
use postonce_ports::doubt::{DoubtStore, Miss};
use postonce_ports::history::{NewRun, RunHistory};
use postonce_ports::intake::Intake;
use postonce_ports::lock::RunLock;
use postonce_ports::reader::InvoiceReader;
use postonce_ports::store::{Change, InvoiceStore, Note, Page, Wanted};

use super::{Scene, doubt, invoice, posted_as, shop};
use crate::connection::AsyncSqlite;

type Statements = Arc<Mutex<Vec<String>>>;

async fn listen(conn: &tokio::sync::Mutex<AsyncSqlite>, heard: &Statements) {
    let heard = heard.clone();
    let mut conn = conn.lock().await;
    let listening = conn.spawn_blocking(move |conn| {
        conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::StartQuery { query, .. } = event {
                let text = query.to_string();
                let text = text.split(" -- binds").next().unwrap_or_default();
                heard.lock().unwrap().push(text.to_owned());
            }
        });
        Ok(())
    });
    listening.await.unwrap();
}

#[derive(QueryableByName)]
struct PlanRow {
    #[diesel(sql_type = Text)]
    detail: String,
    #[diesel(sql_type = BigInt)]
    #[expect(dead_code, reason = "the plan has it")]
    id: i64,
}

/// All that a run, an inquiry and a person do to invoices.
async fn everything(scene: &Scene) {
    let store = &scene.store;
    scene.settled(1, &posted_as("u")).await;
    let (id, claim) = scene.settled(2, &doubt()).await;
    scene.claimed(3).await;
    store.import(vec![invoice(1)]).await.map(drop).unwrap();
    for wanted in [Wanted::Ready, Wanted::ReadyOrBlocked, Wanted::NeverClaimed] {
        let page = Page { company_file: shop(), after: Some(id), wanted, limit: 10 };
        store.page(page).await.unwrap();
    }
    store.files_with_work().await.unwrap();
    store.due(&shop()).await.unwrap();
    store.doubtful().await.unwrap();
    store.owners(&shop(), &[claim], &[]).await.unwrap();
    store.probe(&shop(), claim).await.unwrap();
    let next_check = Duration::ZERO;
    let dossier = store.dossier(id).await.unwrap().unwrap();
    let (version, begun) = (dossier.stored.life.version, dossier.read_at);
    let recheck = Duration::ZERO;
    let miss = Miss { claim, version, begun, probed: true, recheck, next_check };
    store.record_miss(miss).await.map(drop).unwrap();
    let text = "because".to_owned();
    let note = Note { kind: NoteKind::Person, claim: None, actor: "grace".to_owned(), text };
    let (guard, wanted) = (Guard::Claim(claim), Move::ResolveAbsent);
    store.apply(Change { invoice: id, guard, wanted, note }).await.map(drop).unwrap();
    store.sweep(&shop(), Epoch(9)).await.unwrap();
    store.open_claims(RunId(1)).await.unwrap();
    store.notes(Some(id), 0, 10).await.unwrap();
    let new = NewRun {
        trigger: Trigger::Manual,
        actor: "grace".to_owned(),
        host: String::new(),
        pid: 1,
        boot_id: String::new(),
        lock_owner: "o".to_owned(),
        connection_id: None,
    };
    let run = store.start(new).await.unwrap();
    store.progress(run, RunCounts::default(), 1, 2).await.unwrap();
    store.finish(run, RunStatus::Completed, RunCounts::default(), "").await.unwrap();
    let postonce_ports::lock::LockAnswer::Acquired(lock) = store.try_acquire().await.unwrap()
    else {
        panic!("busy")
    };
    lock.raise_epoch(&shop()).await.unwrap();
    store.state().await.unwrap();
}

/// Reading a partial index from end to end costs what is in it, and that is what is asked for.
const WHOLE: [&str; 3] =
    ["postonce_invoice_open", "postonce_sync_run_running", "postonce_claim_check"];

#[tokio::test]
async fn no_statement_of_a_run_reads_a_whole_table() {
    let scene = Scene::new();
    let heard = Statements::default();
    listen(&scene.store.inner.writer, &heard).await;
    for reader in &scene.store.inner.readers {
        listen(reader, &heard).await;
    }
    everything(&scene).await;
    let mut statements = heard.lock().unwrap().clone();
    statements
        .retain(|it| !matches!(it.as_str(), "BEGIN" | "BEGIN IMMEDIATE" | "COMMIT" | "ROLLBACK"));
    statements.sort();
    statements.dedup();
    assert!(statements.len() > 40, "{statements:#?}");
    let mut conn = scene.raw();
    for statement in statements {
        let explain = format!("EXPLAIN QUERY PLAN {statement}");
        let plan: Vec<PlanRow> = diesel::sql_query(explain).load(&mut conn).unwrap();
        for PlanRow { detail, .. } in plan {
            let scan = detail.starts_with("SCAN postonce_");
            let one_row = ["postonce_installation", "postonce_sync_lock"]
                .iter()
                .any(|table| detail.contains(table));
            let allowed = one_row || WHOLE.iter().any(|index| detail.contains(index));
            assert!(!scan || allowed, "{detail}: {statement}");
        }
    }
}

#[tokio::test]
async fn windows_use_the_partial_indexes() {
    let scene = Scene::new();
    let heard = Statements::default();
    for reader in &scene.store.inner.readers {
        listen(reader, &heard).await;
    }
    for (wanted, index) in [
        (Wanted::Ready, "postonce_invoice_ready"),
        (Wanted::ReadyOrBlocked, "postonce_invoice_waiting"),
        (Wanted::NeverClaimed, "postonce_invoice_never_claimed"),
    ] {
        heard.lock().unwrap().clear();
        let page = Page { company_file: shop(), after: None, wanted, limit: 10 };
        scene.store.page(page).await.unwrap();
        let statements = heard.lock().unwrap().clone();
        let page = statements.iter().find(|it| it.contains("LIMIT ?")).unwrap();
        let explain = format!("EXPLAIN QUERY PLAN {page}");
        let plan: Vec<PlanRow> = diesel::sql_query(explain).load(&mut scene.raw()).unwrap();
        let details: Vec<_> = plan.iter().map(|row| row.detail.as_str()).collect();
        assert!(details.iter().any(|it| it.contains(index)), "{details:?}");
        assert!(!details.iter().any(|it| it.contains("TEMP B-TREE")), "{details:?}");
    }
}
