//! Machines' tokens.

use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use postonce_domain::{LoginName, Side};
use postonce_ports::account::{Machine, Machines, NewMachine};
use postonce_ports::error::StoreError;
use postonce_store_rows::account::{MachineRow, machines};
use postonce_store_rows::schema::postonce_machine as machine;

use crate::MysqlStore;
use crate::account::insert_note;
use crate::error::{Step, StepError, Trouble, classify};
use crate::statement::statement;
use crate::time::now_sql;
use crate::transaction::{Conn, End};

#[async_trait]
impl Machines for MysqlStore {
    async fn add_machine(&self, new: NewMachine, actor: &str) -> Result<bool, StoreError> {
        self.write((new, actor.to_owned()), |conn, (new, actor)| Box::pin(add(conn, new, actor)))
            .await
    }

    async fn machine(&self, key: &str) -> Result<Option<Machine>, StoreError> {
        self.read(key.to_owned(), |conn, key| {
            Box::pin(async move {
                let row = machine::table
                    .filter(machine::token_key.eq(key))
                    .filter(machine::revoked_at.is_null())
                    .select(MachineRow::as_select());
                Ok(row.first(conn).await.optional()?.map(MachineRow::machine).transpose()?)
            })
        })
        .await
    }

    async fn machines(&self) -> Result<Vec<Machine>, StoreError> {
        self.read((), |conn, ()| {
            Box::pin(async {
                let rows = machine::table.select(MachineRow::as_select()).load(conn).await?;
                Ok(machines(rows)?)
            })
        })
        .await
    }

    async fn revoke_machine(&self, name: &LoginName, actor: &str) -> Result<bool, StoreError> {
        self.write((name.clone(), actor.to_owned()), |conn, (name, actor)| {
            Box::pin(revoke(conn, name, actor))
        })
        .await
    }
}

async fn add(conn: &mut Conn, new: &NewMachine, actor: &str) -> Step<End<bool>> {
    const INSERT: &str =
        "INSERT INTO postonce_machine (name, side, role, token_key) VALUES (?, ?, ?, ?)";
    if find(conn, &new.name).await?.is_some() {
        return Ok(End::Undo(false));
    }
    let insert = statement(INSERT)
        .text(new.name.as_str())
        .maybe_text(new.side.map(Side::as_str))
        .text(new.role.as_str())
        .text(new.key.as_str());
    match insert.execute(conn).await {
        Ok(_) => Ok(End::KeepWith(vec![insert_note(&new.note(actor))], true)),
        // Two had read that there is none.
        Err(error) if classify(&error) == Trouble::Duplicate => Err(StepError::Overtaken(error)),
        Err(error) => Err(error.into()),
    }
}

async fn revoke(conn: &mut Conn, name: &LoginName, actor: &str) -> Step<End<bool>> {
    const REVOKE: &str = concat!(
        "UPDATE postonce_machine SET revoked_at = ",
        now_sql!(),
        " WHERE name = ? AND revoked_at IS NULL"
    );
    let Some(known) = find(conn, name).await? else { return Ok(End::Undo(false)) };
    if statement(REVOKE).text(name.as_str()).execute(conn).await? == 0 {
        return Ok(End::Undo(true));
    }
    Ok(End::KeepWith(vec![insert_note(&known.note_of_end(actor))], true))
}

async fn find(conn: &mut Conn, name: &LoginName) -> Step<Option<Machine>> {
    let row = machine::table.find(name.as_str()).select(MachineRow::as_select());
    Ok(row.first(conn).await.optional()?.map(MachineRow::machine).transpose()?)
}
