//! What the server does, rather than what it is set to.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::{AsyncMysqlConnection, RunQueryDsl};
use postonce_ports::checkup::Finding;
use rustix::time::{ClockId, clock_gettime};

use super::{failure, fine, unseen, warning};
use crate::session::Target;
use crate::variables::Variables;
use crate::{keyed, pool};

/// By how many seconds the clocks may differ.
const CLOCKS_APART: i64 = 5;

/// Sessions of one process: its transactions, its keys, its lock, and one to look with.
const NEED: usize = pool::SESSIONS + keyed::SESSIONS + 2;

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Whether others on the way can read along.
pub(super) async fn encrypted(conn: &mut AsyncMysqlConnection, target: &Target) -> Finding {
    const NAME: &str = "encrypted";
    let status = match Variables::status(conn, &["Ssl_cipher"]).await {
        Ok(status) => status,
        Err(error) => return unseen(NAME, &error),
    };
    match status.filled("ssl_cipher") {
        Some(cipher) => fine(NAME, cipher, "nobody on the way reads along"),
        None if target.is_local() => fine(NAME, "no", "the server is on this machine"),
        None => {
            let meaning = "passwords, tokens and invoices cross the network in the clear";
            let mend = "add ?require_ssl=true to the URL, with a certificate on the server";
            warning(NAME, "no", meaning, mend)
        }
    }
}

/// A copy of another server is no place for claims.
pub(super) async fn replica(conn: &mut AsyncMysqlConnection) -> Finding {
    const NAME: &str = "replica";
    // MariaDB counts; MySQL has a table, which not everybody may read.
    let running = Variables::status(conn, &["Slave_running"]).await.unwrap_or_default();
    let sql = "\
        SELECT COUNT(*) AS number FROM performance_schema.replication_connection_status \
        WHERE service_state = 'ON' AND channel_name NOT LIKE 'group_replication%'";
    let sources: QueryResult<Number> = diesel::sql_query(sql).get_result(conn).await;
    if running.is_on("slave_running") || sources.is_ok_and(|sources| sources.number > 0) {
        let meaning = "it copies another server, whose claims and lock it does not know in time";
        return failure(NAME, "yes", meaning, "connect to the primary");
    }
    fine(NAME, "no", "it copies no other server, as far as this user may see")
}

/// Whether the settings of each session of ours are in force.
pub(super) async fn own_settings(conn: &mut AsyncMysqlConnection) -> Finding {
    const NAME: &str = "session";
    let names = ["transaction_isolation", "tx_isolation", "autocommit", "time_zone"];
    let seen = match Variables::session(conn, &names).await {
        Ok(seen) => seen,
        Err(error) => return unseen(NAME, &error),
    };
    let isolation = seen.get("transaction_isolation").or_else(|| seen.get("tx_isolation"));
    let zone = seen.get("time_zone").unwrap_or_default();
    let value = format!("{}, {zone}", isolation.unwrap_or_default());
    if isolation == Some("READ-COMMITTED") && zone == "+00:00" {
        return fine(NAME, value, "sessions have the settings that we give them");
    }
    let meaning = "a session does not keep its settings, as behind a pooler of transactions";
    failure(NAME, value, meaning, "connect to the server itself")
}

/// The driver keeps no error numbers, so errors are told apart by their English words.
pub(super) async fn messages(conn: &mut AsyncMysqlConnection) -> Finding {
    const NAME: &str = "messages";
    let asked = diesel::sql_query("SELECT 1 FROM postonce_no_such_table").execute(conn).await;
    match asked {
        Err(error) if error.to_string().contains("doesn't exist") => {
            fine(NAME, "English", "errors of the server are understood")
        }
        Err(error) if error.to_string().contains("denied") => {
            fine(NAME, "English", "errors of the server are understood")
        }
        other => {
            let value = other.map_or_else(|error| error.to_string(), |_| "none".to_owned());
            let meaning = "errors of the server are not understood, so no transaction that met \
                           others is tried again";
            failure(NAME, value, meaning, "set lc_messages = en_US on the server")
        }
    }
}

/// Whether server and host agree on the time.
pub(super) async fn clock(conn: &mut AsyncMysqlConnection) -> Finding {
    const NAME: &str = "clock";
    let before = clock_gettime(ClockId::Realtime).tv_sec;
    let sql = "SELECT TIMESTAMPDIFF(SECOND, '1970-01-01', UTC_TIMESTAMP()) AS number";
    let server: Number = match diesel::sql_query(sql).get_result(conn).await {
        Ok(server) => server,
        Err(error) => return unseen(NAME, &error),
    };
    let after = clock_gettime(ClockId::Realtime).tv_sec;
    // While the question was on its way time went on.
    let apart = (before - server.number).max(server.number - after).max(0);
    if apart <= CLOCKS_APART {
        return fine(NAME, format!("{apart} s apart"), "server and this machine agree on the time");
    }
    let meaning = "deadlines of requests are by this machine's clock and quiet periods by the \
                   server's; each is right for itself, but logs and pages will not agree";
    warning(NAME, format!("{apart} s apart"), meaning, "let both follow a time server")
}

/// Whether there is room for our sessions.
pub(super) async fn room(conn: &mut AsyncMysqlConnection) -> Finding {
    const NAME: &str = "max_connections";
    let limit = Variables::global(conn, &["max_connections"]).await;
    let used = Variables::status(conn, &["Threads_connected"]).await;
    let (limit, used) = match (limit, used) {
        (Ok(limit), Ok(used)) => (limit, used),
        (Err(error), _) | (_, Err(error)) => return unseen(NAME, &error),
    };
    let number = |seen: &Variables, name| seen.get(name).and_then(|it| it.parse::<usize>().ok());
    let limit = number(&limit, "max_connections").unwrap_or_default();
    let used = number(&used, "threads_connected").unwrap_or_default();
    let value = format!("{limit}, {used} in use");
    if limit.saturating_sub(used) >= NEED {
        return fine(NAME, value, &format!("there is room for the {NEED} of one process"));
    }
    let meaning = format!("one process may want {NEED}; whoever gets none cannot reach the server");
    warning(NAME, value, &meaning, "raise max_connections")
}
