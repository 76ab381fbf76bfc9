//! The schema, and how it is brought up to date.

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel::sqlite::SqliteConnection;

use crate::connection::run;
use crate::error::{OpenError, Step};
use crate::time;

/// A change of the schema. They are applied in this order, each once.
struct Migration {
    version: i64,
    name: &'static str,
    sql: &'static str,
}

const MIGRATIONS: [Migration; 13] = [
    Migration {
        version: 1,
        name: "invoices",
        sql: include_str!("../../../migrations/sqlite/0001_invoices.sql"),
    },
    Migration {
        version: 2,
        name: "claims",
        sql: include_str!("../../../migrations/sqlite/0002_claims.sql"),
    },
    Migration {
        version: 3,
        name: "runs",
        sql: include_str!("../../../migrations/sqlite/0003_runs.sql"),
    },
    Migration {
        version: 4,
        name: "alarm",
        sql: include_str!("../../../migrations/sqlite/0004_alarm.sql"),
    },
    Migration {
        version: 5,
        name: "file_note",
        sql: include_str!("../../../migrations/sqlite/0005_file_note.sql"),
    },
    Migration {
        version: 6,
        name: "ledger_access",
        sql: include_str!("../../../migrations/sqlite/0006_ledger_access.sql"),
    },
    Migration {
        version: 7,
        name: "invoice_flag",
        sql: include_str!("../../../migrations/sqlite/0007_invoice_flag.sql"),
    },
    Migration {
        version: 8,
        name: "mapping",
        sql: include_str!("../../../migrations/sqlite/0008_mapping.sql"),
    },
    Migration {
        version: 9,
        name: "ledger_scan",
        sql: include_str!("../../../migrations/sqlite/0009_ledger_scan.sql"),
    },
    Migration {
        version: 10,
        name: "ledger_consent",
        sql: include_str!("../../../migrations/sqlite/0010_ledger_consent.sql"),
    },
    Migration {
        version: 11,
        name: "notice",
        sql: include_str!("../../../migrations/sqlite/0011_notice.sql"),
    },
    Migration {
        version: 12,
        name: "cron_fire",
        sql: include_str!("../../../migrations/sqlite/0012_cron_fire.sql"),
    },
    Migration {
        version: 13,
        name: "accounts",
        sql: include_str!("../../../migrations/sqlite/0013_accounts.sql"),
    },
];

/// The newest version that this program knows.
pub(crate) const KNOWN: i64 = MIGRATIONS[MIGRATIONS.len() - 1].version;

/// Whether everything that this program knows is in place, installation included.
pub(crate) fn is_current(conn: &mut SqliteConnection) -> bool {
    let newest = "(SELECT max(version) FROM postonce_schema_migration)";
    let installed = "(SELECT count(*) FROM postonce_installation)";
    let select =
        diesel::select((diesel::dsl::sql::<BigInt>(newest), diesel::dsl::sql::<BigInt>(installed)));
    // A database without these tables is new.
    select.get_result::<(i64, i64)>(conn).is_ok_and(|found| found == (KNOWN, 1))
}

/// Applies what is missing, in one transaction: two processes that open a new database at once
/// wait for each other.
pub(crate) fn migrate(conn: &mut SqliteConnection, path: &Path) -> Result<(), OpenError> {
    let found = run(conn, |conn| {
        let found = applied(conn)?;
        for missing in MIGRATIONS.iter().filter(|it| it.version > found) {
            apply(conn, missing)?;
        }
        Ok(found)
    })
    .map_err(|error| OpenError::from_step(path, error))?;
    if found > KNOWN {
        return Err(OpenError::NewerSchema { path: path.to_path_buf(), found, known: KNOWN });
    }
    Ok(())
}

/// The newest migration on record, zero if there is no record. Changes nothing.
pub(crate) fn found(conn: &mut SqliteConnection) -> QueryResult<i64> {
    let record = "(SELECT count(*) FROM sqlite_schema WHERE name = 'postonce_schema_migration')";
    let there: i64 = diesel::select(diesel::dsl::sql::<BigInt>(record)).get_result(conn)?;
    if there == 0 {
        return Ok(0);
    }
    diesel::select(diesel::dsl::sql::<BigInt>(NEWEST)).get_result(conn)
}

const NEWEST: &str = "(SELECT coalesce(max(version), 0) FROM postonce_schema_migration)";

/// The newest migration on record.
fn applied(conn: &mut SqliteConnection) -> Step<i64> {
    conn.batch_execute(
        "CREATE TABLE IF NOT EXISTS postonce_schema_migration (\
         version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT",
    )?;
    Ok(diesel::select(diesel::dsl::sql::<BigInt>(NEWEST)).get_result(conn)?)
}

fn apply(conn: &mut SqliteConnection, migration: &Migration) -> Step<()> {
    conn.batch_execute(migration.sql)?;
    let now = time::now(conn)?;
    diesel::sql_query(
        "INSERT INTO postonce_schema_migration (version, name, applied_at) VALUES (?, ?, ?)",
    )
    .bind::<BigInt, _>(migration.version)
    .bind::<Text, _>(migration.name)
    .bind::<BigInt, _>(now)
    .execute(conn)?;
    Ok(())
}
