//! People's accounts, and the trail of accounts and machines.

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use postonce_domain::LoginName;
use postonce_ports::account::{
    Account, AccountChange, AccountChanged, AccountNote, AccountNoteRecord, Accounts, NewAccount,
};
use postonce_ports::error::StoreError;
use postonce_store_rows::account::{AccountNoteRow, AccountRow, accounts};

use crate::SqliteStore;
use crate::connection::End;
use crate::error::Step;
use crate::schema::{
    postonce_account as account, postonce_account_note as note, postonce_session as session,
};
use crate::time::{now, timestamp};

#[async_trait]
impl Accounts for SqliteStore {
    async fn add_account(&self, new: NewAccount, actor: &str) -> Result<bool, StoreError> {
        let actor = actor.to_owned();
        self.write(move |conn| {
            if find(conn, &new.name)?.is_some() {
                return Ok(End::Undo(false));
            }
            let now = now(conn)?;
            diesel::insert_into(account::table)
                .values((
                    account::name.eq(new.name.as_str()),
                    account::role.eq(new.role.as_str()),
                    account::password.eq(&new.password),
                    account::disabled.eq(false),
                    account::version.eq(1),
                    account::changed_at.eq(now),
                ))
                .execute(conn)?;
            write_note(conn, now, &new.note(&actor))?;
            Ok(End::Keep(true))
        })
        .await
    }

    async fn account(&self, name: &LoginName) -> Result<Option<Account>, StoreError> {
        let name = name.clone();
        self.read(move |conn| find(conn, &name)).await
    }

    async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        self.read(all).await
    }

    async fn change_account(
        &self,
        name: &LoginName,
        seen: i64,
        change: AccountChange,
        actor: &str,
    ) -> Result<AccountChanged, StoreError> {
        let (name, actor) = (name.clone(), actor.to_owned());
        self.write(move |conn| {
            let now = now(conn)?;
            let at = timestamp("postonce_account", &name, now)?;
            let outcome = change.outcome(&all(conn)?, &name, seen, at);
            let AccountChanged::Done(new) = &outcome else { return Ok(End::Undo(outcome)) };
            diesel::update(account::table.find(new.name.as_str()))
                .set((
                    account::role.eq(new.role.as_str()),
                    account::password.eq(&new.password),
                    account::disabled.eq(new.disabled),
                    account::version.eq(new.version),
                    account::changed_at.eq(now),
                ))
                .execute(conn)?;
            let theirs = session::table.filter(session::account.eq(new.name.as_str()));
            diesel::delete(theirs).execute(conn)?;
            write_note(conn, now, &change.note(&new.name, &actor))?;
            Ok(End::Keep(outcome))
        })
        .await
    }

    async fn account_notes(
        &self,
        after: i64,
        limit: u32,
    ) -> Result<Vec<AccountNoteRecord>, StoreError> {
        self.read(move |conn| {
            let rows: Vec<AccountNoteRow> = note::table
                .filter(note::id.gt(after))
                .order(note::id)
                .limit(i64::from(limit))
                .select(AccountNoteRow::as_select())
                .load(conn)?;
            Ok(rows.into_iter().map(AccountNoteRow::record).collect::<Result<_, _>>()?)
        })
        .await
    }
}

/// The account of this name.
pub(crate) fn find(conn: &mut SqliteConnection, name: &LoginName) -> Step<Option<Account>> {
    let row = account::table.find(name.as_str()).select(AccountRow::as_select());
    Ok(row.first(conn).optional()?.map(AccountRow::account).transpose()?)
}

fn all(conn: &mut SqliteConnection) -> Step<Vec<Account>> {
    Ok(accounts(account::table.select(AccountRow::as_select()).load(conn)?)?)
}

/// Writes a line, as part of the transaction that it tells of.
pub(crate) fn write_note(conn: &mut SqliteConnection, now: i64, line: &AccountNote) -> Step<()> {
    diesel::insert_into(note::table)
        .values((
            note::event.eq(line.event.as_str()),
            note::name.eq(line.name.as_str()),
            note::actor.eq(&line.actor),
            note::text.eq(&line.text),
            note::created_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}
