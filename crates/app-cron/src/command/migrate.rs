//! `postonce migrate`.

use postonce_adapter_sqlite::SqliteStore;
use serde::Serialize;

use crate::exit::{Exit, Failure};
use crate::wiring::{Base, Context};

#[derive(Serialize)]
struct MigrateJson {
    database: String,
    schema_version: i64,
}

pub(crate) fn run(context: &Context<'_>) -> Result<Exit, Failure> {
    // Opening brings a SQLite file up to date, or refuses it.
    let base = Base::open(context)?;
    let database = base.store.path().display().to_string();
    let schema_version = SqliteStore::SCHEMA_VERSION;
    if context.output.is_json() {
        context.output.value(&MigrateJson { database, schema_version });
    } else {
        context
            .output
            .line(&format!("{database}: its schema is up to date, version {schema_version}"));
    }
    Ok(Exit::Done)
}
