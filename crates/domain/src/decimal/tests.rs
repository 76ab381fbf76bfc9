use proptest::prelude::*;

use super::{DecimalError, parse_scaled};
use crate::{Money, UnitPrice};

#[test]
fn what_is_not_a_plain_decimal_is_refused() {
    for text in
        ["", "-", ".", "1.", ".5", "1e3", "1,000", "+1", " 1", "1 ", "0x1", "NaN", "--1", "٣"]
    {
        assert!(
            matches!(parse_scaled(text, 2, i64::MAX), Err(DecimalError::NotANumber { .. })),
            "{text:?} was taken"
        );
    }
}

#[test]
fn digits_that_would_be_lost_are_refused_and_zeros_are_not() {
    assert_eq!(parse_scaled("1.2300", 2, 1_000), Ok(123));
    assert!(matches!(parse_scaled("1.234", 2, 1_000), Err(DecimalError::TooPrecise { .. })));
}

#[test]
fn numbers_beyond_the_limit_or_the_integer_are_refused() {
    assert!(matches!(parse_scaled("10.01", 2, 1_000), Err(DecimalError::OutOfRange { .. })));
    assert!(matches!(
        parse_scaled("99999999999999999999", 2, i64::MAX),
        Err(DecimalError::OutOfRange { .. })
    ));
}

proptest! {
    #[test]
    fn every_amount_survives_its_text(cents in -9_999_999_999_999_i64..=9_999_999_999_999) {
        let money = Money::from_minor(cents).unwrap();
        prop_assert_eq!(Money::parse(&money.to_string()).unwrap(), money);
    }

    #[test]
    fn every_unit_price_survives_its_text(scaled in -999_999_999_999_999_i64..=999_999_999_999_999) {
        let price = UnitPrice::from_scaled(scaled).unwrap();
        prop_assert_eq!(UnitPrice::parse(&price.to_string()).unwrap(), price);
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,30}") {
        drop(parse_scaled(&text, 4, i64::MAX));
    }
}

#[test]
fn a_number_beyond_its_limit_is_told_the_limit() {
    let error = parse_scaled("10.51", 2, 1_050).unwrap_err();
    assert!(error.to_string().contains(" 10.5 "), "{error}");
}

#[test]
fn amounts_show_two_decimals_and_prices_those_that_they_have() {
    let money = |cents| Money::from_minor(cents).unwrap().to_string();
    assert_eq!([money(0), money(-5), money(120), money(1_234)], ["0.00", "-0.05", "1.20", "12.34"]);
    let price = |scaled| UnitPrice::from_scaled(scaled).unwrap().to_string();
    assert_eq!(
        [price(0), price(-5), price(12_000), price(12_340)],
        ["0", "-0.0005", "1.2", "1.234"]
    );
}
