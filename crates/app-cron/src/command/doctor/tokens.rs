//! Whether tokens are sealed in the database, and can be opened.

use postonce_adapter_myob::TokenKeys;
use postonce_ports::checkup::{Finding, Severity};
use postonce_ports::error::StoreError;

use crate::config::Config;
use crate::database::Database;
use crate::wiring::NO_TOKEN_KEY;

/// The finding on tokens: by the configuration, and by what the database has, if it opens.
pub(super) async fn finding(config: &Config, database: Option<&Database>) -> Finding {
    let keys = config.tokens.keys();
    if let (Ok(keys), Some(database)) = (&keys, database)
        && let Ok(Some(closed)) = closed(keys, database).await
    {
        return closed;
    }
    of_configuration(config)
}

/// The first token on record that the keys do not open.
async fn closed(keys: &TokenKeys, database: &Database) -> Result<Option<Finding>, StoreError> {
    for known in database.connections.connections().await? {
        let Some(token) = database.tokens.token(&known.company_file).await? else { continue };
        let Err(error) = keys.check(&known.company_file, &token.secret) else { continue };
        let meaning = "no run starts: a token on record cannot be opened".to_owned();
        let mend = "put the key back that it was sealed with, as `tokens.key` or `tokens.old_key`; \
                    or forget it by `postonce connections revoke`, and connect again";
        return Ok(Some(Finding {
            name: NAME,
            severity: Severity::Failure,
            value: error.to_string(),
            meaning,
            mend: mend.to_owned(),
        }));
    }
    Ok(None)
}

const NAME: &str = "tokens_sealed";

fn of_configuration(config: &Config) -> Finding {
    let name = NAME;
    let keys = config.tokens.keys().ok();
    if let Some(id) = keys.as_ref().and_then(|keys| keys.id()) {
        let meaning = "tokens are sealed in the database; without this key they are of no use";
        let value = format!("key {id}");
        let (meaning, mend) = (meaning.to_owned(), String::new());
        return Finding { name, severity: Severity::Fine, value, meaning, mend };
    }
    let value = "no key".to_owned();
    if config.ledger.is_loopback {
        let meaning = "the ledger is on this machine, a stand-in: its tokens are kept as they are";
        let (meaning, mend) = (meaning.to_owned(), String::new());
        return Finding { name, severity: Severity::Fine, value, meaning, mend };
    }
    let meaning = "no run starts: tokens would stand in the database as they are".to_owned();
    Finding { name, severity: Severity::Failure, value, meaning, mend: NO_TOKEN_KEY.to_owned() }
}
