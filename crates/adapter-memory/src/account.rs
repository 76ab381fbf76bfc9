//! Who may come in: people, their sessions, and machines.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use postonce_domain::LoginName;
use postonce_ports::account::{
    Account, AccountChange, AccountChanged, AccountNote, AccountNoteRecord, Accounts, Machine,
    Machines, NewAccount, NewMachine, NewSession, Session, Sessions,
};
use postonce_ports::error::StoreError;

use crate::MemoryStore;
use crate::world::{World, later};

#[derive(Clone)]
pub(crate) struct SessionRow {
    pub(crate) account: LoginName,
    pub(crate) form_key: String,
    pub(crate) idle: Duration,
    pub(crate) idle_until: Timestamp,
    pub(crate) ends_at: Timestamp,
}

#[derive(Clone)]
pub(crate) struct MachineRow {
    pub(crate) key: String,
    pub(crate) machine: Machine,
}

#[async_trait]
impl Accounts for MemoryStore {
    async fn add_account(&self, new: NewAccount, actor: &str) -> Result<bool, StoreError> {
        let now = self.now();
        let mut world = self.world();
        if world.accounts.contains_key(&new.name) {
            return Ok(false);
        }
        world.write_account_note(now, new.note(actor));
        let NewAccount { name, role, password } = new;
        let account = Account {
            name: name.clone(),
            role,
            password,
            disabled: false,
            version: 1,
            changed_at: now,
        };
        world.accounts.insert(name, account);
        Ok(true)
    }

    async fn account(&self, name: &LoginName) -> Result<Option<Account>, StoreError> {
        Ok(self.world().accounts.get(name).cloned())
    }

    async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        Ok(self.world().accounts.values().cloned().collect())
    }

    async fn change_account(
        &self,
        name: &LoginName,
        seen: i64,
        change: AccountChange,
        actor: &str,
    ) -> Result<AccountChanged, StoreError> {
        let now = self.now();
        let mut world = self.world();
        let known: Vec<Account> = world.accounts.values().cloned().collect();
        let outcome = change.outcome(&known, name, seen, now);
        if let AccountChanged::Done(account) = &outcome {
            world.accounts.insert(account.name.clone(), account.clone());
            world.sessions.retain(|_, session| session.account != *name);
            world.write_account_note(now, change.note(&account.name, actor));
        }
        Ok(outcome)
    }

    async fn account_notes(
        &self,
        after: i64,
        limit: u32,
    ) -> Result<Vec<AccountNoteRecord>, StoreError> {
        let world = self.world();
        let later = world.account_notes.iter().filter(|record| record.id > after);
        Ok(later.take(usize::try_from(limit).unwrap_or(usize::MAX)).cloned().collect())
    }
}

#[async_trait]
impl Sessions for MemoryStore {
    async fn open_session(&self, session: NewSession) -> Result<bool, StoreError> {
        let now = self.now();
        let mut world = self.world();
        let account = world.accounts.get(&session.account);
        if account.is_none_or(|account| account.disabled || account.version != session.seen) {
            return Ok(false);
        }
        world.sessions.retain(|_, session| !session.is_over(now));
        world.write_account_note(now, session.note());
        let NewSession { key, account, form_key, idle, lasts, .. } = session;
        let (idle_until, ends_at) = (later(now, idle), later(now, lasts));
        world.sessions.insert(key, SessionRow { account, form_key, idle, idle_until, ends_at });
        Ok(true)
    }

    async fn session(&self, key: &str) -> Result<Option<Session>, StoreError> {
        let now = self.now();
        let mut world = self.world();
        let World { accounts, sessions, .. } = &mut *world;
        let Some(row) = sessions.get_mut(key).filter(|row| !row.is_over(now)) else {
            return Ok(None);
        };
        let Some(account) = accounts.get(&row.account).filter(|account| !account.disabled) else {
            return Ok(None);
        };
        row.use_at(now);
        let over_at = row.idle_until.min(row.ends_at);
        Ok(Some(Session { account: account.clone(), form_key: row.form_key.clone(), over_at }))
    }

    async fn close_session(&self, key: &str) -> Result<(), StoreError> {
        self.world().sessions.remove(key);
        Ok(())
    }
}

#[async_trait]
impl Machines for MemoryStore {
    async fn add_machine(&self, new: NewMachine, actor: &str) -> Result<bool, StoreError> {
        let now = self.now();
        let mut world = self.world();
        if world.machines.contains_key(&new.name) {
            return Ok(false);
        }
        world.write_account_note(now, new.note(actor));
        let NewMachine { name, side, role, key } = new;
        let machine = Machine { name: name.clone(), side, role, made_at: now, revoked_at: None };
        world.machines.insert(name, MachineRow { key, machine });
        Ok(true)
    }

    async fn machine(&self, key: &str) -> Result<Option<Machine>, StoreError> {
        let world = self.world();
        let found = world.machines.values().find(|row| row.key == key);
        Ok(found.map(|row| row.machine.clone()).filter(|machine| machine.revoked_at.is_none()))
    }

    async fn machines(&self) -> Result<Vec<Machine>, StoreError> {
        Ok(self.world().machines.values().map(|row| row.machine.clone()).collect())
    }

    async fn revoke_machine(&self, name: &LoginName, actor: &str) -> Result<bool, StoreError> {
        let now = self.now();
        let mut world = self.world();
        let Some(row) = world.machines.get_mut(name) else { return Ok(false) };
        if row.machine.revoked_at.is_none() {
            row.machine.revoked_at = Some(now);
            let note = row.machine.note_of_end(actor);
            world.write_account_note(now, note);
        }
        Ok(true)
    }
}

impl SessionRow {
    fn is_over(&self, now: Timestamp) -> bool {
        self.idle_until <= now || self.ends_at <= now
    }

    fn use_at(&mut self, now: Timestamp) {
        let until = later(now, self.idle);
        if until >= later(self.idle_until, self.idle / 16) {
            self.idle_until = until;
        }
    }
}

impl World {
    fn write_account_note(&mut self, at: Timestamp, note: AccountNote) {
        let last = self.account_notes.last().map_or(0, |note| note.id);
        self.account_notes.push(AccountNoteRecord { id: last + 1, at, note });
    }
}
