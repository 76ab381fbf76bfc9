//! What searching, reading and reaching promise.

use postonce_domain::{InvoiceNumber, SearchKey};
use postonce_ports::ledger::Ledger;
use serde_json::json;

use super::world::{World, file, invoice};

fn by_number(number: &str) -> SearchKey {
    SearchKey::Number(InvoiceNumber::parse(number).unwrap())
}

#[tokio::test]
async fn a_number_is_found_whatever_its_case() {
    let world = World::new().await;
    world.post(&invoice("INV-1")).await;
    let found = world.ledger.search(&file(), &by_number("inv-1")).await.unwrap();
    assert_eq!(found.len(), 1);
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
async fn a_search_that_fails_once_is_asked_again() {
    let world = World::new().await;
    world.post(&invoice("INV-1")).await;
    world.fault(json!({"action": "search_error"})).await;
    assert_eq!(world.ledger.search(&file(), &by_number("INV-1")).await.unwrap().len(), 1);
}
