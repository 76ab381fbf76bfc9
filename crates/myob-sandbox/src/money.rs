//! Exact decimals: `Decimal` for what a client sends, `Cents` for what an invoice comes to.
//!
//! **Invariant:** no floating point. Numbers are read from, and written as, the digits that
//! stand in the JSON.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::switches::Rounding;

/// Digits behind the point that a [`Decimal`] keeps.
const SCALE: u32 = 6;

/// One, as a scaled integer.
const ONE: i128 = 1_000_000;

/// A quantity, price, percentage or rate with six digits behind the point; more are rounded half
/// away from zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Decimal(i64);

/// An amount of money in cents. In JSON it is a number with two digits behind the point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cents(i64);

impl Decimal {
    /// Reads a JSON number's text. `None` if it is no number or too large.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.trim().split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text.trim(), 0),
        };
        let (negative, digits) = match mantissa.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, mantissa),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all = format!("{whole}{fraction}");
        if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let places = i32::try_from(fraction.len()).ok()?;
        let shift = i32::try_from(SCALE).ok()?.checked_add(exponent)?.checked_sub(places)?;
        let digits: i128 = all.parse().ok()?;
        let power = 10_i128.checked_pow(shift.unsigned_abs());
        let scaled = match power {
            Some(power) if shift >= 0 => digits.checked_mul(power)?,
            Some(power) => divide(digits, power),
            None if shift < 0 || digits == 0 => 0,
            None => return None,
        };
        i64::try_from(if negative { -scaled } else { scaled }).ok().map(Self)
    }

    /// With at most `places` digits behind the point, half away from zero.
    pub(crate) fn rounded(self, places: u32) -> Self {
        let unit = 10_i128.pow(SCALE.saturating_sub(places));
        let rounded = divide(i128::from(self.0), unit).saturating_mul(unit);
        Self(i64::try_from(rounded).unwrap_or(self.0))
    }

    /// Whether it is zero.
    pub(crate) fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Rounded to cents, half away from zero.
    pub(crate) fn cents(self) -> Cents {
        let cents = divide(i128::from(self.0), 10_000);
        Cents(i64::try_from(cents).expect("a hundredth of an i64 fits"))
    }
}

impl Cents {
    /// `quantity * price`, less `discount` per cent, rounded once. `None` if it is too large.
    pub(crate) fn of(
        quantity: Decimal,
        price: Decimal,
        discount: Decimal,
        half_even: bool,
    ) -> Option<Self> {
        let kept = (100 * ONE).checked_sub(i128::from(discount.0))?;
        let exact = i128::from(quantity.0).checked_mul(i128::from(price.0))?.checked_mul(kept)?;
        // Two decimals and a percentage: 6 + 6 + 8 places, of which two remain.
        let by = 10_i128.pow(18);
        let cents = if half_even { divide_half_even(exact, by) } else { divide(exact, by) };
        i64::try_from(cents).ok().map(Self)
    }

    /// The sum; `None` if it is too large.
    pub(crate) fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// -1, 0 or 1.
    pub(crate) fn sign(self) -> i64 {
        self.0.signum()
    }

    /// The same amount as a decimal; amounts beyond its range become its greatest value.
    pub(crate) fn decimal(self) -> Decimal {
        Decimal(self.0.saturating_mul(10_000))
    }
}

/// Rounds the taxes of one invoice to cents.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rounder {
    rounding: Rounding,
    /// What the lines before left over, in parts of a cent.
    carried: i128,
}

/// Parts of a cent that are carried from line to line.
const PARTS: i128 = 1_000_000_000;

impl Rounder {
    /// With nothing carried yet.
    pub(crate) fn new(rounding: Rounding) -> Self {
        Self { rounding, carried: 0 }
    }

    /// The tax on `amount` at `rate` per cent, contained in it or on top of it.
    pub(crate) fn tax(&mut self, amount: Cents, rate: Decimal, contained: bool) -> Option<Cents> {
        let base = 100 * ONE + if contained { i128::from(rate.0) } else { 0 };
        let product = i128::from(amount.0).checked_mul(i128::from(rate.0))?;
        if base <= 0 {
            return None;
        }
        let cents = match self.rounding {
            Rounding::HalfAway => divide(product, base),
            Rounding::HalfEven => divide_half_even(product, base),
            Rounding::Carry => {
                let exact = divide(product.checked_mul(PARTS)?, base) + self.carried;
                let cents = divide(exact, PARTS);
                self.carried = exact - cents * PARTS;
                cents
            }
        };
        i64::try_from(cents).ok().map(Cents)
    }
}

/// Divides by a positive number; what lies in the middle goes to the even neighbour.
fn divide_half_even(number: i128, by: i128) -> i128 {
    let away = divide(number, by);
    let middle = number.checked_mul(2).is_some_and(|twice| twice.rem_euclid(by) == 0)
        && number.rem_euclid(by) != 0;
    if middle && away.rem_euclid(2) != 0 { away - number.signum() } else { away }
}

/// Divides by a positive number, half away from zero.
fn divide(number: i128, by: i128) -> i128 {
    let magnitude = number.unsigned_abs();
    let by = by.unsigned_abs();
    let whole = magnitude.div_euclid(by);
    let rest = magnitude.rem_euclid(by);
    let rounded = if rest >= by - rest { whole + 1 } else { whole };
    let rounded = i128::try_from(rounded).unwrap_or(i128::MAX);
    if number < 0 { -rounded } else { rounded }
}

/// Writes `units` with `places` digits behind the point, of which `least` stay even if zero.
fn write_scaled(
    out: &mut fmt::Formatter<'_>,
    units: i64,
    places: u32,
    least: usize,
) -> fmt::Result {
    let one = 10_u64.pow(places);
    let magnitude = units.unsigned_abs();
    let sign = if units < 0 { "-" } else { "" };
    let width = usize::try_from(places).unwrap_or(0);
    let mut fraction = format!("{:0width$}", magnitude.rem_euclid(one));
    while fraction.len() > least && fraction.ends_with('0') {
        fraction.pop();
    }
    let whole = magnitude.div_euclid(one);
    if fraction.is_empty() {
        write!(out, "{sign}{whole}")
    } else {
        write!(out, "{sign}{whole}.{fraction}")
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_scaled(out, self.0, SCALE, 2)
    }
}

impl fmt::Display for Cents {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_scaled(out, self.0, 2, 2)
    }
}

/// Writes a number's text as it stands, which only works straight into JSON text.
fn serialize_digits<S: Serializer>(text: String, to: S) -> Result<S::Ok, S::Error> {
    RawValue::from_string(text).map_err(serde::ser::Error::custom)?.serialize(to)
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        serialize_digits(self.to_string(), to)
    }
}

impl Serialize for Cents {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        serialize_digits(self.to_string(), to)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    /// Takes a JSON number, or a string that holds one: clients send both.
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(from)?;
        let text = raw.get();
        let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        Self::parse(inner.unwrap_or(text))
            .ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not a decimal number")))
    }
}

impl<'de> Deserialize<'de> for Cents {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        // Straight from the digits: a total may be larger than a `Decimal` holds.
        let raw = Box::<RawValue>::deserialize(from)?;
        let bad = || serde::de::Error::custom(format!("`{}` is not an amount", raw.get()));
        let (whole, fraction) = raw.get().split_once('.').ok_or_else(bad)?;
        if fraction.len() != 2 {
            return Err(bad());
        }
        format!("{whole}{fraction}").parse().map(Self).map_err(|_| bad())
    }
}

#[cfg(test)]
mod tests;
