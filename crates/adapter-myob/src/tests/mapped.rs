//! Tests of the mapping's use: what is mapped is sent so, and what waits for review blocks.

use std::sync::atomic::Ordering;
use std::time::Duration;

use postonce_domain::{
    BlockCode, Invoice, InvoiceParts, ItemCode, MappingKind, MappingState, TaxCode,
};
use postonce_ports::ledger::{Ledger, PrepareError};
use serde_json::Value;

use crate::Layout;
use crate::tests::ledger::{UID, World, marker, parts};
use crate::tests::server::answer;

/// UIDs of records, by a digit each.
fn uid(digit: char) -> String {
    UID.chars().map(|c| if c == '-' { c } else { digit }).collect()
}

fn confirm(world: &World, kind: MappingKind, code: &str, digit: char) {
    world.mappings.put_row(kind, code, &uid(digit), MappingState::Confirmed);
}

fn review(world: &World, kind: MappingKind, code: &str) {
    world.mappings.put_row(kind, code, &uid('f'), MappingState::Review);
}

/// Two lines: one with the item `A` and the tax code `GST`, one without and with `FRE`.
fn mixed() -> Invoice {
    let line = parts().lines.remove(0);
    let mut first = line.clone();
    first.item = Some(ItemCode::parse("A").unwrap());
    let mut second = line;
    second.number = 2;
    second.tax_code = TaxCode::parse("FRE").unwrap();
    let freight = postonce_domain::Money::parse("5").unwrap();
    Invoice::new(InvoiceParts { lines: vec![first, second], freight, ..parts() }).unwrap()
}

async fn payload(world: &World, invoice: &Invoice) -> Value {
    let request = world.ledger.prepare(invoice, marker()).await.unwrap();
    serde_json::from_str(&request.payload).unwrap()
}

async fn blocked(world: &World, invoice: &Invoice) -> Option<BlockCode> {
    let checked = world.ledger.check(invoice).await.err().map(|error| error.to_string());
    match world.ledger.prepare(invoice, marker()).await {
        Err(PrepareError::Blocked(reason)) => {
            assert!(checked.is_some_and(|it| it.contains(&reason.text)), "check says the same");
            Some(reason.code)
        }
        Ok(_) | Err(PrepareError::Ledger(_)) => None,
    }
}

fn lines(payload: &Value, field: &str) -> [Value; 2] {
    [0, 1].map(|n: usize| payload["Lines"][n][field]["UID"].clone())
}

#[tokio::test]
async fn what_is_mapped_is_sent_so_and_not_looked_up() {
    let world = World::with(|_| None, |options| options.layout = Layout::Item);
    confirm(&world, MappingKind::Customer, "C-1", '1');
    confirm(&world, MappingKind::Item, "A", '2');
    confirm(&world, MappingKind::Account, "*", '3');
    confirm(&world, MappingKind::TaxCode, "GST", '4');
    confirm(&world, MappingKind::TaxCode, "FRE", '5');
    let payload = payload(&world, &mixed()).await;
    assert_eq!(payload["Customer"]["UID"], uid('1'));
    assert_eq!(lines(&payload, "Item"), [uid('2').into(), Value::Null]);
    assert_eq!(lines(&payload, "Account"), [Value::Null, uid('3').into()]);
    assert_eq!(lines(&payload, "TaxCode"), [Value::from(uid('4')), uid('5').into()]);
    assert_eq!(payload["FreightTaxCode"]["UID"], uid('4'), "freight goes with the first line");
    assert_eq!(lines(&payload, "Job"), [Value::Null, Value::Null]);
    let asked: Vec<String> = world.server.seen().into_iter().map(|seen| seen.target).collect();
    assert!(!asked.iter().any(|target| target.contains("$filter")), "{asked:?}");
    let own = |target: &String| target.ends_with(&uid('1')) || target.ends_with(&uid('3'));
    let currency = "a customer and an account are asked for their currency";
    assert_eq!(asked.iter().filter(|target| own(target)).count(), 2, "{currency}: {asked:?}");
}

#[tokio::test]
async fn a_code_without_a_row_is_looked_up_as_it_is_written() {
    let world = World::new(|_| None);
    confirm(&world, MappingKind::Customer, "c-1", '1');
    let payload = payload(&world, &Invoice::new(parts()).unwrap()).await;
    assert_eq!(payload["Customer"]["UID"], UID, "codes differ by case");
    assert_eq!(payload["Lines"][0]["Account"]["UID"], UID, "the configured account");
}

