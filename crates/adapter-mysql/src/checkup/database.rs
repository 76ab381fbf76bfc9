//! What is in the database.

use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};
use diesel_async::{AsyncMysqlConnection, RunQueryDsl};
use postonce_ports::checkup::Finding;

use super::{failure, fine, unseen};
use crate::migrate::{self, KNOWN};
use crate::session::Target;
use crate::{OpenError, identity as server};

/// Whether the tables are those that this program knows.
pub(super) async fn schema(conn: &mut AsyncMysqlConnection, target: &Target) -> Finding {
    const NAME: &str = "schema_version";
    match migrate::check(conn, target).await {
        Ok(()) => fine(NAME, KNOWN.to_string(), "it is this program's"),
        Err(OpenError::OlderSchema { missing, .. }) => {
            let value = format!("lacks {missing}");
            failure(NAME, value, "it is older than this program", "run `postonce migrate`")
        }
        Err(OpenError::NewerSchema { found, known, .. }) => {
            let meaning = format!("it is newer than this program's {known}, which refuses it");
            failure(NAME, found.to_string(), &meaning, "use a newer program")
        }
        Err(error) => {
            let mend = "let this user read the tables, and try again";
            failure(NAME, "unknown", &error.to_string(), mend)
        }
    }
}

#[derive(QueryableByName)]
struct Record {
    #[diesel(sql_type = Nullable<Text>)]
    server: Option<String>,
}

/// Whether the database is where it was.
pub(super) async fn identity(conn: &mut AsyncMysqlConnection) -> Finding {
    const NAME: &str = "identity";
    let seen = match server::identity(conn).await {
        Ok(seen) => seen,
        Err(error) => return unseen(NAME, &error),
    };
    let sql = "SELECT server FROM postonce_installation WHERE only = 1";
    let record: QueryResult<Record> = diesel::sql_query(sql).get_result(conn).await;
    match record.optional() {
        Err(error) => unseen(NAME, &error),
        Ok(Some(Record { server: Some(known) })) if known == seen => {
            fine(NAME, seen, "the database is where it was")
        }
        Ok(Some(Record { server: Some(known) })) => {
            let meaning = format!(
                "the record says {known}: the server was replaced, or this is a copy of a database \
                 that may be in use"
            );
            let mend =
                "if the other one is out of use for ever, run `postonce connect --take-over`";
            failure(NAME, seen, &meaning, mend)
        }
        Ok(_) => fine(NAME, seen, "the first run will put it on record"),
    }
}
