//! `postonce migrate`.

use crate::database;
use crate::exit::{Exit, Failure};
use crate::wiring::{Context, configuration};

pub(crate) async fn run(context: &Context<'_>) -> Result<Exit, Failure> {
    let config = configuration(&context.sources)?;
    let migrated = database::migrate(&config).await?;
    if context.output.is_json() {
        context.output.value(&migrated);
    } else {
        let (database, version) = (&migrated.database, migrated.schema_version);
        context.output.line(&format!("{database}: its schema is up to date, version {version}"));
    }
    Ok(Exit::Done)
}
