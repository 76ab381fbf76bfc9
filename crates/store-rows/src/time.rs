//! The times of a database as values: microseconds since 1970 in UTC.

use std::time::Duration;

use jiff::Timestamp;
use postonce_ports::error::StoreError;

use crate::rows::corrupt;

/// `at` plus a time that a caller gave; the end of time if that is beyond it.
pub fn later(at: i64, time: Duration) -> i64 {
    at.saturating_add(micros(time)).min(Timestamp::MAX.as_microsecond())
}

/// A time that a caller gave, in microseconds; at most the end of time, so that it can be added to
/// any other.
pub fn micros(time: Duration) -> i64 {
    let end = Timestamp::MAX.as_microsecond();
    i64::try_from(time.as_micros()).unwrap_or(end).min(end)
}

/// A stored time as a value.
pub fn timestamp(
    table: &'static str,
    key: impl ToString,
    micros: i64,
) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(micros)
        .map_err(|_| corrupt(table, key, format!("{micros} is no time")))
}
