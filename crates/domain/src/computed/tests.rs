use crate::invoice::tests::{line, parts};
use crate::{Computed, Invoice, Money};

fn cents(cents: i64) -> Money {
    Money::from_minor(cents).unwrap()
}

/// An invoice of 10.00 and 5.00, beside a document of these amounts in cents.
fn differs(lines: &[i64], total: i64) -> Option<String> {
    let invoice = Invoice::new(parts(vec![line(1, "1", "10"), line(2, "1", "5")])).unwrap();
    let lines = lines.iter().copied().map(cents).collect();
    invoice.differs(&Computed { lines, total: cents(total) })
}

#[test]
fn a_cent_for_each_line_is_rounding() {
    for (lines, total) in
        [(vec![1_000, 500], 1_500), (vec![1_001, 501], 1_502), (vec![999, 499], 1_498)]
    {
        assert_eq!(differs(&lines, total), None, "{lines:?} {total}");
    }
}

#[test]
fn more_than_that_is_told() {
    assert_eq!(differs(&[1_000, 502], 1_502).unwrap(), "line 2 is 5.02 there and 5.00 here");
    assert_eq!(differs(&[1_000, 500], 1_503).unwrap(), "the total is 15.03 there and 15.00 here");
    assert_eq!(differs(&[1_000, 500], 1_497).unwrap(), "the total is 14.97 there and 15.00 here");
    assert_eq!(
        differs(&[900, 500], 1_400).unwrap(),
        "line 1 is 9.00 there and 10.00 here; the total is 14.00 there and 15.00 here"
    );
}

#[test]
fn a_document_with_other_lines_is_compared_by_its_total() {
    assert_eq!(differs(&[], 1_500), None);
    assert_eq!(differs(&[1_500], 1_502), None);
    assert!(differs(&[1_500], 1_503).is_some());
}
