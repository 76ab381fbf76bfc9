//! Who has the lock: a run only if it really is the holder, else the session.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text, Unsigned};
use diesel_async::{AsyncMysqlConnection, RunQueryDsl};
use jiff::Timestamp;
use postonce_domain::{RunId, Trigger};
use postonce_ports::lock::{Holder, RunHolder, SessionHolder};

#[derive(QueryableByName)]
struct RunRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    trigger: String,
    #[diesel(sql_type = Text)]
    actor: String,
    #[diesel(sql_type = Text)]
    host: String,
    #[diesel(sql_type = BigInt)]
    pid: i64,
    #[diesel(sql_type = BigInt)]
    started_at: i64,
    #[diesel(sql_type = BigInt)]
    done: i64,
    #[diesel(sql_type = BigInt)]
    total: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    connection_id: Option<i64>,
}

const COLUMNS: &str = "SELECT id, `trigger`, actor, host, pid, started_at, done, total, connection_id \
     FROM postonce_sync_run WHERE status = 'running' AND ";

impl RunRow {
    /// `None` for a row that cannot be: then the run is not named.
    fn holder(self) -> Option<Holder> {
        Some(Holder::Run(RunHolder {
            run: RunId(self.id),
            trigger: Trigger::from_name(&self.trigger)?,
            actor: self.actor,
            host: self.host,
            pid: u32::try_from(self.pid).ok()?,
            since: Timestamp::from_microsecond(self.started_at).ok()?,
            done: u64::try_from(self.done).ok()?,
            total: u64::try_from(self.total).ok()?,
            connection_id: self.connection_id.and_then(|id| u64::try_from(id).ok()),
        }))
    }
}

/// The running run whose hold has this owner. Not to be able to tell names nobody: that the lock
/// is held is known without it.
pub(super) async fn run_of_owner(conn: &mut AsyncMysqlConnection, owner: &str) -> Option<Holder> {
    let sql = format!("{COLUMNS} lock_owner = ? ORDER BY id DESC LIMIT 1");
    let row = diesel::sql_query(sql).bind::<Text, _>(owner).get_result::<RunRow>(conn).await;
    row.ok()?.holder()
}

/// Whom session `id`, which has a named lock, is: the running run that said so, or itself.
///
/// Ids of sessions begin anew with each start of the server, so a run that was there before it is
/// not the one.
pub(super) async fn of_session(
    conn: &mut AsyncMysqlConnection,
    id: u64,
    owner_prefix: &str,
) -> Holder {
    if let Some(run) = run_of_session(conn, id, owner_prefix).await {
        return run;
    }
    let session = session(conn, id).await;
    let (user, host) = session.map_or((None, None), |row| (row.user, row.host));
    Holder::Session(SessionHolder { connection_id: id, user, host })
}

async fn run_of_session(
    conn: &mut AsyncMysqlConnection,
    id: u64,
    owner_prefix: &str,
) -> Option<Holder> {
    let sql = format!(
        "{COLUMNS} connection_id = ? AND LEFT(lock_owner, CHAR_LENGTH(?)) = ? \
         ORDER BY id DESC LIMIT 1"
    );
    let row = diesel::sql_query(sql)
        .bind::<Unsigned<BigInt>, _>(id)
        .bind::<Text, _>(owner_prefix)
        .bind::<Text, _>(owner_prefix)
        .get_result::<RunRow>(conn)
        .await
        .ok()?;
    if row.started_at < server_start(conn).await? {
        return None;
    }
    row.holder()
}

#[derive(QueryableByName)]
struct Now {
    #[diesel(sql_type = BigInt)]
    now: i64,
}

/// When the server started, in microseconds since 1970 by its own clock; a second early at most.
async fn server_start(conn: &mut AsyncMysqlConnection) -> Option<i64> {
    let status = crate::variables::Variables::status(conn, &["Uptime"]).await.ok()?;
    let uptime: i64 = status.get("uptime")?.parse().ok()?;
    let sql = "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) AS now";
    let row: Now = diesel::sql_query(sql).get_result(conn).await.ok()?;
    Some(row.now - uptime.saturating_add(1).saturating_mul(1_000_000))
}

#[derive(QueryableByName)]
struct SessionRow {
    #[diesel(sql_type = Nullable<Text>)]
    user: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    host: Option<String>,
}

/// As whom and from where a session is logged in, if we may know.
async fn session(conn: &mut AsyncMysqlConnection, id: u64) -> Option<SessionRow> {
    // Newer MySQL has the second table only, and MariaDB the first.
    for table in ["information_schema.processlist", "performance_schema.processlist"] {
        let sql = format!("SELECT user, host FROM {table} WHERE id = ?");
        let row = diesel::sql_query(sql).bind::<Unsigned<BigInt>, _>(id).get_result(conn).await;
        if let Ok(row) = row {
            return Some(row);
        }
    }
    None
}
