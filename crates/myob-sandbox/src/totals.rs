//! What an invoice comes to.
//!
//! MYOB computes line tax and totals itself and says nothing about rounding; here every line's
//! tax is rounded to the cent as the switch `rounding` says, and the totals are sums. `Subtotal` contains
//! the tax if the prices do, as in MYOB's window; freight is not part of it.

use crate::money::{Cents, Decimal, Rounder};

/// An amount with the rate of its tax in per cent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taxed {
    pub(crate) amount: Cents,
    pub(crate) rate: Decimal,
}

/// The three sums of an invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) subtotal: Cents,
    pub(crate) tax: Cents,
    pub(crate) total: Cents,
}

/// Adds up lines and freight. `None` if a sum is too large.
pub(crate) fn totals(
    lines: &[Taxed],
    freight: Taxed,
    tax_inclusive: bool,
    mut rounder: Rounder,
) -> Option<Totals> {
    let mut subtotal = Cents::default();
    let mut tax = Cents::default();
    for line in lines {
        subtotal = subtotal.plus(line.amount)?;
        tax = tax.plus(rounder.tax(line.amount, line.rate, tax_inclusive)?)?;
    }
    tax = tax.plus(rounder.tax(freight.amount, freight.rate, tax_inclusive)?)?;
    let mut total = subtotal.plus(freight.amount)?;
    if !tax_inclusive {
        total = total.plus(tax)?;
    }
    Some(Totals { subtotal, tax, total })
}

/// A line's amount: the `product` of quantity and price; without those, the total that was sent.
///
/// A client that fills absent numbers with zeros sends a total beside `0 * 0`; the total counts.
pub(crate) fn line_amount(
    quantity: Option<Decimal>,
    price: Option<Decimal>,
    sent: Option<Decimal>,
    product: impl Fn(Decimal, Decimal) -> Option<Cents>,
) -> Option<Cents> {
    let sent = sent.map(Decimal::cents);
    match (quantity, price) {
        (Some(quantity), Some(price)) => {
            let empty = quantity.is_zero() && price.is_zero();
            match sent {
                Some(sent) if empty => Some(sent),
                Some(_) | None => product(quantity, price),
            }
        }
        (Some(_) | None, None) | (None, Some(_)) => Some(sent.unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Taxed, line_amount, totals};
    use crate::money::{Cents, Decimal, Rounder};
    use crate::switches::Rounding;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    fn taxed(amount: &str, rate: &str) -> Taxed {
        Taxed { amount: decimal(amount).cents(), rate: decimal(rate) }
    }

    fn sums(inclusive: bool) -> [String; 3] {
        let rounder = Rounder::new(Rounding::HalfAway);
        let lines = [taxed("100", "10"), taxed("0.05", "10"), taxed("50", "0")];
        let totals = totals(&lines, taxed("11", "10"), inclusive, rounder).unwrap();
        [totals.subtotal, totals.tax, totals.total].map(|sum| sum.to_string())
    }

    #[test]
    fn tax_is_on_top_of_exclusive_prices() {
        // 10.00 + 0.01 (0.005 rounded up) + 1.10
        assert_eq!(sums(false), ["150.05", "11.11", "172.16"]);
    }

    #[test]
    fn the_three_ways_to_round_differ_by_cents() {
        // A tax of half a cent, three times, and one of one and a half.
        let lines = ["0.05", "0.05", "0.05", "0.15"].map(|amount| taxed(amount, "10"));
        for (rounding, tax) in
            [(Rounding::HalfAway, "0.05"), (Rounding::HalfEven, "0.02"), (Rounding::Carry, "0.03")]
        {
            let rounder = Rounder::new(rounding);
            let totals = totals(&lines, taxed("0", "0"), false, rounder).unwrap();
            assert_eq!(totals.tax.to_string(), tax, "{rounding:?}");
        }
    }

    #[test]
    fn tax_is_contained_in_inclusive_prices() {
        // 9.09 + 0.00 + 1.00
        assert_eq!(sums(true), ["150.05", "10.09", "161.05"]);
    }

    #[test]
    fn a_line_without_quantity_has_the_total_that_was_sent() {
        let amount = |quantity: Option<&str>, price: Option<&str>, sent: Option<&str>| {
            let [quantity, price, sent] = [quantity, price, sent].map(|text| text.map(decimal));
            let product = |quantity, price| Cents::of(quantity, price, Decimal::default(), false);
            line_amount(quantity, price, sent, product).unwrap().to_string()
        };
        assert_eq!(amount(None, None, Some("12.345")), "12.35");
        assert_eq!(amount(Some("0"), Some("0"), Some("7")), "7.00");
        assert_eq!(amount(Some("2"), Some("3"), Some("7")), "6.00");
        assert_eq!(amount(Some("2"), None, Some("7")), "7.00");
        assert_eq!(amount(None, None, None), "0.00");
    }
}
