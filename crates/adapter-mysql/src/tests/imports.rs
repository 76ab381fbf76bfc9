//! Many invoices at once.

use diesel_async::SimpleAsyncConnection as _;
use postonce_ports::intake::{ImportProblem, ImportRefusal, Imported, Intake};
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_that_another_application_overtakes_begins_anew() {
    let scene = Scene::new().await;
    let mut other = scene.raw().await;
    other.batch_execute("START TRANSACTION").await.unwrap();
    let insert = "INSERT INTO postonce_invoice (company_file, side, external_id, number, \
        invoice_date, customer_code, customer_name, tax_inclusive, line_count, total_minor) \
        VALUES ('shop', 'platform', 'order 9', 'INV-1', '2026-03-01', 'CUS1', 'Bob', 1, 0, 0)";
    other.batch_execute(insert).await.unwrap();
    let store = scene.store.clone();
    let importing = tokio::spawn(async move { store.import(vec![invoice(1)]).await });
    scene.until_waiting("INSERT INTO `postonce_invoice`").await;
    other.batch_execute("COMMIT").await.unwrap();
    let imported = importing.await.unwrap().unwrap();
    // What had been read as free is taken, and that is the answer, not an error.
    let problem = ImportProblem::NumberTaken { other: "order 9".to_owned() };
    assert_eq!(imported, Imported::Refused(vec![ImportRefusal { index: 0, problem }]));
    assert_eq!(scene.store.retries(), 1);
    scene.end().await;
}
