//! The schema, and how it is brought up to date.
//!
//! DDL cannot be rolled back. So each migration is one statement that may be repeated, and is put
//! on record after it: one that was applied and not recorded is applied again.

use std::collections::BTreeSet;
use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel_async::{AsyncMysqlConnection, RunQueryDsl, SimpleAsyncConnection};
use postonce_ports::clock::Ids;
use postonce_store_rows::schema::postonce_installation;
use secrecy::ExposeSecret as _;

use crate::error::OpenError;
use crate::session::{Target, connect};
use crate::{MysqlStore, Options};

/// A change of the schema. They are applied in this order, each once.
struct Migration {
    version: i64,
    name: &'static str,
    sql: &'static str,
}

macro_rules! migrations {
    ($($version:literal $name:literal $file:literal,)*) => {
        &[$(Migration {
            version: $version,
            name: $name,
            sql: include_str!(concat!("../../../migrations/mysql/", $file)),
        },)*]
    };
}

const MIGRATIONS: &[Migration] = migrations![
    1 "invoice" "0001_invoice.sql",
    2 "invoice_line" "0002_invoice_line.sql",
    3 "claim" "0003_claim.sql",
    4 "invoice_note" "0004_invoice_note.sql",
    5 "ruled_out" "0005_ruled_out.sql",
    6 "customer_claim" "0006_customer_claim.sql",
    7 "sync_run" "0007_sync_run.sql",
    8 "sync_lock" "0008_sync_lock.sql",
    9 "epoch" "0009_epoch.sql",
    10 "company_file" "0010_company_file.sql",
    11 "installation" "0011_installation.sql",
    12 "ledger_token" "0012_ledger_token.sql",
    13 "lease" "0013_lease.sql",
    14 "file_note" "0014_file_note.sql",
    15 "ledger_access" "0015_ledger_access.sql",
    16 "invoice_flag" "0016_invoice_flag.sql",
    17 "mapping" "0017_mapping.sql",
    18 "ledger_scan" "0018_ledger_scan.sql",
    19 "ledger_scan_document" "0019_ledger_scan_document.sql",
    20 "ledger_consent" "0020_ledger_consent.sql",
    21 "notice" "0021_notice.sql",
    22 "notice_told" "0022_notice_told.sql",
    23 "cron_fire" "0023_cron_fire.sql",
    24 "account" "0024_account.sql",
    25 "account_note" "0025_account_note.sql",
    26 "session" "0026_session.sql",
    27 "machine" "0027_machine.sql",
    28 "reply" "0028_reply.sql",
];

/// The newest version that this program knows.
pub(crate) const KNOWN: i64 = MIGRATIONS[MIGRATIONS.len() - 1].version;

/// Two processes that migrate at once wait for each other. Where a named lock means nothing, both
/// apply the same statements, and each may be repeated.
const LOCK: &str = "postonce_migrate";

/// How long one waits for the other.
const WAIT: Duration = Duration::from_secs(60);

const RECORD: &str = "\
    CREATE TABLE IF NOT EXISTS postonce_schema_migration (\
    version BIGINT NOT NULL PRIMARY KEY, \
    name VARCHAR(255) NOT NULL, \
    applied_at BIGINT NOT NULL DEFAULT \
    (TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(6)))\
    ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin";

/// What [`MysqlStore::migrate`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// The newest migration that was on record before; 0 if none was.
    pub from: i64,
    /// The newest one now.
    pub to: i64,
}

impl MysqlStore {
    /// Brings the schema up to date, and gives the database its installation id if it has none.
    ///
    /// Waits up to a minute for another process that does the same. Where nothing is to be done it
    /// only reads. An error in the middle leaves what was applied; calling it again goes on from
    /// there.
    pub async fn migrate(options: &Options, ids: &dyn Ids) -> Result<Migrated, OpenError> {
        let target = Target::parse(options.url.expose_secret())?;
        let mut conn = connect(&target).await?;
        if is_up_to_date(&mut conn, &target).await? {
            return Ok(Migrated { from: KNOWN, to: KNOWN });
        }
        let patience = format!("SET lock_wait_timeout = {}", WAIT.as_secs());
        conn.batch_execute(&patience).await.map_err(|error| OpenError::driver(&target, error))?;
        if is_locked_by_another(&mut conn).await {
            return Err(OpenError::Migrating { target: target.to_string(), limit: WAIT });
        }
        // The lock goes with the session, however this ends.
        migrate(&mut conn, &target, ids).await
    }
}

