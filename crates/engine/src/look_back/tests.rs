//! What is compared.

use super::*;

#[test]
fn a_list_that_goes_on_behind_nothing_is_an_error() {
    let page = DocumentPage { documents: Vec::new(), count: 5, more: true };
    assert!(after_page(page).is_err());
}

#[test]
fn numbers_are_compared_without_case_and_padding() {
    for (one, other) in [("inv-1", "INV-1"), ("42", "00000042"), (" A ", "a"), ("000", "000")] {
        assert_eq!(number_key(one), number_key(other), "{one:?} {other:?}");
    }
    for (one, other) in [("0A1", "A1"), ("100", "1"), ("0", "")] {
        assert_ne!(number_key(one), number_key(other), "{one:?} {other:?}");
    }
}
