//! Tests of searching: completely, or not at all.

use postonce_domain::{InvoiceNumber, LedgerDocument, LedgerUid, Money, SearchKey};
use postonce_ports::books::{DateSpan, LedgerBooks as _};
use postonce_ports::ledger::{Ledger, LedgerError};

use crate::tests::ledger::{UID, World, file};
use crate::tests::server::{Reply, Seen, answer, page};

const OTHER: &str = "11111111-0d5a-4e5e-9a42-0c8b7a1f2d3e";
const CUSTOMER: &str = "22222222-0d5a-4e5e-9a42-0c8b7a1f2d3e";

fn number() -> SearchKey {
    SearchKey::Number(InvoiceNumber::parse("INV-1").unwrap())
}

fn record(uid: &str, memo: &str) -> String {
    format!(
        "{{\"UID\":\"{uid}\",\"Number\":\"INV-1\",\"CustomerPurchaseOrderNumber\":\"ref-1\",{memo}\
         \"Customer\":{{\"UID\":\"{CUSTOMER}\",\"DisplayID\":\"C-1\"}},\"InvoiceType\":\"Item\",\"IsTaxInclusive\":false,\
         \"TotalAmount\":110.00,\"TotalTax\":10.00}}"
    )
}

fn is_list(seen: &Seen) -> bool {
    seen.target.split('?').next() == Some("/accountright/main/Sale/Invoice")
}

async fn search(world: &World) -> Result<Vec<LedgerDocument>, LedgerError> {
    world.ledger.search(&file(), &number()).await
}

#[tokio::test]
async fn a_document_is_shown_as_the_list_has_it() {
    let world = World::new(|seen| {
        is_list(seen).then(|| page(&record(&UID.to_ascii_uppercase(), "\"JournalMemo\":\"m\",")))
    });
    let found = search(&world).await.unwrap();
    let expected = LedgerDocument {
        uid: LedgerUid::parse(UID).unwrap(),
        number: "INV-1".to_owned(),
        reference: "ref-1".to_owned(),
        memo: "m".to_owned(),
        customer: "C-1".to_owned(),
        customer_uid: Some(LedgerUid::parse(CUSTOMER).unwrap()),
        total: Money::from_minor(10_000),
        tax_inclusive: Some(false),
    };
    assert_eq!(found, [expected]);
    let request = world.server.seen().into_iter().find(is_list).unwrap();
    assert!(request.target.ends_with("?$filter=Number eq 'INV-1' or Number eq 'inv-1'"));
    assert!(!request.head.contains("if-none-match"));
}

#[tokio::test]
async fn a_memo_that_the_list_leaves_out_is_read_from_the_document() {
    let world = World::new(|seen| match seen.target.as_str() {
        target if target.contains("/Sale/Invoice/Item/") => {
            Some(answer(200, &record(UID, "\"JournalMemo\":\"from the document\",")))
        }
        _ => is_list(seen).then(|| page(&record(UID, ""))),
    });
    let found = search(&world).await.unwrap();
    assert_eq!(found.first().map(|found| found.memo.as_str()), Some("from the document"));
    assert_eq!(world.server.count("GET", "/Sale/Invoice/Item/"), 1);
    assert_eq!(world.server.count("GET", "/Sale/Invoice/Service/"), 0);
}

/// A world with a list of two pages, of which the second is `second`.
fn two_pages(link: &'static str, second: impl Fn() -> Reply + Send + Sync + 'static) -> World {
    World::new(move |seen| {
        if seen.target.contains("page=2") {
            return Some(second());
        }
        let host = seen.head.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
        let link = link.replace("HOST", host);
        let items = record(UID, "\"JournalMemo\":null,");
        let body = format!("{{\"Items\":[{items}],\"NextPageLink\":\"{link}\"}}");
        is_list(seen).then(|| answer(200, &body))
    })
}

const NEXT: &str = "http://HOST/accountright/main/Sale/Invoice?page=2";

