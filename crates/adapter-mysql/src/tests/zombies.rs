//! The dead client's late statement: the server works on for a client that was killed while its
//! UPDATE waited, and the UPDATE is made afterwards. It must not count, for its COMMIT never came.

use diesel_async::{AsyncMysqlConnection, SimpleAsyncConnection as _};
use postonce_domain::{InvoiceId, StateName};
use postonce_ports::store::{InvoiceStore, Recorded};

use super::{Scene, posted_as, whole};
use crate::MysqlStore;

/// A session that has the invoice's row.
async fn blocker(scene: &Scene, id: InvoiceId) -> AsyncMysqlConnection {
    let mut blocker = scene.raw().await;
    blocker.batch_execute("START TRANSACTION").await.unwrap();
    let lock = format!("SELECT id FROM postonce_invoice WHERE id = {id} FOR UPDATE");
    blocker.batch_execute(&lock).await.unwrap();
    blocker
}

/// A process of its own, as far as its sessions go.
fn process(scene: &Scene) -> (tokio::runtime::Runtime, MysqlStore) {
    let options = scene.options.clone();
    let build = move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let store = runtime.block_on(MysqlStore::open(&options)).unwrap();
        (runtime, store)
    };
    std::thread::spawn(build).join().unwrap()
}

/// Starts `work` in a process of its own, and ends that in the middle of a statement that waits and
/// begins so: nothing of it runs any more, and its sockets are closed. Whether the statement waits
/// on; the server gives it 5 s, which a busy machine may have needed.
async fn orphan<F>(scene: &Scene, begins: &str, work: impl FnOnce(MysqlStore) -> F) -> bool
where
    F: Future<Output = ()> + Send + 'static,
{
    let (runtime, store) = process(scene);
    runtime.spawn(work(store));
    scene.until_waiting(begins).await;
    std::thread::spawn(move || drop(runtime)).join().unwrap();
    scene.number(&scene.waiting(begins)).await > 0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_late_update_of_a_dead_claimer_does_not_count() {
    let scene = Scene::new().await;
    let id = scene.ready(1).await;
    let mut blocker = blocker(&scene, id).await;
    let claim = loop {
        let wish = scene.wish(id).await;
        let claim = wish.request.marker.claim;
        let work = |store: MysqlStore| async move { drop(store.claim(wish).await) };
        if orphan(&scene, "UPDATE postonce_invoice", work).await {
            break claim;
        }
    };
    blocker.batch_execute("ROLLBACK").await.unwrap();
    drop(blocker);
    assert!(!scene.store.read_back(claim).await.unwrap());
    assert!(whole(&scene, id, claim).await);
    // Who comes next gets the row as it was before, as soon as the server is done with the dead.
    let other = scene.wish(id).await;
    let other_claim = other.request.marker.claim;
    scene.store.claim(other).await.map(drop).unwrap();
    assert!(scene.store.read_back(other_claim).await.unwrap());
    assert!(!scene.store.read_back(claim).await.unwrap());
    assert_eq!(scene.number("SELECT count(*) FROM postonce_claim").await, 1);
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_late_update_of_a_dead_settler_does_not_count() {
    let scene = Scene::new().await;
    let (id, claim) = scene.claimed(1).await;
    let mut blocker = blocker(&scene, id).await;
    let late = |store: MysqlStore| async move {
        drop(store.settle(claim, &posted_as("late")).await);
    };
    while !orphan(&scene, "SELECT i.id", late).await {}
    blocker.batch_execute("ROLLBACK").await.unwrap();
    drop(blocker);
    // The outcome that is recorded next is the first one.
    let recorded = scene.store.settle(claim, &posted_as("u1")).await.unwrap();
    assert_eq!(recorded, Recorded::Moved(StateName::Posted));
    let uid = "SELECT count(*) FROM postonce_invoice WHERE ledger_uid = 'u1'";
    assert_eq!(scene.number(uid).await, 1);
    let outcomes = "SELECT count(*) FROM postonce_invoice_note WHERE kind = 'outcome'";
    assert_eq!(scene.number(outcomes).await, 1);
    scene.end().await;
}
