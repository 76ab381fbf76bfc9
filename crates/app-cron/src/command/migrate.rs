//! `postonce migrate`.

use serde::Serialize;

use crate::exit::{Exit, Failure};
use crate::wiring::{Base, Context};

#[derive(Serialize)]
struct MigrateJson {
    database: String,
    schema: &'static str,
}

pub(crate) fn run(context: &Context<'_>) -> Result<Exit, Failure> {
    // Opening brings a SQLite file up to date, or refuses it.
    let base = Base::open(context)?;
    let database = base.store.path().display().to_string();
    let schema = "current";
    if context.output.is_json() {
        context.output.value(&MigrateJson { database, schema });
    } else {
        context.output.line(&format!("{database}: its schema is up to date"));
    }
    Ok(Exit::Done)
}
