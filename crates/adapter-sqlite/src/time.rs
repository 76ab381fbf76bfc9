//! The database's own clock.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel::sqlite::SqliteConnection;

use crate::error::Step;

pub(crate) use postonce_store_rows::time::{later, timestamp};

/// Microseconds since 1970 in UTC, as exactly as SQLite tells the time: to the millisecond.
const NOW: &str = "(CAST(round(unixepoch('now', 'subsec') * 1000) AS INTEGER) * 1000)";

/// Now, by the database's clock.
pub(crate) fn now(conn: &mut SqliteConnection) -> Step<i64> {
    Ok(diesel::select(diesel::dsl::sql::<BigInt>(NOW)).get_result(conn)?)
}
