//! People and machines that may come in, and their trail.

use postonce_domain::Side;
use postonce_ports::account::{Account, AccountNoteRecord, Machine};
use serde::Serialize;

use super::time;

/// A person's account. Its password is no data.
#[derive(Debug, Serialize)]
pub(crate) struct AccountJson {
    pub(crate) name: String,
    pub(crate) role: &'static str,
    pub(crate) disabled: bool,
    version: i64,
    changed_at: String,
}

impl AccountJson {
    pub(crate) fn new(account: &Account) -> Self {
        Self {
            name: account.name.to_string(),
            role: account.role.as_str(),
            disabled: account.disabled,
            version: account.version,
            changed_at: time(account.changed_at),
        }
    }
}

/// A machine.
#[derive(Debug, Serialize)]
pub(crate) struct MachineJson {
    pub(crate) name: String,
    /// `platform`, `ordering` or `both`.
    pub(crate) side: &'static str,
    pub(crate) role: &'static str,
    made_at: String,
    revoked_at: Option<String>,
    /// When it is made, and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

impl MachineJson {
    pub(crate) fn new(machine: &Machine) -> Self {
        Self {
            name: machine.name.to_string(),
            side: machine.side.map_or("both", Side::as_str),
            role: machine.role.as_str(),
            made_at: time(machine.made_at),
            revoked_at: machine.revoked_at.map(time),
            token: None,
        }
    }

    pub(crate) fn with_token(machine: &Machine, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..Self::new(machine) }
    }
}

/// A line of the trail of accounts and machines.
#[derive(Debug, Serialize)]
pub(crate) struct AccountNoteJson {
    id: i64,
    at: String,
    event: &'static str,
    name: String,
    actor: String,
    text: String,
}

impl AccountNoteJson {
    pub(crate) fn new(record: &AccountNoteRecord) -> Self {
        Self {
            id: record.id,
            at: time(record.at),
            event: record.note.event.as_str(),
            name: record.note.name.to_string(),
            actor: record.note.actor.clone(),
            text: record.note.text.clone(),
        }
    }
}
