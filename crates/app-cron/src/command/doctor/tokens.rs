//! Whether tokens are sealed in the database.

use postonce_ports::checkup::{Finding, Severity};

use crate::config::Config;
use crate::wiring::NO_TOKEN_KEY;

/// The finding on tokens, by the configuration alone.
pub(super) fn finding(config: &Config) -> Finding {
    let name = "tokens_sealed";
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
