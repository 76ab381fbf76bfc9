use uuid::Uuid;

use super::{Evidence, Finding, LedgerDocument, Owner, judge};
use crate::{
    ClaimId, CustomerCode, ExternalId, InstallationId, InvoiceId, InvoiceNumber, LedgerUid, Marker,
    Money,
};

const OURS: InstallationId = InstallationId(Uuid::from_u128(1));
const INVOICE: InvoiceId = InvoiceId(7);

fn claim(n: u128) -> ClaimId {
    ClaimId(Uuid::from_u128(n))
}

fn uid(text: &str) -> LedgerUid {
    LedgerUid::parse(text).unwrap()
}

fn document(name: &str) -> LedgerDocument {
    LedgerDocument {
        uid: uid(name),
        number: "INV-1".to_owned(),
        reference: "order 1".to_owned(),
        memo: Marker { installation: OURS, claim: claim(10) }.to_string(),
        customer: "CUS1".to_owned(),
        customer_uid: None,
        total: Money::from_minor(500),
        tax_inclusive: Some(true),
    }
}

/// The invoice has claim 10; claim 20 is another invoice's.
fn owner() -> Owner {
    Owner {
        claims: [(claim(10), INVOICE), (claim(20), InvoiceId(8))].into(),
        uids: [(uid("other"), InvoiceId(8))].into(),
    }
}

fn judged(found: &[LedgerDocument]) -> Finding {
    judged_ignoring(found, &[])
}

fn judged_ignoring(found: &[LedgerDocument], ignored: &[LedgerUid]) -> Finding {
    judge(
        &Evidence {
            installation: OURS,
            invoice: INVOICE,
            numbers: &[InvoiceNumber::parse("INV-1").unwrap()],
            references: &[ExternalId::parse("order 1").unwrap()],
            customer: &CustomerCode::parse("CUS1").unwrap(),
            total: Money::from_minor(500).unwrap(),
            tax_inclusive: true,
            ignored,
            owner: &owner(),
        },
        found,
    )
}

fn ours(name: &str) -> Finding {
    Finding::Ours { uid: uid(name), differing_total: None }
}

fn is_unexplained(finding: &Finding) -> bool {
    matches!(finding, Finding::Unexplained { .. })
}

#[test]
fn our_claims_marker_makes_a_document_ours_and_a_differing_total_is_said() {
    assert_eq!(judged(&[document("a")]), ours("a"));
    let mut edited = document("a");
    edited.total = Money::from_minor(501);
    let differing = Finding::Ours { uid: uid("a"), differing_total: Some("5.01".to_owned()) };
    assert_eq!(judged(&[edited]), differing);
}

#[test]
fn the_same_amount_in_another_tax_mode_is_another_total() {
    let said = |mode: Option<bool>, total: i64| {
        let document = LedgerDocument {
            tax_inclusive: mode,
            total: Money::from_minor(total),
            ..document("a")
        };
        let found = judged(&[document]);
        let Finding::Ours { differing_total, .. } = found else { panic!("{found:?}") };
        differing_total
    };
    assert_eq!(said(Some(true), 500), None);
    assert_eq!(
        said(Some(false), 500).as_deref(),
        Some("5.00 without tax (the invoice's is with tax)")
    );
    assert_eq!(
        said(Some(false), 501).as_deref(),
        Some("5.01 without tax (the invoice's is with tax)")
    );
    assert_eq!(
        said(None, 500).as_deref(),
        Some("5.00, unreadable whether with tax (the invoice's is with tax)")
    );
    let unreadable = LedgerDocument { total: None, ..document("a") };
    assert_eq!(unreadable.differing_total(Money::ZERO, true).as_deref(), Some("unreadable"));
}

#[test]
fn the_same_document_found_by_both_keys_counts_once() {
    assert_eq!(judged(&[document("a"), document("a")]), ours("a"));
}

#[test]
fn a_search_that_returns_strangers_finds_nothing() {
    let mut stranger = document("a");
    stranger.number = "INV-10".to_owned();
    stranger.reference = "Order 1".to_owned();
    assert_eq!(judged(&[stranger]), Finding::Nothing);
}

#[test]
fn no_marker_or_a_strangers_marker_is_not_ours() {
    let mut bare = document("a");
    bare.memo = "thank you".to_owned();
    let Finding::Unexplained { uids, reason } = judged(&[bare]) else { panic!("taken for ours") };
    assert_eq!(uids, [uid("a")]);
    assert!(reason.contains("not provably ours"), "{reason}");
    let mut foreign = document("a");
    let installation = InstallationId(Uuid::from_u128(2));
    foreign.memo = Marker { installation, claim: claim(10) }.to_string();
    assert!(is_unexplained(&judged(&[foreign])));
}

#[test]
fn two_documents_need_a_person_even_if_one_is_ours() {
    assert!(is_unexplained(&judged(&[document("a"), document("b")])));
}

#[test]
fn an_unknown_claim_of_ours_needs_everything_to_be_equal() {
    let mut restored = document("a");
    restored.memo = Marker { installation: OURS, claim: claim(99) }.to_string();
    assert_eq!(judged(&[restored.clone()]), ours("a"));
    let changes: [fn(&mut LedgerDocument); 6] = [
        |document| document.number = "X".to_owned(),
        |document| document.reference = String::new(),
        |document| document.customer = "CUS2".to_owned(),
        |document| document.total = None,
        |document| document.tax_inclusive = Some(false),
        |document| document.tax_inclusive = None,
    ];
    for change in changes {
        let mut differing = restored.clone();
        change(&mut differing);
        assert!(is_unexplained(&judged(&[differing])));
    }
}

#[test]
fn another_invoices_document_needs_a_person_by_number_and_by_reference() {
    let mut others = document("b");
    others.memo = Marker { installation: OURS, claim: claim(20) }.to_string();
    assert!(is_unexplained(&judged(&[others.clone()])));
    others.number = "INV-2".to_owned();
    assert!(is_unexplained(&judged(&[others])));
}

#[test]
fn a_document_recorded_for_another_invoice_is_never_adopted() {
    assert!(is_unexplained(&judged(&[document("other")])));
}

#[test]
fn what_a_person_ruled_out_is_passed_over() {
    let mut bare = document("a");
    bare.memo = String::new();
    assert_eq!(judged_ignoring(&[bare], &[uid("a")]), Finding::Nothing);
}