#[tokio::test]
async fn every_page_is_read() {
    let world = two_pages(NEXT, || page(&record(OTHER, "\"JournalMemo\":null,")));
    assert_eq!(search(&world).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_page_that_cannot_be_read_is_an_error() {
    for body in ["", "<html>", "{}", "{\"Items\":null}", "{\"Items\":[{}]}", "{\"Items\":[1]}"] {
        let world = two_pages(NEXT, move || answer(200, body));
        assert!(search(&world).await.is_err(), "{body}");
        let world = World::new(move |seen| is_list(seen).then(|| answer(200, body)));
        assert!(search(&world).await.is_err(), "{body}");
    }
    let world = two_pages(NEXT, || answer(404, ""));
    assert!(search(&world).await.is_err());
}

#[tokio::test]
async fn a_page_on_another_host_is_not_asked_for() {
    let elsewhere = Box::leak(Box::new(crate::tests::server::Server::start(|_| page(""))));
    let link: &'static str = format!("{}/accountright/main/Sale/Invoice", elsewhere.url).leak();
    let world = two_pages(link, || page(""));
    assert!(search(&world).await.is_err());
    assert_eq!(elsewhere.seen().len(), 0);
}

#[tokio::test]
async fn pages_without_end_are_an_error() {
    let world = two_pages(NEXT, || {
        answer(200, "{\"Items\":[],\"NextPageLink\":\"/accountright/main/Sale/Invoice?page=2\"}")
    });
    assert!(search(&world).await.is_err());
    assert_eq!(world.server.count("GET", "/Sale/Invoice"), 20);
}

#[tokio::test]
async fn a_search_that_fails_is_never_nothing() {
    for status in [400, 404, 500, 503, 302, 204, 403] {
        let world = World::new(move |seen| is_list(seen).then(|| answer(status, "")));
        assert!(search(&world).await.is_err(), "{status}");
    }
}

#[tokio::test]
async fn a_document_is_looked_for_in_every_layout() {
    let world = World::new(|seen| {
        let there = seen.target.contains("/Sale/Invoice/Professional/");
        there.then(|| answer(200, &record(UID, "")))
    });
    let uid = LedgerUid::parse(UID).unwrap();
    assert!(world.ledger.document(&file(), &uid).await.unwrap().is_some());
    let none = World::new(|_| None);
    assert_eq!(none.ledger.document(&file(), &uid).await.unwrap(), None);
    assert_eq!(none.server.count("GET", "/Sale/Invoice/"), 5);
}

#[tokio::test]
async fn a_404_from_an_unknown_file_proves_nothing() {
    let world = World::new(|seen| seen.target.ends_with("/main").then(|| answer(404, "")));
    let uid = LedgerUid::parse(UID).unwrap();
    assert!(world.ledger.document(&file(), &uid).await.is_err());
    assert!(world.ledger.reach(&file()).await.is_err());
}

#[tokio::test]
async fn books_of_an_unknown_file_are_refused_with_their_mend() {
    let world = World::new(|seen| {
        let is_gone = seen.target.ends_with("/main") || seen.target.contains("/Sale/Invoice?");
        is_gone.then(|| answer(404, ""))
    });
    let error = world.ledger.documents(&file(), DateSpan::default(), 0).await.unwrap_err();
    let LedgerError::NotAuthorised { message } = &error else { panic!("{error:?}") };
    assert!(message.contains("MYOB knows no business"), "{message}");
    let world = World::new(|seen| seen.target.contains("/Sale/Invoice?").then(|| answer(404, "")));
    let error = world.ledger.documents(&file(), DateSpan::default(), 0).await.unwrap_err();
    assert!(matches!(error, LedgerError::Unavailable { .. }), "the file is there: {error:?}");
}

#[tokio::test]
async fn denied_access_is_told_from_silence() {
    let denied = "{\"Message\":\"no\",\"ErrorCode\":\"AccessDenied\"}";
    let world = World::new(move |_| None);
    assert!(world.ledger.reach(&file()).await.is_ok());
    let world = World::new(move |seen| seen.target.ends_with("/main").then(|| answer(403, denied)));
    let error = world.ledger.reach(&file()).await.unwrap_err();
    assert!(matches!(error, LedgerError::NotAuthorised { .. }));
}
