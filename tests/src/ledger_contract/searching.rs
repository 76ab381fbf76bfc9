//! What searching, reading and reaching promise.

use postonce_adapter_myob::Layout;
use postonce_domain::{InvoiceNumber, LedgerUid, Marker, Outcome, SearchKey};
use postonce_ports::ledger::Ledger;
use serde_json::json;

use super::world::{World, file, invoice, marker};

fn by_number(number: &str) -> SearchKey {
    SearchKey::Number(InvoiceNumber::parse(number).unwrap())
}

fn uid(outcome: &Outcome) -> LedgerUid {
    match outcome {
        Outcome::Posted { uid } => uid.clone(),
        Outcome::Rejected { .. } | Outcome::NotSent { .. } | Outcome::InDoubt { .. } => {
            panic!("posted: {outcome}")
        }
    }
}

#[tokio::test]
async fn a_posted_invoice_is_found_by_number_and_by_reference() {
    for layout in [Layout::Service, Layout::Item] {
        let world = World::with(0, |options| options.layout = layout).await;
        let (invoice, marker) = (invoice("INV-1"), marker());
        let request = world.ledger.prepare(&invoice, marker).await.unwrap();
        let uid = uid(&world.ledger.post(world.claim(request)).await);
        let reference = SearchKey::Reference(invoice.parts().external_id.clone());
        for key in [by_number("INV-1"), by_number("inv-1"), reference] {
            let found = world.ledger.search(&file(), &key).await.unwrap();
            let [document] = found.as_slice() else { panic!("one document: {found:?}") };
            assert_eq!(document.uid, uid);
            assert_eq!(Marker::find(&document.memo), Some(marker), "{document:?}");
            assert_eq!(document.reference, invoice.parts().external_id.as_str());
            assert_eq!(document.customer, "C-1");
            assert_eq!(document.total, Some(invoice.total()));
        }
        assert_eq!(world.ledger.search(&file(), &by_number("INV-2")).await.unwrap(), []);
    }
}

#[tokio::test]
async fn a_total_is_compared_without_tax_where_the_invoice_is() {
    let world = World::new().await;
    let parts = super::world::parts("INV-1");
    let parts = postonce_domain::InvoiceParts { tax_inclusive: false, ..parts };
    let invoice = postonce_domain::Invoice::new(parts).unwrap();
    world.post(&invoice).await;
    let found = world.ledger.search(&file(), &by_number("INV-1")).await.unwrap();
    assert_eq!(found.first().and_then(|found| found.total), Some(invoice.total()));
}

#[tokio::test]
async fn a_padded_number_is_found() {
    let world = World::new().await;
    world.post(&invoice("42")).await;
    let listed = world.ledger.search(&file(), &by_number("42")).await.unwrap();
    let customer = listed.first().map(|found| found.customer.clone());
    assert_eq!(customer.as_deref(), Some("C-1"));
    world.create_padded("00000042").await;
    assert_eq!(world.ledger.search(&file(), &by_number("42")).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_search_reads_every_page() {
    let world = World::new().await;
    let request = world.prepared(&invoice("INV-1")).await;
    // One more than MYOB shows on a page.
    for _ in 0..401 {
        world.ledger.post(world.claim(request.clone())).await;
    }
    let found = world.ledger.search(&file(), &by_number("INV-1")).await.unwrap();
    assert_eq!(found.len(), 401);
}

#[tokio::test]
async fn a_search_that_keeps_failing_is_an_error() {
    let world = World::new().await;
    world.post(&invoice("INV-1")).await;
    world.fault(json!({"action": "search_error", "times": 0})).await;
    assert!(world.ledger.search(&file(), &by_number("INV-1")).await.is_err());
}

#[tokio::test]
async fn a_search_that_fails_once_is_asked_again() {
    let world = World::new().await;
    world.post(&invoice("INV-1")).await;
    world.fault(json!({"action": "search_error"})).await;
    assert_eq!(world.ledger.search(&file(), &by_number("INV-1")).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_document_is_there_until_it_is_deleted() {
    let world = World::new().await;
    let uid = uid(&world.post(&invoice("INV-1")).await);
    let document = world.ledger.document(&file(), &uid).await.unwrap().unwrap();
    assert_eq!((document.number.as_str(), &document.uid), ("INV-1", &uid));
    world.delete(&format!("Sale/Invoice/Service/{uid}")).await;
    assert_eq!(world.ledger.document(&file(), &uid).await.unwrap(), None);
}

#[tokio::test]
async fn a_file_that_answers_is_reached_and_one_that_does_not_is_not() {
    let world = World::new().await;
    world.ledger.reach(&file()).await.unwrap();
    let denied = json!({
        "match": {"method": "GET", "company_file": "main"}, "action": "access_denied",
    });
    world.fault(denied).await;
    assert!(world.ledger.reach(&file()).await.is_err());
}
