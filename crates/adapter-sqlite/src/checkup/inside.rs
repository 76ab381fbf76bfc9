//! What SQLite says of the file, over a connection that writes nothing.

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel::sqlite::SqliteConnection;
use postonce_ports::checkup::Finding;

use super::{failure, fine, warning};
use crate::connection::SAFETY;
use crate::migrate;
use crate::registry::identity_of;

/// Faults that are named one by one; where there are more, they are of a kind.
const FAULTS: usize = 5;

pub(super) fn look(path: &Path) -> Vec<Finding> {
    const NAME: &str = "database_opens";
    let mut conn = match open(path) {
        Ok(conn) => conn,
        Err(why) => {
            let mend = "it is no SQLite database, or damaged, or locked; check `database.url`, or \
                        restore a backup";
            return vec![failure(NAME, why, "SQLite does not open it", mend)];
        }
    };
    let mut findings = vec![fine(NAME, "yes", "SQLite opens it")];
    findings.push(integrity(&mut conn));
    let schema = schema(&mut conn);
    let version = schema.version;
    findings.push(schema.finding);
    findings.push(journal(&mut conn));
    findings.push(synchronous(&mut conn));
    if version.is_some_and(|version| version >= 1) {
        findings.push(identity(&mut conn, path));
    }
    findings
}

/// Opens the file if it is there, and never makes one.
fn open(path: &Path) -> Result<SqliteConnection, String> {
    let text = path.to_str().ok_or("the path is not UTF-8")?;
    let text = text.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let mut conn = SqliteConnection::establish(&format!("file:{text}?mode=rw"))
        .map_err(|error| error.to_string())?;
    conn.batch_execute(&format!("PRAGMA busy_timeout = 5000; {SAFETY} PRAGMA query_only = ON;"))
        .and_then(|()| conn.batch_execute("SELECT count(*) FROM sqlite_schema"))
        .map_err(|error| error.to_string())?;
    Ok(conn)
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text, column_name = "quick_check")]
    text: String,
}

fn integrity(conn: &mut SqliteConnection) -> Finding {
    const NAME: &str = "integrity";
    let mend = "stop every run, keep a copy of the file, and restore the last good backup; then \
                `postonce connect --take-over`";
    let sql = format!("PRAGMA quick_check({FAULTS})");
    match diesel::sql_query(sql).load::<Line>(conn) {
        Ok(lines) if lines.iter().all(|line| line.text == "ok") => {
            fine(NAME, "ok", "SQLite's quick check finds no damage")
        }
        Ok(lines) => {
            let faults: Vec<String> = lines.into_iter().map(|line| line.text).collect();
            failure(NAME, faults.join("; "), "the file is damaged", mend)
        }
        Err(error) => failure(NAME, error.to_string(), "it cannot be checked for damage", mend),
    }
}

struct Schema {
    version: Option<i64>,
    finding: Finding,
}

fn schema(conn: &mut SqliteConnection) -> Schema {
    const NAME: &str = "schema_version";
    let known = migrate::KNOWN;
    let version = match migrate::found(conn) {
        Ok(version) => version,
        Err(error) => {
            let mend = "check that `database.url` names the right file";
            let meaning = "the record of its schema cannot be read";
            return Schema {
                version: None,
                finding: failure(NAME, error.to_string(), meaning, mend),
            };
        }
    };
    let value = version.to_string();
    let finding = match version {
        0 => {
            let meaning = "there are no tables of ours in it yet";
            warning(NAME, "none", meaning, "nothing: the next command makes them")
        }
        _ if version < known => {
            let meaning = format!("it is older than this program's {known}");
            warning(NAME, value, &meaning, "nothing: the next command brings it up to date")
        }
        _ if version > known => {
            let meaning = format!("it is newer than this program's {known}, which refuses it");
            failure(NAME, value, &meaning, "use a newer program")
        }
        _ => fine(NAME, value, "it is this program's"),
    };
    Schema { version: Some(version), finding }
}

#[derive(QueryableByName)]
struct Mode {
    #[diesel(sql_type = Text)]
    journal_mode: String,
}

fn journal(conn: &mut SqliteConnection) -> Finding {
    const NAME: &str = "journal_mode";
    match diesel::sql_query("PRAGMA journal_mode").get_result::<Mode>(conn) {
        Ok(Mode { journal_mode }) if journal_mode == "wal" => {
            fine(NAME, "wal", "who reads does not wait for who writes")
        }
        Ok(Mode { journal_mode }) => {
            let meaning = "who reads waits for who writes, and long imports turn others away";
            let mend = "the next command switches it to wal; if it stays as it is, move the file \
                        to a local disk";
            warning(NAME, journal_mode, meaning, mend)
        }
        Err(error) => failure(NAME, error.to_string(), "it cannot be read", "restore a backup"),
    }
}

#[derive(QueryableByName)]
struct Level {
    #[diesel(sql_type = BigInt)]
    synchronous: i64,
}

fn synchronous(conn: &mut SqliteConnection) -> Finding {
    const NAME: &str = "synchronous";
    match diesel::sql_query("PRAGMA synchronous").get_result::<Level>(conn) {
        Ok(Level { synchronous: 2 }) => {
            fine(NAME, "full", "a claim that was committed outlives a power cut")
        }
        Ok(Level { synchronous }) => {
            let meaning =
                "SQLite does not take the setting that makes a commit outlive a power cut";
            failure(
                NAME,
                synchronous.to_string(),
                meaning,
                "use this program's own build of SQLite",
            )
        }
        Err(error) => failure(NAME, error.to_string(), "it cannot be read", "restore a backup"),
    }
}

#[derive(QueryableByName)]
struct Known {
    #[diesel(sql_type = Nullable<Text>)]
    server: Option<String>,
}

fn identity(conn: &mut SqliteConnection, path: &Path) -> Finding {
    const NAME: &str = "identity";
    let select = "SELECT (SELECT server FROM postonce_installation) AS server";
    let known = diesel::sql_query(select).get_result::<Known>(conn);
    let here = identity_of(path);
    match (known, here) {
        (Ok(Known { server: Some(known) }), Ok(here)) if known != here => {
            let meaning = format!(
                "the database was last used as {known}: this is a copy, a restored backup or a \
                 moved file, and every company file stands still"
            );
            let mend =
                "make sure that no other copy is in use, then `postonce connect --take-over`";
            failure(NAME, here, &meaning, mend)
        }
        (Ok(Known { server: Some(_) }), Ok(here)) => fine(NAME, here, "the file is where it was"),
        (Ok(Known { server: None }), Ok(here)) => {
            fine(NAME, here, "the first run will keep this as where the database is")
        }
        (Err(error), _) => failure(
            NAME,
            error.to_string(),
            "the identity on record cannot be read",
            "restore a backup",
        ),
        (_, Err(error)) => {
            failure(NAME, error.to_string(), "the file cannot be looked at", "look again")
        }
    }
}
