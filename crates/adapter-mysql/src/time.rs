//! The server's own clock.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;

use crate::error::Step;
use crate::statement::statement;
use crate::transaction::Conn;

/// Microseconds since 1970 in UTC, as SQL: the time at which its statement began, whatever the
/// session's zone is.
macro_rules! now_sql {
    () => {
        "TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(6))"
    };
}
pub(crate) use now_sql;

/// Now and so many microseconds more, as SQL; the end of time if that is beyond it.
macro_rules! later_sql {
    () => {
        "LEAST(TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(6)) + ?, \
         253402207200999999)"
    };
}
pub(crate) use later_sql;

#[derive(QueryableByName)]
struct Now {
    #[diesel(sql_type = BigInt)]
    now: i64,
}

/// Now, by the server's clock.
pub(crate) async fn now(conn: &mut Conn) -> Step<i64> {
    let row: Now = statement(concat!("SELECT ", now_sql!(), " AS now")).get_result(conn).await?;
    Ok(row.now)
}
