//! Tests of `search`.

use postonce_domain::ExternalId;

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

#[test]
fn many_keys_are_asked_for_in_few_questions_none_of_them_too_long() {
    let reference =
        |n: u32| SearchKey::Reference(ExternalId::parse(&format!("o'rder {n}")).unwrap());
    let number = |n: u32| SearchKey::Number(InvoiceNumber::parse(&format!("Inv-{n}")).unwrap());
    let keys: Vec<SearchKey> = (1..=100).flat_map(|n| [number(n), reference(n)]).collect();
    let questions = questions(&keys);
    assert!(questions.len() <= 40, "{}", questions.len());
    let asked: Vec<SearchKey> = questions.iter().flat_map(|(keys, _)| keys.to_vec()).collect();
    assert_eq!(asked, keys, "each once, in their order");
    for (keys, filter) in &questions {
        assert!(filter.matches(" eq ").count() <= TERMS_MAX, "{filter}");
        assert!(escaped(filter).len() <= FILTER_MAX, "{filter}");
        for key in *keys {
            let text = match key {
                SearchKey::Number(number) => format!("Number eq '{number}'"),
                SearchKey::Reference(reference) => {
                    let doubled = reference.as_str().replace('\'', "''");
                    format!("CustomerPurchaseOrderNumber eq '{doubled}'")
                }
            };
            assert!(filter.contains(&text), "{text} is missing: {filter}");
        }
    }
}

#[test]
fn one_key_is_one_question_however_long() {
    let long = SearchKey::Reference(ExternalId::parse(&"é".repeat(255)).unwrap());
    let keys = [long.clone(), long];
    let questions = questions(&keys);
    assert_eq!(questions.iter().map(|(keys, _)| keys.len()).collect::<Vec<_>>(), [1, 1]);
    assert!(super::questions(&[]).is_empty());
}
