//! Tests of `search`.

use super::*;

fn spelled(number: &str) -> Vec<String> {
    spellings(&InvoiceNumber::parse(number).unwrap())
}

#[test]
fn digits_are_also_looked_for_with_zeros_in_front() {
    let expected = ["123456", "0123456", "00123456"];
    assert_eq!(spelled("123456"), expected);
    assert_eq!(spelled("123456789"), ["123456789"]);
}

#[test]
fn a_number_is_looked_for_in_any_of_its_usual_cases() {
    assert_eq!(spelled("Inv-1"), ["Inv-1", "INV-1", "inv-1"]);
}

fn total_of(record: &str) -> Option<String> {
    total(&Object::parse(record).unwrap()).map(|total| total.to_string())
}

#[test]
fn a_total_is_in_the_documents_own_tax_mode() {
    let with = |inclusive| {
        format!("{{\"IsTaxInclusive\":{inclusive},\"TotalAmount\":110.10,\"TotalTax\":10.01}}")
    };
    assert_eq!(total_of(&with("true")).as_deref(), Some("110.10"));
    assert_eq!(total_of(&with("false")).as_deref(), Some("100.09"));
    assert_eq!(total_of(&with("null")), None);
    assert_eq!(total_of("{\"IsTaxInclusive\":true,\"TotalAmount\":1.234}"), None);
}

#[test]
fn the_configured_layout_is_tried_first() {
    assert_eq!(layouts("Item").first(), Some(&"Item"));
    assert_eq!(layouts("Item").len(), LAYOUTS.len());
    assert_eq!(layouts("PreConversion"), LAYOUTS);
}
