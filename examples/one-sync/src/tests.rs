//! The program against a sandbox of its own.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use postonce::domain::{
    CompanyFile, Customer, CustomerCode, ExternalId, Invoice, InvoiceNumber, InvoiceParts, Line,
    Money, Percent, Quantity, Side, StateName, TaxCode, UnitPrice,
};
use postonce::jiff::civil::date;
use postonce::ports::intake::{Imported, Intake as _};
use postonce::ports::reader::{Filter, InvoiceReader as _};
use postonce_myob_sandbox::{Options, Sandbox};

use super::*;

fn invoice() -> Invoice {
    Invoice::new(InvoiceParts {
        company_file: CompanyFile::parse("shop").unwrap(),
        side: Side::Ordering,
        external_id: ExternalId::parse("order 1").unwrap(),
        number: InvoiceNumber::parse("E-1").unwrap(),
        date: date(2026, 3, 1),
        customer: Customer {
            code: CustomerCode::parse("C-1").unwrap(),
            name: "Grace".to_owned(),
            email: String::new(),
        },
        lines: vec![Line {
            number: 1,
            item: None,
            description: "Freight to the pass".to_owned(),
            quantity: Quantity::parse("2").unwrap(),
            unit_price: UnitPrice::parse("19.95").unwrap(),
            discount: Percent::default(),
            tax_code: TaxCode::parse("GST").unwrap(),
        }],
        freight: Money::ZERO,
        tax_inclusive: true,
        memo: String::new(),
    })
    .unwrap()
}

#[tokio::test]
async fn an_invoice_of_the_database_is_posted_once() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::bind(Options {
        listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
        state: folder.path().join("sandbox"),
        rate_per_second: 0,
        latency: Duration::ZERO,
    });
    let sandbox = sandbox.await.unwrap();
    let base_url = format!("{}/accountright", sandbox.url());
    let serving = tokio::spawn(sandbox.serve(std::future::pending()));

    let path = folder.path().join("one.db");
    let store = Arc::new(SqliteStore::open(&path, &RandomIds).unwrap());
    let imported = store.import(vec![invoice()]).await.unwrap();
    assert!(matches!(imported, Imported::Done { created: 1, .. }), "{imported:?}");
    let first = sync(&store, &base_url).await.unwrap();
    assert!(first.contains("posted: 1"), "{first}");
    let second = sync(&store, &base_url).await.unwrap();
    assert!(second.contains("claimed: 0"), "{second}");

    let filter = Filter { limit: 10, ..Filter::default() };
    let listed = store.list(filter).await.unwrap();
    let states: Vec<StateName> = listed.iter().map(|invoice| invoice.state).collect();
    assert_eq!(states, [StateName::Posted]);
    serving.abort();
}
