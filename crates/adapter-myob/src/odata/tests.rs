//! Tests of `odata`.

use super::*;

#[test]
fn quotes_are_doubled() {
    assert_eq!(one_of("Number", &["O'Hara", "2"]), "Number eq 'O''Hara' or Number eq '2'");
}

#[test]
fn blanks_and_signs_are_escaped() {
    let path = filtered("Sale/Invoice", "Number eq 'a+b&c/é'");
    assert_eq!(path, "Sale/Invoice?$filter=Number%20eq%20%27a%2Bb%26c%2F%C3%A9%27");
}
