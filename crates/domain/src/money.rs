//! Money in whole minor units, and the exact numbers that it is computed from.

use std::fmt;

use crate::decimal::{DecimalError, parse_scaled, write_scaled};

/// An amount in minor units (cents), at most 99,999,999,999.99 away from zero.
///
/// The bound is the ledger's: MYOB documents its amounts as `Decimal (13.2)`
/// (<https://developer.myob.com/api/myob-business-api/v2/sale/invoice/>).
///
/// ```
/// # use postonce_domain::Money;
/// assert_eq!(Money::parse("-12.5")?.to_string(), "-12.50");
/// assert_eq!(Money::parse("0.99")?.minor(), 99);
/// # Ok::<(), postonce_domain::DecimalError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(i64);

impl Money {
    /// The largest amount, in minor units.
    pub const MAX_MINOR: i64 = 9_999_999_999_999;

    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Parses text such as `12.34`: at most two decimals, no separators, no plus sign.
    pub fn parse(raw: &str) -> Result<Self, DecimalError> {
        parse_scaled(raw, 2, Self::MAX_MINOR).map(Self)
    }

    /// An amount of `minor` units; `None` beyond the limit.
    pub fn from_minor(minor: i64) -> Option<Self> {
        (minor.unsigned_abs() <= Self::MAX_MINOR.unsigned_abs()).then_some(Self(minor))
    }

    /// The amount in minor units.
    pub const fn minor(self) -> i64 {
        self.0
    }

    /// The sum; `None` beyond the limit.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).and_then(Self::from_minor)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_scaled(f, self.0, 2, 2)
    }
}

/// A number of four decimals kept as a scaled integer.
macro_rules! four_decimals {
    ($(#[$doc:meta])* $name:ident, limit $limit:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(i64);

        impl $name {
            /// Parses text such as `1.5`: at most four decimals.
            pub fn parse(raw: &str) -> Result<Self, DecimalError> {
                parse_scaled(raw, 4, $limit).map(Self)
            }

            /// From ten-thousandths; `None` beyond the limit.
            pub fn from_scaled(scaled: i64) -> Option<Self> {
                let limit: i64 = $limit;
                (scaled.unsigned_abs() <= limit.unsigned_abs()).then_some(Self(scaled))
            }

            /// In ten-thousandths.
            pub const fn scaled(self) -> i64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_scaled(f, self.0, 4, 0)
            }
        }
    };
}

four_decimals! {
    /// How many, with up to four decimals; at most a billion away from zero.
    Quantity, limit 10_000_000_000_000
}

four_decimals! {
    /// What one costs, with up to four decimals; at most 99,999,999,999.9999 away from zero.
    UnitPrice, limit 999_999_999_999_999
}

/// A discount in percent, 0 to 100, with up to two decimals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percent(i64);

impl Percent {
    /// Parses text such as `12.5`.
    pub fn parse(raw: &str) -> Result<Self, DecimalError> {
        let out_of_range = || DecimalError::OutOfRange {
            text: raw.chars().take(40).collect(),
            limit: "100, and at least 0,".to_owned(),
        };
        Self::from_scaled(parse_scaled(raw, 2, 10_000)?).ok_or_else(out_of_range)
    }

    /// From hundredths of a percent; `None` outside 0 to 100 percent.
    pub fn from_scaled(scaled: i64) -> Option<Self> {
        (0..=10_000).contains(&scaled).then_some(Self(scaled))
    }

    /// In hundredths of a percent.
    pub const fn scaled(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_scaled(f, self.0, 2, 0)
    }
}

/// Quantity × unit price less discount, rounded once, half away from zero; `None` beyond the limit
/// of [`Money`].
pub fn line_amount(quantity: Quantity, price: UnitPrice, discount: Percent) -> Option<Money> {
    // Scales: 10^4 × 10^4 × 10^4 over the amount in whole units, so 10^10 over minor units.
    const SCALE: i128 = 10_000_000_000;
    let exact = i128::from(quantity.0) * i128::from(price.0) * i128::from(10_000 - discount.0);
    let half = exact.signum() * SCALE;
    let rounded = (exact * 2 + half).checked_div(SCALE * 2)?;
    i64::try_from(rounded).ok().and_then(Money::from_minor)
}

#[cfg(test)]
mod tests;
