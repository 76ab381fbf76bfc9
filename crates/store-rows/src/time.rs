//! The times of a database as values: microseconds since 1970 in UTC.

use std::time::Duration;

use jiff::Timestamp;
use postonce_ports::error::StoreError;

use crate::rows::corrupt;

/// `at` plus a time that a caller gave; the end of time if that is beyond it.
pub fn later(at: i64, time: Duration) -> i64 {
    at.saturating_add(micros(time)).min(Timestamp::MAX.as_microsecond())
}

/// A time that a caller gave, in microseconds; the longest there is if it is longer.
pub fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
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
