use jiff::civil::date;
use proptest::prelude::*;

use super::{Customer, Invoice, InvoiceError, InvoiceParts, Line, Side};
use crate::{
    CompanyFile, CustomerCode, ExternalId, InvoiceNumber, Money, Percent, Quantity, TaxCode,
    UnitPrice,
};

pub(crate) fn line(number: u32, quantity: &str, price: &str) -> Line {
    Line {
        number,
        item: None,
        description: "a thing".to_owned(),
        quantity: Quantity::parse(quantity).unwrap(),
        unit_price: UnitPrice::parse(price).unwrap(),
        discount: Percent::default(),
        tax_code: TaxCode::parse("GST").unwrap(),
    }
}

pub(crate) fn parts(lines: Vec<Line>) -> InvoiceParts {
    InvoiceParts {
        company_file: CompanyFile::parse("shop").unwrap(),
        side: Side::Platform,
        external_id: ExternalId::parse("order 1").unwrap(),
        number: InvoiceNumber::parse("INV-1").unwrap(),
        date: date(2026, 3, 1),
        customer: Customer {
            code: CustomerCode::parse("CUS1").unwrap(),
            name: "Ada".to_owned(),
            email: String::new(),
        },
        lines,
        freight: Money::ZERO,
        tax_inclusive: true,
        memo: String::new(),
    }
}

#[test]
fn the_total_is_lines_plus_freight() {
    let mut with_freight = parts(vec![line(1, "3", "0.99"), line(2, "1", "10")]);
    with_freight.freight = Money::parse("5.5").unwrap();
    assert_eq!(Invoice::new(with_freight).unwrap().total().to_string(), "18.47");
}

#[test]
fn a_negative_quantity_needs_a_credit() {
    let mixed = Invoice::new(parts(vec![line(1, "1", "5"), line(2, "-1", "1")]));
    assert_eq!(mixed, Err(InvoiceError::NegativeQuantity { number: 2 }));
    let outweighed = Invoice::new(parts(vec![line(1, "1", "5"), line(2, "-9", "5")]));
    assert_eq!(outweighed, Err(InvoiceError::NegativeQuantity { number: 2 }));
    let credit = Invoice::new(parts(vec![line(1, "-1", "5"), line(2, "-2", "1")])).unwrap();
    assert!(credit.is_credit());
    assert_eq!(credit.total().to_string(), "-7.00");
}

#[test]
fn a_negative_price_does_not_make_a_credit() {
    assert_eq!(Invoice::new(parts(vec![line(1, "1", "-5")])), Err(InvoiceError::NegativeTotal));
}

#[test]
fn lines_are_there_once_and_in_order() {
    assert_eq!(Invoice::new(parts(vec![])), Err(InvoiceError::NoLine));
    let twice = Invoice::new(parts(vec![line(1, "1", "1"), line(1, "1", "1")]));
    assert_eq!(twice, Err(InvoiceError::LineOrder { number: 1 }));
    assert_eq!(
        Invoice::new(parts(vec![line(0, "1", "1")])),
        Err(InvoiceError::LineOrder { number: 0 })
    );
}

#[test]
fn a_total_beyond_the_ledgers_field_is_refused() {
    let huge = vec![line(1, "1", "99999999999.99"), line(2, "1", "0.01")];
    assert_eq!(Invoice::new(parts(huge)), Err(InvoiceError::TotalTooLarge));
    assert!(Invoice::new(parts(vec![line(1, "1", "99999999999.99")])).is_ok());
}

#[test]
fn long_and_unprintable_texts_are_refused() {
    let mut long = parts(vec![line(1, "1", "1")]);
    long.memo = "x".repeat(256);
    assert!(matches!(Invoice::new(long), Err(InvoiceError::BadText { field: "memo", .. })));
    let mut bell = parts(vec![line(1, "1", "1")]);
    bell.lines[0].description = "\u{7}".to_owned();
    assert!(matches!(Invoice::new(bell), Err(InvoiceError::BadText { field: "description", .. })));
}

proptest! {
    #[test]
    fn the_total_does_not_depend_on_the_order_of_amounts(
        amounts in prop::collection::vec((1_i64..100_000, 0_i64..100_000), 1..8),
    ) {
        let build = |amounts: Vec<(i64, i64)>| {
            let lines = amounts.into_iter().zip(1..).map(|((quantity, price), number)| {
                let mut line = line(number, "1", "1");
                line.quantity = Quantity::from_scaled(quantity).unwrap();
                line.unit_price = UnitPrice::from_scaled(price).unwrap();
                line
            });
            Invoice::new(parts(lines.collect())).unwrap().total()
        };
        let mut reversed = amounts.clone();
        reversed.reverse();
        prop_assert_eq!(build(amounts), build(reversed));
    }
}

#[test]
fn sides_have_their_names() {
    for (side, name) in [(Side::Platform, "platform"), (Side::Ordering, "ordering")] {
        assert_eq!((side.as_str(), side.to_string().as_str()), (name, name));
        assert_eq!(name.parse(), Ok(side));
    }
    assert!("Platform".parse::<Side>().is_err());
}

#[test]
fn a_line_of_nothing_is_no_credit_and_spoils_one() {
    assert!(!Invoice::new(parts(vec![line(1, "0", "5")])).unwrap().is_credit());
    let spoilt = Invoice::new(parts(vec![line(1, "0", "5"), line(2, "-1", "5")]));
    assert_eq!(spoilt, Err(InvoiceError::NegativeQuantity { number: 2 }));
}

#[test]
fn texts_may_fill_their_fields_and_codes_have_their_characters() {
    let mut full = parts(vec![line(1, "1", "1")]);
    full.memo = "é".repeat(255);
    full.customer.name = "é".repeat(50);
    full.customer.email = "é".repeat(255);
    full.lines[0].description = "\t\r\n".to_owned() + &"é".repeat(997);
    assert!(Invoice::new(full).is_ok());
    assert!(CompanyFile::parse("A.b_c-9").is_ok());
    for refused in ["a b", "a/b", "ä", "a\n"] {
        assert!(CompanyFile::parse(refused).is_err(), "{refused:?}");
    }
    assert!(ExternalId::parse("order №1 / ä").is_ok());
    assert!(ExternalId::parse("order\u{7}1").is_err());
}
