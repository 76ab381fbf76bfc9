//! Durations as people type them.

use std::time::Duration;

/// Parses `30s`, `5m`, `1h`, `2d`; a bare number is seconds. A year at most.
pub(crate) fn parse(raw: &str) -> Result<Duration, String> {
    const YEAR: u64 = 366 * 24 * 3_600;
    let digits = raw.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match raw.get(digits.len()..).unwrap_or_default() {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 24 * 3_600,
        other => return Err(format!("`{other}` is no unit; write s, m, h or d, as in `30s`")),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("not a duration; write it as in `30s`, `5m` or `1h`".to_owned());
    }
    let seconds = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
    seconds
        .filter(|seconds| *seconds <= YEAR)
        .map(Duration::from_secs)
        .ok_or_else(|| "longer than a year".to_owned())
}

#[cfg(test)]
mod tests;
