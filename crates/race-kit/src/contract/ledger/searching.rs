//! What is in the ledger, and that not knowing is never taken for "nothing".

#![expect(missing_docs, reason = "a promise is called by its sentence")]

use postonce_domain::{Marker, SearchKey};

use super::{LedgerFixture, NextPost, by_number, marker, post, posted};

pub async fn a_posted_invoice_is_found_by_number_and_by_reference(fixture: &impl LedgerFixture) {
    let (invoice, marker) = (fixture.invoice("INV-1"), marker());
    let parts = invoice.parts();
    let uid = posted(fixture, &invoice, marker).await;
    let reference = SearchKey::Reference(parts.external_id.clone());
    for ledger in [fixture.adapter(), fixture.other()] {
        for key in [by_number("INV-1"), reference.clone()] {
            let mut found = ledger.search(&parts.company_file, &key).await.unwrap();
            found.retain(|document| document.uid == uid);
            let [document] = found.as_slice() else {
                panic!("{key:?}: the document is found, and once: {found:?}")
            };
            assert!(parts.number.matches(&document.number), "{key:?}: its number: {document:?}");
            assert_eq!(document.reference, parts.external_id.as_str(), "{key:?}: its reference");
            assert_eq!(document.customer, parts.customer.code.as_str(), "{key:?}: its customer");
            assert_eq!(document.total, Some(invoice.total()), "{key:?}: its total");
            let inclusive = Some(invoice.parts().tax_inclusive);
            assert_eq!(document.tax_inclusive, inclusive, "{key:?}: with tax or without");
            let found = Marker::find(&document.memo);
            assert_eq!(found, Some(marker), "{key:?}: its memo has the marker: {document:?}");
        }
    }
}

pub async fn an_invoice_whose_answer_was_lost_is_found_with_its_marker(
    fixture: &impl LedgerFixture,
) {
    let (invoice, marker) = (fixture.invoice("INV-1"), marker());
    fixture.next_post(NextPost::LostAfterBooking).await;
    drop(post(fixture, &invoice, marker).await);
    let file = &invoice.parts().company_file;
    let found = fixture.adapter().search(file, &by_number("INV-1")).await.unwrap();
    let markers: Vec<_> = found.iter().map(|document| Marker::find(&document.memo)).collect();
    assert_eq!(markers, [Some(marker)], "an inquiry can tell whose it is: {found:?}");
}

pub async fn what_is_not_there_is_not_found(fixture: &impl LedgerFixture) {
    let (there, missing) = (fixture.invoice("INV-1"), fixture.invoice("INV-2"));
    posted(fixture, &there, marker()).await;
    let reference = missing.parts().external_id.clone();
    for key in [by_number("INV-2"), SearchKey::Reference(reference.clone())] {
        let file = &missing.parts().company_file;
        let found = fixture.adapter().search(file, &key).await.unwrap();
        let is_it = found.iter().any(|document| {
            missing.parts().number.matches(&document.number)
                || document.reference == reference.as_str()
        });
        assert!(!is_it, "{key:?}: nobody posted it: {found:?}");
    }
}

pub async fn a_search_reads_every_page<F: LedgerFixture>(fixture: &F) {
    let invoice = fixture.invoice("INV-1");
    for _ in 0..F::SAME_NUMBER {
        posted(fixture, &invoice, marker()).await;
    }
    let file = &invoice.parts().company_file;
    let found = fixture.adapter().search(file, &by_number("INV-1")).await.unwrap();
    let mut uids: Vec<_> = found.into_iter().map(|document| document.uid).collect();
    uids.sort();
    uids.dedup();
    let mut booked: Vec<_> = fixture.books().await.into_iter().map(|it| it.uid).collect();
    booked.sort();
    assert!(uids == booked, "a search finds all {} documents: {}", booked.len(), uids.len());
}

pub async fn a_search_that_keeps_failing_is_an_error(fixture: &impl LedgerFixture) {
    let invoice = fixture.invoice("INV-1");
    posted(fixture, &invoice, marker()).await;
    fixture.fail_searches().await;
    let reference = SearchKey::Reference(invoice.parts().external_id.clone());
    for key in [by_number("INV-1"), reference] {
        let answer = fixture.adapter().search(&invoice.parts().company_file, &key).await;
        assert!(answer.is_err(), "{key:?}: no answer is not `nothing is there`: {answer:?}");
    }
}

pub async fn a_document_is_there_until_it_is_deleted(fixture: &impl LedgerFixture) {
    let invoice = fixture.invoice("INV-1");
    let file = &invoice.parts().company_file;
    let uid = posted(fixture, &invoice, marker()).await;
    let ledger = fixture.adapter();
    let document = ledger.document(file, &uid).await.unwrap().expect("it was posted just now");
    assert_eq!((document.number.as_str(), &document.uid), ("INV-1", &uid), "it is the one");
    fixture.delete(&uid).await;
    assert_eq!(ledger.document(file, &uid).await.unwrap(), None, "the ledger says that it is gone");
}

pub async fn a_file_that_answers_is_reached_and_one_that_does_not_is_not(
    fixture: &impl LedgerFixture,
) {
    let invoice = fixture.invoice("INV-1");
    let (ledger, file) = (fixture.adapter(), &invoice.parts().company_file);
    let uid = posted(fixture, &invoice, marker()).await;
    ledger.reach(file).await.unwrap();
    fixture.close().await;
    assert!(ledger.reach(file).await.is_err(), "a closed file is not reached");
    let answer = ledger.document(file, &uid).await;
    assert!(answer.is_err(), "a closed file does not say that a document is gone: {answer:?}");
}
