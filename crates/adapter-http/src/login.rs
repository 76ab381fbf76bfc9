//! How often somebody may try to log in.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;

/// Wrong passwords for one name, after which each try waits.
const NAME_TRIES: u32 = 5;

/// The same for one address, behind which a whole office may sit.
const ADDRESS_TRIES: u32 = 30;

/// How long each try waits then.
const WAIT: Duration = Duration::from_secs(30);

/// After how long without a wrong password all is forgotten.
const FORGOTTEN: Duration = Duration::from_secs(15 * 60);

/// The most names and addresses that are kept; the oldest go first.
const KEPT_MAX: usize = 10_000;

/// Passwords that are checked at once: each takes memory and a whole core.
const CHECKED_AT_ONCE: usize = 2;

/// Who has tried.
pub(crate) struct Logins {
    tries: Mutex<HashMap<String, Tries>>,
    /// A place for whoever checks a password.
    pub(crate) places: Semaphore,
}

#[derive(Clone, Copy, Debug)]
struct Tries {
    wrong: u32,
    last: Duration,
}

impl Default for Logins {
    fn default() -> Self {
        Self { tries: Mutex::default(), places: Semaphore::new(CHECKED_AT_ONCE) }
    }
}

impl Logins {
    /// Counts a try as wrong until it is known to be right; or says how long to wait.
    pub(crate) fn begin(&self, name: &str, address: &str, now: Duration) -> Result<(), Duration> {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        tries.retain(|_, known| now.saturating_sub(known.last) < FORGOTTEN);
        let keys = [(of_name(name), NAME_TRIES), (of_address(address), ADDRESS_TRIES)];
        for (key, most) in &keys {
            let Some(known) = tries.get(key).filter(|known| known.wrong >= *most) else { continue };
            let waited = now.saturating_sub(known.last);
            if waited < WAIT {
                return Err(WAIT.saturating_sub(waited));
            }
        }
        while tries.len() + keys.len() > KEPT_MAX {
            let oldest = tries.iter().min_by_key(|(_, known)| known.last);
            let Some(oldest) = oldest.map(|(key, _)| key.clone()) else { break };
            tries.remove(&oldest);
        }
        for (key, _) in keys {
            let known = tries.entry(key).or_insert(Tries { wrong: 0, last: now });
            *known = Tries { wrong: known.wrong.saturating_add(1), last: now };
        }
        Ok(())
    }

    /// The password was right.
    pub(crate) fn succeeded(&self, name: &str, address: &str) {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        tries.remove(&of_name(name));
        if let Some(known) = tries.get_mut(&of_address(address)) {
            known.wrong = known.wrong.saturating_sub(1);
        }
    }
}

fn of_name(name: &str) -> String {
    format!("name {}", name.to_lowercase())
}

fn of_address(address: &str) -> String {
    format!("address {address}")
}

#[cfg(test)]
mod tests;
