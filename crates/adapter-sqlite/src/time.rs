//! The database's own clock, and its times as values.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel::sqlite::SqliteConnection;
use jiff::Timestamp;

use crate::error::{Step, StepError};
use crate::rows::corrupt;

/// Microseconds since 1970 in UTC, as exactly as SQLite tells the time: to the millisecond.
const NOW: &str = "(CAST(round(unixepoch('now', 'subsec') * 1000) AS INTEGER) * 1000)";

/// Now, by the database's clock.
pub(crate) fn now(conn: &mut SqliteConnection) -> Step<i64> {
    Ok(diesel::select(diesel::dsl::sql::<BigInt>(NOW)).get_result(conn)?)
}

/// `at` plus a time that a caller gave; the end of time if that is beyond it.
pub(crate) fn later(at: i64, time: Duration) -> i64 {
    let end = Timestamp::MAX.as_microsecond();
    i64::try_from(time.as_micros())
        .ok()
        .and_then(|time| at.checked_add(time))
        .unwrap_or(end)
        .min(end)
}

/// A stored time as a value.
pub(crate) fn timestamp(table: &'static str, key: impl ToString, micros: i64) -> Step<Timestamp> {
    Timestamp::from_microsecond(micros)
        .map_err(|_| StepError::Store(corrupt(table, key, format!("{micros} is no time"))))
}