/// Whether every migration is on record and the database has its id.
async fn is_up_to_date(
    conn: &mut AsyncMysqlConnection,
    target: &Target,
) -> Result<bool, OpenError> {
    match check(conn, target).await {
        Ok(()) => {}
        Err(OpenError::OlderSchema { .. }) => return Ok(false),
        Err(error) => return Err(error),
    }
    let ids: QueryResult<i64> = postonce_installation::table.count().get_result(conn).await;
    Ok(ids.map_err(|error| OpenError::driver(target, error))? > 0)
}

/// Takes the lock of migrations; whether another has it all the time. Some clusters refuse named
/// locks: there two that migrate at once do the same twice, which every migration bears.
async fn is_locked_by_another(conn: &mut AsyncMysqlConnection) -> bool {
    let wait = i64::try_from(WAIT.as_secs()).unwrap_or(i64::MAX);
    let answer: QueryResult<Option<i64>> = diesel::select(
        diesel::dsl::sql::<Nullable<BigInt>>("CAST(GET_LOCK(")
            .bind::<Text, _>(LOCK)
            .sql(", ")
            .bind::<BigInt, _>(wait)
            .sql(") AS SIGNED)"),
    )
    .get_result(conn)
    .await;
    answer == Ok(Some(0))
}

async fn migrate(
    conn: &mut AsyncMysqlConnection,
    target: &Target,
    ids: &dyn Ids,
) -> Result<Migrated, OpenError> {
    let driver = |error| OpenError::driver(target, error);
    conn.batch_execute(RECORD).await.map_err(driver)?;
    let applied = applied(conn).await.map_err(driver)?;
    refuse_newer(target, &applied)?;
    for missing in MIGRATIONS.iter().filter(|it| !applied.contains(&it.version)) {
        apply(conn, missing).await.map_err(driver)?;
    }
    let installation = "\
        INSERT INTO postonce_installation (only, id) VALUES (1, ?) \
        ON DUPLICATE KEY UPDATE only = only";
    let id = ids.installation_id().to_string();
    diesel::sql_query(installation).bind::<Text, _>(id).execute(conn).await.map_err(driver)?;
    Ok(Migrated { from: applied.last().copied().unwrap_or_default(), to: KNOWN })
}

async fn apply(conn: &mut AsyncMysqlConnection, migration: &Migration) -> QueryResult<()> {
    conn.batch_execute(migration.sql).await?;
    let record = "\
        INSERT INTO postonce_schema_migration (version, name) VALUES (?, ?) \
        ON DUPLICATE KEY UPDATE name = name";
    diesel::sql_query(record)
        .bind::<BigInt, _>(migration.version)
        .bind::<Text, _>(migration.name)
        .execute(conn)
        .await?;
    Ok(())
}

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = BigInt)]
    version: i64,
}

async fn applied(conn: &mut AsyncMysqlConnection) -> QueryResult<BTreeSet<i64>> {
    let rows = diesel::sql_query("SELECT version FROM postonce_schema_migration");
    let rows: Vec<Version> = rows.load(conn).await?;
    Ok(rows.into_iter().map(|row| row.version).collect())
}

/// Refuses a schema that is not the one that this program knows.
pub(crate) async fn check(
    conn: &mut AsyncMysqlConnection,
    target: &Target,
) -> Result<(), OpenError> {
    let applied = match applied(conn).await {
        Ok(applied) => applied,
        // Nothing was ever applied here.
        Err(error) if error.to_string().contains("doesn't exist") => BTreeSet::new(),
        Err(error) => return Err(OpenError::driver(target, error)),
    };
    refuse_newer(target, &applied)?;
    match MIGRATIONS.iter().find(|it| !applied.contains(&it.version)) {
        Some(first) => {
            Err(OpenError::OlderSchema { target: target.to_string(), missing: first.version })
        }
        None => Ok(()),
    }
}

fn refuse_newer(target: &Target, applied: &BTreeSet<i64>) -> Result<(), OpenError> {
    match applied.last() {
        Some(found) if *found > KNOWN => {
            Err(OpenError::NewerSchema { target: target.to_string(), found: *found, known: KNOWN })
        }
        Some(_) | None => Ok(()),
    }
}
