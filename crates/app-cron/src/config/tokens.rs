//! The keys that seal tokens, and the file that one may stand in.

use postonce_adapter_myob::TokenKeys;
use secrecy::SecretString;

use super::TokensConfig;
use super::check::Values;

const KEY: &str = "tokens.key";
const KEY_FILE: &str = "tokens.key_file";
const OLD_KEY: &str = "tokens.old_key";

/// The keys, each tried on its own, so that each problem names its key.
pub(super) fn tokens(values: &Values, problems: &mut Vec<String>) -> TokensConfig {
    let secret = |name| values.text(name).map(SecretString::from);
    let (mut name, mut key) = (KEY, secret(KEY));
    if let Some(path) = values.text(KEY_FILE) {
        if key.is_some() {
            let why = "is set, and so is `tokens.key`; take one of them out";
            problems.push(values.problem(KEY_FILE, why));
            return TokensConfig::default();
        }
        match std::fs::read_to_string(path) {
            Ok(text) => (name, key) = (KEY_FILE, Some(text.into())),
            Err(error) => {
                let why = format!("cannot be read: {error}; make it by `openssl rand -base64 32`");
                problems.push(values.problem(KEY_FILE, &why));
            }
        }
    }
    let old_key = secret(OLD_KEY);
    for (name, key) in [(name, &key), (OLD_KEY, &old_key)] {
        if let Some(Err(bad)) = key.as_ref().map(|key| TokenKeys::new(key, None)) {
            problems.push(values.problem(name, &bad.to_string()));
        }
    }
    if key.is_none() && old_key.is_some() && values.text(KEY_FILE).is_none() {
        let why = "opens what an older key has sealed, and there is no new one; set `tokens.key`";
        problems.push(values.problem(OLD_KEY, why));
    }
    TokensConfig { key, old_key }
}
