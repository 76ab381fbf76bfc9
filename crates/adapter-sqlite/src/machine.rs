//! Machines' tokens.

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use postonce_domain::{LoginName, Side};
use postonce_ports::account::{Machine, Machines, NewMachine};
use postonce_ports::error::StoreError;
use postonce_store_rows::account::{MachineRow, machines};

use crate::SqliteStore;
use crate::account::write_note;
use crate::connection::End;
use crate::error::Step;
use crate::schema::postonce_machine as machine;
use crate::time::now;

#[async_trait]
impl Machines for SqliteStore {
    async fn add_machine(&self, new: NewMachine, actor: &str) -> Result<bool, StoreError> {
        let actor = actor.to_owned();
        self.write(move |conn| {
            if find(conn, &new.name)?.is_some() {
                return Ok(End::Undo(false));
            }
            let now = now(conn)?;
            diesel::insert_into(machine::table)
                .values((
                    machine::name.eq(new.name.as_str()),
                    machine::side.eq(new.side.map(Side::as_str)),
                    machine::role.eq(new.role.as_str()),
                    machine::token_key.eq(&new.key),
                    machine::made_at.eq(now),
                ))
                .execute(conn)?;
            write_note(conn, now, &new.note(&actor))?;
            Ok(End::Keep(true))
        })
        .await
    }

    async fn machine(&self, key: &str) -> Result<Option<Machine>, StoreError> {
        let key = key.to_owned();
        self.read(move |conn| {
            let row = machine::table
                .filter(machine::token_key.eq(key))
                .filter(machine::revoked_at.is_null())
                .select(MachineRow::as_select());
            Ok(row.first(conn).optional()?.map(MachineRow::machine).transpose()?)
        })
        .await
    }

    async fn machines(&self) -> Result<Vec<Machine>, StoreError> {
        self.read(|conn| Ok(machines(machine::table.select(MachineRow::as_select()).load(conn)?)?))
            .await
    }

    async fn revoke_machine(&self, name: &LoginName, actor: &str) -> Result<bool, StoreError> {
        let (name, actor) = (name.clone(), actor.to_owned());
        self.write(move |conn| {
            let Some(known) = find(conn, &name)? else { return Ok(End::Undo(false)) };
            if known.revoked_at.is_some() {
                return Ok(End::Undo(true));
            }
            let now = now(conn)?;
            diesel::update(machine::table.find(name.as_str()))
                .set(machine::revoked_at.eq(now))
                .execute(conn)?;
            write_note(conn, now, &known.note_of_end(&actor))?;
            Ok(End::Keep(true))
        })
        .await
    }
}

fn find(conn: &mut SqliteConnection, name: &LoginName) -> Step<Option<Machine>> {
    let row = machine::table.find(name.as_str()).select(MachineRow::as_select());
    Ok(row.first(conn).optional()?.map(MachineRow::machine).transpose()?)
}