#[tokio::test]
async fn a_line_goes_by_the_account_of_its_item_then_by_that_of_all() {
    let world = World::with(
        |seen| {
            let fre = format!(r#"{{"Items":[{{"UID":"{UID}","Code":"FRE"}}]}}"#);
            seen.target.contains("FRE").then(|| answer(200, &fre))
        },
        |_| {},
    );
    confirm(&world, MappingKind::Account, "A", '1');
    let first = payload(&world, &mixed()).await;
    assert_eq!(lines(&first, "Account"), [uid('1').into(), Value::from(UID)]);
    confirm(&world, MappingKind::Account, "*", '2');
    world.clock.advance(Duration::from_secs(6));
    let second = payload(&world, &mixed()).await;
    assert_eq!(lines(&second, "Account"), [Value::from(uid('1')), uid('2').into()]);
}

#[tokio::test]
async fn jobs_are_those_of_the_item_the_customer_or_all_and_freight_has_its_tax_code() {
    let world = World::new(|_| None);
    confirm(&world, MappingKind::TaxCode, "FRE", '9');
    confirm(&world, MappingKind::Job, "*", '1');
    let all = payload(&world, &mixed()).await;
    assert_eq!(lines(&all, "Job"), [Value::from(uid('1')), uid('1').into()]);
    assert_eq!(all["FreightTaxCode"]["UID"], UID);
    confirm(&world, MappingKind::Job, "customer:C-1", '2');
    confirm(&world, MappingKind::Job, "item:A", '3');
    confirm(&world, MappingKind::FreightTaxCode, "*", '4');
    world.clock.advance(Duration::from_secs(6));
    let nearer = payload(&world, &mixed()).await;
    assert_eq!(lines(&nearer, "Job"), [Value::from(uid('3')), uid('2').into()]);
    assert_eq!(nearer["FreightTaxCode"]["UID"], uid('4'));
    assert_eq!(lines(&nearer, "TaxCode"), [Value::from(UID), uid('9').into()]);
}

#[tokio::test]
async fn what_waits_for_review_blocks_what_needs_it() {
    let needed = [
        (MappingKind::Customer, "C-1"),
        (MappingKind::Account, "A"),
        (MappingKind::Account, "*"),
        (MappingKind::TaxCode, "GST"),
        (MappingKind::Job, "item:A"),
        (MappingKind::Job, "*"),
        (MappingKind::FreightTaxCode, "*"),
    ];
    for (kind, code) in needed {
        let world = World::new(|_| None);
        confirm(&world, MappingKind::TaxCode, "FRE", '9');
        review(&world, kind, code);
        assert_eq!(
            blocked(&world, &mixed()).await,
            Some(BlockCode::MappingReview),
            "{kind} {code}"
        );
        confirm(&world, kind, code, '1');
        world.clock.advance(Duration::from_secs(6));
        assert_eq!(blocked(&world, &mixed()).await, None, "{kind} {code} is confirmed");
    }
    let world = World::new(|_| None);
    confirm(&world, MappingKind::TaxCode, "FRE", '9');
    review(&world, MappingKind::Item, "A");
    review(&world, MappingKind::Customer, "C-2");
    assert_eq!(blocked(&world, &mixed()).await, None, "these are needed by nobody");
}

#[tokio::test]
async fn the_mapping_is_asked_once_for_an_invoice_and_believed_for_five_seconds() {
    let world = World::new(|_| None);
    let invoice = Invoice::new(parts()).unwrap();
    for _ in 0..3 {
        payload(&world, &invoice).await;
    }
    assert_eq!(world.mappings.asked.load(Ordering::SeqCst), 1);
    review(&world, MappingKind::Customer, "C-1");
    world.clock.advance(Duration::from_millis(4_999));
    payload(&world, &invoice).await;
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(blocked(&world, &invoice).await, Some(BlockCode::MappingReview));
    assert_eq!(world.mappings.asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_row_to_a_record_that_is_gone_is_put_up_for_review() {
    let gone = uid('1');
    let refusal = format!(
        "{{\"Errors\":[{{\"Name\":\"NotFound\",\"Message\":\"Customer not found\",\
         \"AdditionalDetails\":\"Customer: {}\",\"ErrorCode\":150}}]}}",
        gone.to_uppercase()
    );
    let world = World::new(move |seen| {
        let is_post = seen.method == "POST" && seen.target.contains("/Sale/Invoice");
        is_post.then(|| answer(400, &refusal))
    });
    confirm(&world, MappingKind::Customer, "C-1", '1');
    confirm(&world, MappingKind::TaxCode, "GST", '2');
    let token = world.claim().await;
    let outcome = world.ledger.post(token).await;
    assert!(matches!(outcome.outcome, postonce_domain::Outcome::Rejected { .. }), "{outcome:?}");
    assert_eq!(
        world.mappings.reviews(),
        ["customer `C-1`"],
        "the row that led there, and no other"
    );
    let invoice = Invoice::new(parts()).unwrap();
    assert_eq!(blocked(&world, &invoice).await, Some(BlockCode::MappingReview), "at once");
}
