//! Decimal text to scaled integers and back, exactly.

/// Why a text is not a decimal number of the wanted form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// Not of the form `-12.34`.
    #[error("`{text}` is not a number such as 12.34")]
    NotANumber {
        /// What was there, cut to 40 characters.
        text: String,
    },
    /// More digits behind the point than are kept. Nothing is rounded in silence.
    #[error("`{text}` has more than {decimals} decimals")]
    TooPrecise {
        /// What was there.
        text: String,
        /// How many are kept.
        decimals: u32,
    },
    /// Beyond the limit of the type.
    #[error("`{text}` is out of range; at most {limit} is possible")]
    OutOfRange {
        /// What was there.
        text: String,
        /// The largest number.
        limit: String,
    },
}

/// Parses `raw` as a number with up to `decimals` decimals, scaled by ten to that power, and at
/// most `limit` away from zero.
pub(crate) fn parse_scaled(raw: &str, decimals: u32, limit: i64) -> Result<i64, DecimalError> {
    let not_a_number = || DecimalError::NotANumber { text: raw.chars().take(40).collect() };
    let (negative, digits) = match raw.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, raw),
    };
    let (whole, fraction) = match digits.split_once('.') {
        Some((_, "")) => return Err(not_a_number()),
        Some(parts) => parts,
        None => (digits, ""),
    };
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
        return Err(not_a_number());
    }
    let kept = fraction.trim_end_matches('0');
    let text = || raw.chars().take(40).collect::<String>();
    let missing = u32::try_from(kept.len())
        .ok()
        .and_then(|length| decimals.checked_sub(length))
        .ok_or_else(|| DecimalError::TooPrecise { text: text(), decimals })?;
    let out_of_range =
        || DecimalError::OutOfRange { text: text(), limit: Scaled(limit, decimals).to_string() };
    let scaled = format!("{whole}{kept}")
        .parse::<i64>()
        .ok()
        .and_then(|value| value.checked_mul(10_i64.pow(missing)))
        .filter(|value| *value <= limit)
        .ok_or_else(out_of_range)?;
    Ok(if negative { -scaled } else { scaled })
}

/// A limit, for a message.
struct Scaled(i64, u32);

impl std::fmt::Display for Scaled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write_scaled(f, self.0, usize::try_from(self.1).unwrap_or_default(), 0)
    }
}

/// Writes `scaled` with `decimals` decimals, of which at least `shown` are printed.
pub(crate) fn write_scaled(
    f: &mut std::fmt::Formatter<'_>,
    scaled: i64,
    decimals: usize,
    shown: usize,
) -> std::fmt::Result {
    let sign = if scaled < 0 { "-" } else { "" };
    let digits = format!("{:0width$}", scaled.unsigned_abs(), width = decimals + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    let kept = fraction.trim_end_matches('0').len().max(shown);
    let fraction = &fraction[..kept];
    let point = if fraction.is_empty() { "" } else { "." };
    write!(f, "{sign}{whole}{point}{fraction}")
}

#[cfg(test)]
mod tests;
