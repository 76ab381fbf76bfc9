//! People's accounts, and the trail of accounts and machines.

use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use postonce_domain::LoginName;
use postonce_ports::account::{
    Account, AccountChange, AccountChanged, AccountNote, AccountNoteRecord, Accounts, NewAccount,
};
use postonce_ports::error::StoreError;
use postonce_store_rows::account::{AccountNoteRow, AccountRow, accounts};
use postonce_store_rows::schema::{
    postonce_account as account, postonce_account_note as note, postonce_session as session,
};
use postonce_store_rows::time::timestamp;

use crate::MysqlStore;
use crate::error::{Step, StepError, Trouble, classify};
use crate::statement::{Statement, statement};
use crate::time::now;
use crate::transaction::{Conn, End};

#[async_trait]
impl Accounts for MysqlStore {
    async fn add_account(&self, new: NewAccount, actor: &str) -> Result<bool, StoreError> {
        self.write((new, actor.to_owned()), |conn, (new, actor)| Box::pin(add(conn, new, actor)))
            .await
    }

    async fn account(&self, name: &LoginName) -> Result<Option<Account>, StoreError> {
        self.read(name.clone(), |conn, name| Box::pin(find(conn, name))).await
    }

    async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        self.read((), |conn, ()| {
            Box::pin(async {
                let rows = account::table.select(AccountRow::as_select()).load(conn).await?;
                Ok(accounts(rows)?)
            })
        })
        .await
    }

    async fn change_account(
        &self,
        name: &LoginName,
        seen: i64,
        change: AccountChange,
        actor: &str,
    ) -> Result<AccountChanged, StoreError> {
        let input = (name.clone(), seen, change, actor.to_owned());
        self.write(input, |conn, (name, seen, change, actor)| {
            Box::pin(async move {
                let outcome = changed(conn, name, *seen, change).await?;
                let AccountChanged::Done(new) = &outcome else { return Ok(End::Undo(outcome)) };
                let line = insert_note(&change.note(&new.name, actor));
                Ok(End::KeepWith(vec![line], outcome))
            })
        })
        .await
    }

    async fn account_notes(
        &self,
        after: i64,
        limit: u32,
    ) -> Result<Vec<AccountNoteRecord>, StoreError> {
        self.read((after, limit), |conn, (after, limit)| {
            Box::pin(async {
                let rows: Vec<AccountNoteRow> = note::table
                    .filter(note::id.gt(*after))
                    .order(note::id)
                    .limit(i64::from(*limit))
                    .select(AccountNoteRow::as_select())
                    .load(conn)
                    .await?;
                Ok(rows.into_iter().map(AccountNoteRow::record).collect::<Result<_, _>>()?)
            })
        })
        .await
    }
}

async fn add(conn: &mut Conn, new: &NewAccount, actor: &str) -> Step<End<bool>> {
    const INSERT: &str = "\
        INSERT INTO postonce_account (name, role, password, disabled, version) \
        VALUES (?, ?, ?, FALSE, 1)";
    if find(conn, &new.name).await?.is_some() {
        return Ok(End::Undo(false));
    }
    let insert = statement(INSERT)
        .text(new.name.as_str())
        .text(new.role.as_str())
        .text(new.password.as_str());
    match insert.execute(conn).await {
        Ok(_) => Ok(End::KeepWith(vec![insert_note(&new.note(actor))], true)),
        // Two had read that there is none.
        Err(error) if classify(&error) == Trouble::Duplicate => Err(StepError::Overtaken(error)),
        Err(error) => Err(error.into()),
    }
}

/// Changes an account and ends its sessions, if it may be changed.
async fn changed(
    conn: &mut Conn,
    name: &LoginName,
    seen: i64,
    change: &AccountChange,
) -> Step<AccountChanged> {
    // With all rows in hand, nobody else takes the other admin away at the same time.
    let known = account::table.order(account::name).select(AccountRow::as_select());
    let known = accounts(known.for_update().load(conn).await?)?;
    let now = now(conn).await?;
    let at = timestamp("postonce_account", name, now)?;
    let outcome = change.outcome(&known, name, seen, at);
    if let AccountChanged::Done(new) = &outcome {
        diesel::update(account::table.find(new.name.as_str()))
            .set((
                account::role.eq(new.role.as_str()),
                account::password.eq(&new.password),
                account::disabled.eq(new.disabled),
                account::version.eq(new.version),
                account::changed_at.eq(now),
            ))
            .execute(conn)
            .await?;
        let theirs = session::table.filter(session::account.eq(new.name.as_str()));
        diesel::delete(theirs).execute(conn).await?;
    }
    Ok(outcome)
}

/// The account of this name.
pub(crate) async fn find(conn: &mut Conn, name: &LoginName) -> Step<Option<Account>> {
    let row = account::table.find(name.as_str()).select(AccountRow::as_select());
    Ok(row.first(conn).await.optional()?.map(AccountRow::account).transpose()?)
}

/// The same; nobody else changes it before this transaction ends.
pub(crate) async fn held(conn: &mut Conn, name: &LoginName) -> Step<Option<Account>> {
    let row = account::table.find(name.as_str()).select(AccountRow::as_select()).for_update();
    Ok(row.first(conn).await.optional()?.map(AccountRow::account).transpose()?)
}

/// Writes a line, as part of the transaction that it tells of, at the server's time.
pub(crate) fn insert_note(line: &AccountNote) -> Statement {
    const INSERT: &str =
        "INSERT INTO postonce_account_note (event, name, actor, text) VALUES (?, ?, ?, ?)";
    statement(INSERT)
        .text(line.event.as_str())
        .text(line.name.as_str())
        .text(line.actor.as_str())
        .text(line.text.as_str())
}
