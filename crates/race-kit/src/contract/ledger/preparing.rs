//! Requests that are ready to go, and what keeps one from being built.

#![expect(missing_docs, reason = "a promise is called by its sentence")]

use postonce_domain::{BlockCode, Invoice, Marker, Outcome};
use postonce_ports::ledger::PrepareError;

use super::{LedgerFixture, marker, post, token};

pub async fn a_prepared_request_says_what_it_will_send(fixture: &impl LedgerFixture) {
    let (invoice, marker) = (fixture.invoice("INV-1"), marker());
    let request = fixture.adapter().prepare(&invoice, marker).await.unwrap();
    let parts = invoice.parts();
    assert_eq!(request.marker, marker, "the request carries the marker that it was given");
    assert_eq!(
        (request.company_file, request.number, request.reference, request.customer),
        (
            parts.company_file.clone(),
            parts.number.clone(),
            parts.external_id.clone(),
            parts.customer.code.clone()
        ),
        "what an inquiry will look for is what is sent"
    );
}

pub async fn a_prepared_request_posts_the_invoice_with_its_marker(fixture: &impl LedgerFixture) {
    let (invoice, marker) = (fixture.invoice("INV-1"), marker());
    let outcome = post(fixture, &invoice, marker).await;
    let books = fixture.books().await;
    let [booked] = books.as_slice() else { panic!("one invoice is booked: {books:?}") };
    assert_eq!(Marker::find(&booked.memo), Some(marker), "the document says whose it is");
    assert_eq!(booked.number, invoice.parts().number.as_str(), "the number is the invoice's");
    assert_eq!(
        booked.reference,
        invoice.parts().external_id.as_str(),
        "the reference is the platform's id"
    );
    assert_eq!(booked.total, invoice.total(), "the total is the invoice's");
    let is_told = matches!(&outcome, Outcome::Posted { uid } if *uid == booked.uid);
    assert!(is_told, "the outcome has the document's id {}: {outcome}", booked.uid);
}

pub async fn a_prepared_request_goes_out_at_once(fixture: &impl LedgerFixture) {
    let ledger = fixture.adapter();
    let request = ledger.prepare(&fixture.invoice("INV-1"), marker()).await.unwrap();
    let before = fixture.received().await;
    let outcome = ledger.post(token(fixture, request)).await.outcome;
    assert!(matches!(outcome, Outcome::Posted { .. }), "{outcome}");
    let after = fixture.received().await;
    let sent = (after.requests - before.requests, after.posts - before.posts);
    assert_eq!(sent, (1, 1), "posting is one request: the rest was done while preparing");
}

pub async fn preparing_posts_nothing_and_dropping_loses_nothing(fixture: &impl LedgerFixture) {
    let invoice = fixture.invoice("INV-1");
    drop(fixture.adapter().prepare(&invoice, marker()).await.unwrap());
    assert_eq!(fixture.received().await.posts, 0, "preparing posts nothing");
    let outcome = post(fixture, &invoice, marker()).await;
    assert!(matches!(outcome, Outcome::Posted { .. }), "a dropped request is in no way: {outcome}");
    assert_eq!(fixture.books().await.len(), 1, "the dropped request is not booked");
}

fn code(result: Result<(), PrepareError>) -> Option<BlockCode> {
    match result {
        Ok(()) => None,
        Err(PrepareError::Blocked(reason)) => Some(reason.code),
        Err(PrepareError::Ledger(error)) => panic!("the ledger answers: {error}"),
    }
}

pub async fn what_would_block_is_said_by_both(fixture: &impl LedgerFixture) {
    let ledger = fixture.adapter();
    let sendable = (fixture.invoice("INV-1"), None);
    let blocked = fixture.blocked().into_iter().map(|(invoice, code)| (invoice, Some(code)));
    for (invoice, expected) in blocked.chain([sendable]) {
        let checked = code(ledger.check(&invoice).await);
        assert_eq!(checked, expected, "`check` says what would block");
        let prepared = code(ledger.prepare(&invoice, marker()).await.map(drop));
        assert_eq!(prepared, expected, "`prepare` blocks for the reason that `check` gives");
    }
    assert_eq!(fixture.received().await.posts, 0, "nothing was posted");
}

pub async fn a_check_changes_nothing(fixture: &impl LedgerFixture) {
    let ledger = fixture.adapter();
    let before = fixture.received().await.changes;
    let mut all: Vec<Invoice> = fixture.blocked().into_iter().map(|(invoice, _)| invoice).collect();
    all.push(fixture.invoice("INV-1"));
    for invoice in all {
        let checked = ledger.check(&invoice).await;
        assert!(
            !matches!(checked, Err(PrepareError::Ledger(_))),
            "the ledger answers: {checked:?}"
        );
    }
    let after = fixture.received().await.changes;
    assert_eq!(after, before, "a check sends nothing that may change the ledger");
}
