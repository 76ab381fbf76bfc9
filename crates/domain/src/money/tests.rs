use proptest::prelude::*;

use super::{Money, Percent, Quantity, UnitPrice, line_amount};

fn amount(quantity: &str, price: &str, discount: &str) -> String {
    let parts = (
        Quantity::parse(quantity).unwrap(),
        UnitPrice::parse(price).unwrap(),
        Percent::parse(discount).unwrap(),
    );
    line_amount(parts.0, parts.1, parts.2).unwrap().to_string()
}

#[test]
fn a_line_is_rounded_once_half_away_from_zero() {
    assert_eq!(amount("3", "0.99", "0"), "2.97");
    assert_eq!(amount("1", "0.005", "0"), "0.01");
    assert_eq!(amount("-1", "0.005", "0"), "-0.01");
    assert_eq!(amount("1", "0.0049", "0"), "0.00");
    assert_eq!(amount("1.5", "10.33", "12.5"), "13.56");
    assert_eq!(amount("1", "100", "100"), "0.00");
}

#[test]
fn percents_stay_between_nought_and_a_hundred() {
    assert!(Percent::parse("100.01").is_err());
    assert!(Percent::parse("-1").is_err());
    assert_eq!(Percent::parse("100").unwrap().to_string(), "100");
}

#[test]
fn a_product_beyond_the_limit_is_no_amount() {
    let quantity = Quantity::parse("1000000000").unwrap();
    let price = UnitPrice::parse("99999999999.9999").unwrap();
    assert_eq!(line_amount(quantity, price, Percent::default()), None);
}

proptest! {
    #[test]
    fn a_line_is_within_half_a_cent_of_the_exact_product(
        quantity in -1_000_000_i64..1_000_000, price in -1_000_000_i64..1_000_000, off in 0_i64..=10_000,
    ) {
        let got = line_amount(
            Quantity::from_scaled(quantity).unwrap(),
            UnitPrice::from_scaled(price).unwrap(),
            Percent::from_scaled(off).unwrap(),
        ).unwrap();
        let exact = i128::from(quantity) * i128::from(price) * i128::from(10_000 - off);
        let error = (i128::from(got.minor()) * 10_000_000_000 - exact).abs();
        prop_assert!(error <= 5_000_000_000);
    }

    #[test]
    fn a_negated_quantity_negates_the_line(quantity in 0_i64..1_000_000, price in 0_i64..1_000_000) {
        let price = UnitPrice::from_scaled(price).unwrap();
        let of = |q| line_amount(Quantity::from_scaled(q).unwrap(), price, Percent::default()).unwrap();
        prop_assert_eq!(Money::from_minor(-of(quantity).minor()).unwrap(), of(-quantity));
    }
}

#[test]
fn a_percent_is_kept_in_hundredths() {
    assert_eq!(Percent::parse("12.5").unwrap().scaled(), 1_250);
}
