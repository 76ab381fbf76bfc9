//! How every process on the database must be configured.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use postonce_ports::registry::{Agreed, LockSettings};
use postonce_store_rows::schema::postonce_sync_lock as lock;

use crate::error::{Step, StepError, Trouble, classify};
use crate::transaction::{Conn, End};

pub(super) async fn lock_settings(conn: &mut Conn, wanted: &LockSettings) -> Step<End<Agreed>> {
    let columns = lock::table.select((lock::kind, lock::scope, lock::name));
    let known: Option<(String, String, String)> = columns.first(conn).await.optional()?;
    if let Some((kind, scope, name)) = known {
        let known = LockSettings { kind, scope, name };
        return Ok(End::Undo(if known == *wanted { Agreed::Yes } else { Agreed::Differs(known) }));
    }
    let row = (
        lock::only.eq(1),
        lock::kind.eq(&wanted.kind),
        lock::scope.eq(&wanted.scope),
        lock::name.eq(&wanted.name),
    );
    match diesel::insert_into(lock::table).values(row).execute(conn).await {
        Ok(_) => Ok(End::Keep(Agreed::Yes)),
        // Another process was first; what it keeps is to be read.
        Err(error) if classify(&error) == Trouble::Duplicate => Err(StepError::Overtaken(error)),
        Err(error) => Err(error.into()),
    }
}
