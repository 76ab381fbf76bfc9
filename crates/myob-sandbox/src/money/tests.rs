//! What decimals and cents keep, round and print.

use super::{Cents, Decimal, Rounder};
use crate::switches::Rounding;

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

fn tax(amount: Cents, rate: &str, contained: bool) -> Option<Cents> {
    Rounder::new(Rounding::HalfAway).tax(amount, decimal(rate), contained)
}

#[test]
fn decimals_are_read_and_printed_exactly() {
    for (text, printed) in [
        ("0.1", "0.10"),
        ("-5.94", "-5.94"),
        ("1e2", "100.00"),
        ("1.5E-3", "0.0015"),
        ("150.0000", "150.00"),
        ("0.0000005", "0.000001"),
        ("-0.0000005", "-0.000001"),
        ("1e-400", "0.00"),
        ("9007199254740.993", "9007199254740.993"),
    ] {
        assert_eq!(decimal(text).to_string(), printed, "{text}");
    }
    for text in ["", ".", "abc", "1.2.3", "--1", "1e99", "0x10", "1 2"] {
        assert_eq!(Decimal::parse(text), None, "{text}");
    }
}

#[test]
fn amounts_round_half_away_from_zero_once() {
    let of = |quantity, price, discount| {
        Cents::of(decimal(quantity), decimal(price), decimal(discount), false).unwrap().to_string()
    };
    assert_eq!(of("3", "0.335", "0"), "1.01");
    assert_eq!(of("1", "0.005", "0"), "0.01");
    assert_eq!(of("-1", "0.005", "0"), "-0.01");
    assert_eq!(of("6", "0.99", "0"), "5.94");
    assert_eq!(of("1", "99.99", "12.5"), "87.49");
    assert_eq!(Cents::of(decimal("9e12"), decimal("9e12"), decimal("0"), false), None);
}

#[test]
fn tax_is_contained_or_on_top() {
    let amount = decimal("110").cents();
    assert_eq!(tax(amount, "10", true).unwrap().to_string(), "10.00");
    assert_eq!(tax(amount, "10", false).unwrap().to_string(), "11.00");
    assert_eq!(tax(amount, "0", true).unwrap().to_string(), "0.00");
    assert_eq!(tax(decimal("5.94").cents(), "10", true).unwrap().to_string(), "0.54");
}

#[test]
fn amounts_survive_json() {
    for text in ["0.00", "-0.05", "5.94", "92233720368547758.07"] {
        let amount: Cents = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&amount).unwrap(), text);
    }
    assert!(serde_json::from_str::<Cents>("1.5").is_err());
    assert_eq!(serde_json::from_str::<Decimal>("\"150.0000\"").unwrap(), decimal("150"));
}
