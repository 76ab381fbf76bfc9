//! What the lines of an invoice must come to, without its texts.
//!
//! The fields are the columns; the migrations say what they hold.

#![expect(missing_docs, reason = "each field is the column of its name")]

use diesel::prelude::*;
use postonce_domain::{Money, Percent, Quantity, UnitPrice, line_amount, total};

use crate::schema::postonce_invoice;

/// What was declared of an invoice.
#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = postonce_invoice)]
pub struct DeclaredRow {
    pub freight_minor: i64,
    pub line_count: i64,
    pub total_minor: i64,
}

/// What one of its lines comes to.
#[derive(Clone, Copy, Debug)]
pub struct AmountRow {
    pub quantity_e4: i64,
    pub unit_price_e4: i64,
    pub discount_e2: i64,
}

impl DeclaredRow {
    /// Whether these are all of its lines; an invoice has at least one.
    pub fn agrees(&self, lines: &[AmountRow]) -> bool {
        let found = i64::try_from(lines.len()).unwrap_or(i64::MAX);
        let sum = Money::from_minor(self.freight_minor)
            .and_then(|freight| total(lines.iter().map(AmountRow::amount), freight));
        found > 0 && found == self.line_count && sum.map(Money::minor) == Some(self.total_minor)
    }
}

impl AmountRow {
    fn amount(&self) -> Option<Money> {
        line_amount(
            Quantity::from_scaled(self.quantity_e4)?,
            UnitPrice::from_scaled(self.unit_price_e4)?,
            Percent::from_scaled(self.discount_e2)?,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: AmountRow =
        AmountRow { quantity_e4: 20_000, unit_price_e4: 12_500, discount_e2: 1_000 };

    #[test]
    fn lines_agree_if_count_and_sum_do() {
        let declared = DeclaredRow { freight_minor: 75, line_count: 2, total_minor: 525 };
        assert!(declared.agrees(&[LINE, LINE]));
        assert!(!declared.agrees(&[LINE]));
        assert!(!DeclaredRow { freight_minor: 75, line_count: 0, total_minor: 75 }.agrees(&[]));
        assert!(!declared.agrees(&[LINE, AmountRow { discount_e2: 0, ..LINE }]));
        assert!(!DeclaredRow { line_count: 3, ..declared.clone() }.agrees(&[LINE, LINE]));
        assert!(!DeclaredRow { total_minor: 450, ..declared }.agrees(&[LINE, LINE]));
    }
}
