use std::collections::HashSet;
use std::hash::BuildHasher as _;

use super::{InvoiceNumber, InvoiceNumberError};
use crate::IdentifierError;

fn parse(raw: &str) -> Result<InvoiceNumber, InvoiceNumberError> {
    InvoiceNumber::parse(raw)
}

#[test]
fn thirteen_characters_fit_and_fourteen_do_not() {
    assert_eq!(parse("ABCDEFGHIJKLM").unwrap().as_str(), "ABCDEFGHIJKLM");
    let too_long = IdentifierError::TooLong { length: 14, max: 13 };
    assert_eq!(parse("ABCDEFGHIJKLMN"), Err(too_long.into()));
}

#[test]
fn blanks_quotes_and_foreign_letters_are_refused() {
    for raw in ["", " A", "A ", "A B", "A'B", "Ä1", "A\n", "A,B", "A_B", "A.B", "A/B"] {
        assert!(parse(raw).is_err(), "{raw:?} was taken");
    }
}

#[test]
fn the_ledgers_padding_and_case_do_not_hide_a_number() {
    let number = parse("1234").unwrap();
    assert!(number.matches("00001234"));
    assert!(!number.matches("12340"));
    assert!(parse("inv-1").unwrap().matches("INV-1"));
    assert!(!parse("INV-1").unwrap().matches("INV-10"));
    assert!(!parse("A1").unwrap().matches("0A1"));
}

#[test]
fn numbers_that_differ_in_case_are_one_number() {
    let (small, large, other) =
        (parse("inv-1").unwrap(), parse("INV-1").unwrap(), parse("INV-2").unwrap());
    assert_eq!(small, large);
    assert_ne!(small, other);
    let numbers = HashSet::from([small, large, other]);
    assert_eq!(numbers.len(), 2);
    // Equal hashes for all numbers would be right, and slow.
    let state = std::hash::BuildHasherDefault::<std::hash::DefaultHasher>::default();
    let hashes: HashSet<u64> =
        (0..64).map(|n| state.hash_one(parse(&format!("A{n}")).unwrap())).collect();
    assert!(hashes.len() > 60);
}
