//! Many invoices at once.

use postonce_ports::intake::{Imported, Intake};
use postonce_ports::reader::InvoiceReader;

use super::{Scene, invoice};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_are_imported_and_known_again() {
    let scene = Scene::new().await;
    let all: Vec<_> = (1..=3_000).map(invoice).collect();
    let done = scene.store.import(all.clone()).await.unwrap();
    assert_eq!(done, Imported::Done { created: 3_000, replaced: 0, unchanged: 0 });
    let lines = "SELECT count(*) FROM postonce_invoice_line";
    assert_eq!(scene.number(lines).await, 6_000);
    let again = scene.store.import(all).await.unwrap();
    assert_eq!(again, Imported::Done { created: 0, replaced: 0, unchanged: 3_000 });
    assert_eq!(scene.number(lines).await, 6_000);
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn imports_of_the_same_invoices_at_once_take_each_once() {
    let scene = Scene::new().await;
    let import = |from: u32| {
        let store = scene.store.clone();
        tokio::spawn(async move { store.import((from..from + 600).map(invoice).collect()).await })
    };
    let all = futures::future::join_all([import(1), import(1), import(301), import(301)]).await;
    let mut created_in_all = 0;
    for imported in all {
        let Imported::Done { created, replaced: 0, unchanged } = imported.unwrap().unwrap() else {
            panic!("refused")
        };
        assert_eq!(created + unchanged, 600);
        created_in_all += created;
    }
    assert_eq!(created_in_all, 900);
    let counts = scene.store.counts().await.unwrap();
    assert_eq!(counts.by_state.iter().map(|(_, count)| count).sum::<u64>(), 900);
    scene.end().await;
}
