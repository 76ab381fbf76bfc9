//! MYOB's adapter and the sandbox, as the contract suite wants them.

use std::sync::Arc;

use postonce_adapter_myob::Layout;
use postonce_domain::{
    BlockCode, Customer, CustomerCode, Invoice, InvoiceParts, LedgerUid, Line, Money, TaxCode,
};
use postonce_ports::clock::Clock;
use postonce_ports::ledger::Ledger;
use postonce_race_kit::contract::{Booked, Fixture, LedgerFixture, NextPost, Received};
use serde_json::{Value, json};

use super::world::{self, World, line, parts};
use crate::store_contract::fixture::Tokio;

/// Invoices of the Item layout or of the Service layout.
pub(super) struct Myob<const BY_ITEM: bool>(World);

impl<const BY_ITEM: bool> Fixture for Myob<BY_ITEM> {
    type Adapter = Arc<dyn Ledger>;
    type Runtime = Tokio;

    async fn new() -> Self {
        let layout = if BY_ITEM { Layout::Item } else { Layout::Service };
        Self(World::with(0, |options| options.layout = layout).await)
    }

    fn adapter(&self) -> Arc<dyn Ledger> {
        self.0.ledger.clone()
    }

    fn other(&self) -> Arc<dyn Ledger> {
        self.0.other.clone()
    }
}

impl<const BY_ITEM: bool> LedgerFixture for Myob<BY_ITEM> {
    /// One more than MYOB shows on a page.
    const SAME_NUMBER: u32 = 401;

    fn clock(&self) -> Arc<dyn Clock> {
        self.0.clock.clone()
    }

    fn invoice(&self, number: &str) -> Invoice {
        world::invoice(number)
    }

    fn blocked(&self) -> Vec<(Invoice, BlockCode)> {
        blocked()
    }

    async fn next_post(&self, next: NextPost) {
        self.0.fault(json!({"action": action(next)})).await;
    }

    async fn received(&self) -> Received {
        received(&self.0.control("requests").await)
    }

    async fn books(&self) -> Vec<Booked> {
        self.0.books().await.iter().map(booked).collect()
    }

    async fn delete(&self, uid: &LedgerUid) {
        let folder = if BY_ITEM { "Item" } else { "Service" };
        self.0.delete(&format!("Sale/Invoice/{folder}/{uid}")).await;
    }

    async fn fail_searches(&self) {
        self.0.fault(json!({"action": "search_error", "times": 0})).await;
    }

    async fn close(&self) {
        let all = json!({"method": "GET", "company_file": "main"});
        let closed = json!({"match": all, "action": "access_denied", "times": 0});
        self.0.fault(closed).await;
    }
}

/// One whose customer and one whose tax code nobody knows.
fn blocked() -> Vec<(Invoice, BlockCode)> {
    let code = CustomerCode::parse("C-2").unwrap();
    let customer = Customer { code, ..parts("INV-8").customer };
    let stranger = InvoiceParts { customer, ..parts("INV-8") };
    let taxed = Line { tax_code: TaxCode::parse("XXX").unwrap(), ..line() };
    let taxed = InvoiceParts { lines: vec![taxed], ..parts("INV-9") };
    vec![
        (Invoice::new(stranger).unwrap(), BlockCode::CustomerMissing),
        (Invoice::new(taxed).unwrap(), BlockCode::TaxCodeMissing),
    ]
}

/// The sandbox's name for it.
fn action(next: NextPost) -> &'static str {
    match next {
        NextPost::Lost => "drop",
        NextPost::LostAfterBooking => "commit_then_drop",
        NextPost::CutShort => "truncate_body",
        NextPost::Failed => "error_500",
        NextPost::FailedAfterBooking => "error_500_committed",
        NextPost::Refused => "reject",
        NextPost::Unauthorised => "unauthorised",
    }
}

fn received(requests: &Value) -> Received {
    let mut received = Received::default();
    for request in requests.as_array().unwrap() {
        let path = request["path"].as_str().unwrap();
        let changes = request["method"] != "GET" && !path.starts_with("/oauth2/");
        received.requests += 1;
        received.changes += u64::from(changes);
        received.posts += u64::from(changes && path.contains("/Sale/"));
    }
    received
}

fn booked(invoice: &Value) -> Booked {
    let text = |key: &str| invoice[key].as_str().unwrap().to_owned();
    Booked {
        uid: LedgerUid::parse(&text("uid")).unwrap(),
        number: text("number"),
        reference: text("reference"),
        memo: text("memo"),
        total: Money::parse(&text("total")).unwrap(),
    }
}
