//! What preparing and checking promise.

use postonce_adapter_myob::{Layout, Missing};
use postonce_domain::{
    BlockCode, Customer, CustomerCode, Invoice, InvoiceParts, ItemCode, Line, Outcome,
};
use postonce_ports::ledger::{Ledger, PrepareError};
use serde_json::json;

use super::world::{World, invoice, line, marker, parts};

#[tokio::test]
async fn prepared_requests_keep_to_the_rate() {
    // More requests than the sandbox takes at a stroke.
    let world = World::in_real_time(20, |options| options.rate_per_second = 20).await;
    for number in 1..=26 {
        let outcome = world.post(&invoice(&format!("INV-{number}"))).await;
        assert!(matches!(outcome, Outcome::Posted { .. }), "{outcome}");
    }
}

fn stranger() -> Invoice {
    let code = CustomerCode::parse("C-2").unwrap();
    let customer = Customer { code, ..parts("INV-1").customer };
    Invoice::new(InvoiceParts { customer, ..parts("INV-1") }).unwrap()
}

async fn code(world: &World, invoice: &Invoice) -> Option<BlockCode> {
    let code = |error| match error {
        PrepareError::Blocked(reason) => Some(reason.code),
        PrepareError::Ledger(_) => None,
    };
    let checked = world.ledger.check(invoice).await.err().and_then(code);
    let prepared = world.ledger.prepare(invoice, marker()).await.err().and_then(code);
    assert_eq!(checked, prepared, "a check says what would block");
    checked
}

#[tokio::test]
async fn a_check_creates_nothing_that_preparing_would_create() {
    let create = |options: &mut postonce_adapter_myob::Options| {
        options.missing_customer = Missing::Create;
    };
    let world = World::with(0, create).await;
    let posts = async || {
        let requests = world.control("requests").await;
        let is_post = |path: &str| path.ends_with("/Contact/Customer");
        let requests = requests.as_array().unwrap().clone();
        requests
            .iter()
            .filter(|request| {
                request["method"] == "POST" && is_post(request["path"].as_str().unwrap())
            })
            .count()
    };
    let before = posts().await;
    world.ledger.check(&stranger()).await.unwrap();
    assert_eq!(posts().await, before);
    assert!(matches!(world.post(&stranger()).await, Outcome::Posted { .. }));
    world.prepared(&stranger()).await;
    assert_eq!(posts().await, before + 1);
}

#[tokio::test]
async fn an_invoice_by_items_is_posted_with_and_without_them() {
    let world = World::with(0, |options| options.layout = Layout::Item).await;
    let item = Line { item: Some(ItemCode::parse("W-1").unwrap()), ..line() };
    let text = Line { number: 2, ..line() };
    let lines = vec![item, text];
    let mixed = Invoice::new(InvoiceParts {
        lines,
        freight: postonce_domain::Money::ZERO,
        ..parts("INV-1")
    });
    let mixed = mixed.unwrap();
    assert_eq!(code(&world, &mixed).await, Some(BlockCode::ItemMissing));
    let widget = json!({"Number": "W-1", "Name": "Widget", "IsSold": true});
    world.create("Inventory/Item", widget).await;
    world.clock.forward(std::time::Duration::from_secs(10));
    let outcome = world.post(&mixed).await;
    assert!(matches!(outcome, Outcome::Posted { .. }), "{outcome}");
    assert_eq!(world.books().await[0]["total"], mixed.total().to_string());
}
