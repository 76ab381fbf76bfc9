//! Rows of accounts, sessions and machines, and of their trail.
//!
//! The fields are the columns; the migrations say what they hold.

#![expect(missing_docs, reason = "each field is the column of its name")]
#![expect(missing_debug_implementations, reason = "they hold hashes and keys")]

use diesel::prelude::*;
use postonce_domain::{LoginName, Role, Side};
use postonce_ports::account::{
    Account, AccountEvent, AccountNote, AccountNoteRecord, Machine, NewSession, Session,
};
use postonce_ports::error::StoreError;

use crate::rows::{corrupt, parsed};
use crate::schema::{postonce_account, postonce_account_note, postonce_machine, postonce_session};
use crate::time::{later, micros, timestamp};

const ACCOUNT: &str = "postonce_account";
const NOTE: &str = "postonce_account_note";
const SESSION: &str = "postonce_session";
const MACHINE: &str = "postonce_machine";

/// An account.
#[derive(Clone, Queryable, Selectable)]
#[diesel(table_name = postonce_account)]
pub struct AccountRow {
    pub name: String,
    pub role: String,
    pub password: String,
    pub disabled: bool,
    pub version: i64,
    pub changed_at: i64,
}

impl AccountRow {
    /// The account that the row tells of.
    pub fn account(self) -> Result<Account, StoreError> {
        let key = self.name.as_str();
        Ok(Account {
            name: parsed(ACCOUNT, key, LoginName::parse(key))?,
            role: parsed(ACCOUNT, key, self.role.parse::<Role>())?,
            disabled: self.disabled,
            version: self.version,
            changed_at: timestamp(ACCOUNT, key, self.changed_at)?,
            password: self.password,
        })
    }
}

/// The accounts, by name: servers have orders of their own.
pub fn accounts(rows: Vec<AccountRow>) -> Result<Vec<Account>, StoreError> {
    let mut accounts = rows.into_iter().map(AccountRow::account).collect::<Result<Vec<_>, _>>()?;
    accounts.sort_by(|one, next| one.name.cmp(&next.name));
    Ok(accounts)
}

/// A line of the trail.
#[derive(Clone, Queryable, Selectable)]
#[diesel(table_name = postonce_account_note)]
pub struct AccountNoteRow {
    pub id: i64,
    pub event: String,
    pub name: String,
    pub actor: String,
    pub text: String,
    pub created_at: i64,
}

impl AccountNoteRow {
    /// The line that the row tells of.
    pub fn record(self) -> Result<AccountNoteRecord, StoreError> {
        let event = AccountEvent::from_name(&self.event)
            .ok_or_else(|| corrupt(NOTE, self.id, "its event is unknown"))?;
        let name = parsed(NOTE, self.id, LoginName::parse(&self.name))?;
        Ok(AccountNoteRecord {
            id: self.id,
            at: timestamp(NOTE, self.id, self.created_at)?,
            note: AccountNote { event, name, actor: self.actor, text: self.text },
        })
    }
}

/// A session.
#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = postonce_session)]
pub struct SessionRow {
    pub session_key: String,
    pub account: String,
    pub form_key: String,
    pub idle: i64,
    pub idle_until: i64,
    pub ends_at: i64,
}

impl SessionRow {
    /// The row of a session that is opened `now`.
    pub fn of(new: &NewSession, now: i64) -> Self {
        Self {
            session_key: new.key.clone(),
            account: new.account.to_string(),
            form_key: new.form_key.clone(),
            idle: micros(new.idle),
            idle_until: later(now, new.idle),
            ends_at: later(now, new.lasts),
        }
    }

    /// Whether it is over.
    pub fn is_over(&self, now: i64) -> bool {
        self.idle_until <= now || self.ends_at <= now
    }

    /// Until when it lasts unused if it is used `now`; `None` if that may stay as it is.
    pub fn used(&self, now: i64) -> Option<i64> {
        let until = now.saturating_add(self.idle);
        let began = self.idle_until.saturating_sub(self.idle);
        (now.saturating_sub(began).saturating_mul(16) >= self.idle).then_some(until)
    }

    /// The session that the row tells of, with its account as it is now.
    pub fn session(self, account: Account) -> Result<Session, StoreError> {
        let over_at = self.idle_until.min(self.ends_at);
        let over_at = timestamp(SESSION, self.account.as_str(), over_at)?;
        Ok(Session { account, form_key: self.form_key, over_at })
    }
}

/// A machine.
#[derive(Clone, Queryable, Selectable)]
#[diesel(table_name = postonce_machine)]
pub struct MachineRow {
    pub name: String,
    pub side: Option<String>,
    pub role: String,
    pub made_at: i64,
    pub revoked_at: Option<i64>,
}

impl MachineRow {
    /// The machine that the row tells of.
    pub fn machine(self) -> Result<Machine, StoreError> {
        let key = self.name.as_str();
        let side = self.side.map(|side| side.parse::<Side>()).transpose();
        let revoked_at = self.revoked_at.map(|at| timestamp(MACHINE, key, at)).transpose()?;
        Ok(Machine {
            name: parsed(MACHINE, key, LoginName::parse(key))?,
            side: parsed(MACHINE, key, side)?,
            role: parsed(MACHINE, key, self.role.parse::<Role>())?,
            made_at: timestamp(MACHINE, key, self.made_at)?,
            revoked_at,
        })
    }
}

/// The machines, by name: servers have orders of their own.
pub fn machines(rows: Vec<MachineRow>) -> Result<Vec<Machine>, StoreError> {
    let mut machines = rows.into_iter().map(MachineRow::machine).collect::<Result<Vec<_>, _>>()?;
    machines.sort_by(|one, next| one.name.cmp(&next.name));
    Ok(machines)
}
