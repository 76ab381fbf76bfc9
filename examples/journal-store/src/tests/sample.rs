//! An invoice, and what is done with it.

use std::time::Duration;

use postonce_domain::{
    ClaimId, CompanyFile, Customer, CustomerCode, Epoch, ExternalId, Invoice, InvoiceId,
    InvoiceNumber, InvoiceParts, Line, Marker, Money, NotAfter, Percent, PreparedRequest, Quantity,
    RunId, Side, TaxCode, UnitPrice, Version,
};
use postonce_ports::clock::Ids as _;
use postonce_ports::lock::{LockAnswer, RunLock};
use postonce_ports::store::{ClaimAnswer, ClaimRequest, InvoiceStore as _};
use postonce_race_kit::contract::{self, FreshIds};

use crate::JournalStore;

pub(super) fn shop() -> CompanyFile {
    CompanyFile::parse("shop").unwrap()
}

/// The invoice of a number.
pub(super) fn invoice(number: &str) -> Invoice {
    Invoice::new(InvoiceParts {
        company_file: shop(),
        side: Side::Platform,
        external_id: ExternalId::parse(&format!("id of {number}")).unwrap(),
        number: InvoiceNumber::parse(number).unwrap(),
        date: jiff::civil::date(2026, 3, 1),
        customer: Customer {
            code: CustomerCode::parse("C-1").unwrap(),
            name: "Ada".to_owned(),
            email: String::new(),
        },
        lines: vec![Line {
            number: 1,
            item: None,
            description: "a line,\nand its end".to_owned(),
            quantity: Quantity::parse("2").unwrap(),
            unit_price: UnitPrice::parse("1.5").unwrap(),
            discount: Percent::default(),
            tax_code: TaxCode::parse("GST").unwrap(),
        }],
        freight: Money::ZERO,
        tax_inclusive: true,
        memo: String::new(),
    })
    .unwrap()
}

/// A store with one ready invoice, and the epoch of its company file.
pub(super) async fn filled(store: &JournalStore) -> (InvoiceId, Epoch) {
    let ids = contract::put(store, vec![invoice("A-1")]).await;
    let LockAnswer::Acquired(lock) = store.try_acquire().await.unwrap() else {
        panic!("nobody has the lock");
    };
    (ids[0], lock.raise_epoch(&shop()).await.unwrap())
}

/// The wish to send a new invoice.
pub(super) async fn wish(store: &JournalStore, invoice: InvoiceId, epoch: Epoch) -> ClaimRequest {
    let installation = store.installation().await.unwrap();
    let claim = FreshIds.claim_id();
    ClaimRequest {
        invoice,
        version: Version(1),
        epoch,
        run: RunId(1),
        request: PreparedRequest {
            company_file: shop(),
            marker: Marker { installation, claim },
            number: InvoiceNumber::parse("A-1").unwrap(),
            reference: ExternalId::parse("id of A-1").unwrap(),
            customer: CustomerCode::parse("C-1").unwrap(),
            route: "/sale".to_owned(),
            payload: "{\"a\": \"line\nwith an end\"}".to_owned(),
        },
        not_after: NotAfter { boot: Duration::MAX, wall: jiff::Timestamp::MAX },
        quiet: Duration::from_secs(300),
    }
}

/// The claim of that wish.
pub(super) async fn claimed(store: &JournalStore, wish: ClaimRequest) -> ClaimId {
    let answer = store.claim(wish).await.unwrap();
    let ClaimAnswer::Claimed(token) = answer else { panic!("not claimed: {answer:?}") };
    token.id()
}
