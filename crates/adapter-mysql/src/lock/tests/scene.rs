//! A database of a test, and another program on its server.

use std::time::Duration;

use diesel_async::{AsyncMysqlConnection, RunQueryDsl as _, SimpleAsyncConnection as _};
use postonce_adapter_host::RandomIds;
use postonce_domain::CompanyFile;
use postonce_ports::lock::{HeldLock, LockAnswer, RunLock as _};
use secrecy::ExposeSecret as _;

use crate::lock::named::NamedSession;
use crate::session::{Target, connect};
use crate::{LockKind, LockOptions, MysqlStore, Options};

/// So long that no test sees its end.
pub(crate) const LONG: Duration = Duration::from_secs(1_800);

/// The shortest timeout there is.
pub(crate) const SHORT: Duration = Duration::from_secs(2);

/// Longer than anything that is waited for takes.
pub(crate) const PATIENCE: u32 = 120;

/// Options for a database of its own, with the schema, and a lock name of its own: names are the
/// server's, not the database's.
pub(crate) async fn options(kind: LockKind, timeout: Duration) -> Options {
    let name = postonce_test_servers::fresh_name();
    let server = postonce_test_servers::shared();
    let mysql = options_at(server, "mysql", "x", kind, timeout);
    run(&mysql, &format!("CREATE DATABASE {name}")).await;
    let options = options_at(server, &name, &name, kind, timeout);
    MysqlStore::migrate(&options, &RandomIds).await.unwrap();
    options
}

fn options_at(
    server: &str,
    database: &str,
    name: &str,
    kind: LockKind,
    timeout: Duration,
) -> Options {
    // Without this the driver moves to the server's socket, past any proxy.
    let url = format!("{server}{database}?prefer_socket=false");
    let lock = LockOptions { kind, name: name.to_owned(), timeout, single_writer: false };
    Options { url: url.into(), lock }
}

pub(crate) async fn store(options: &Options) -> MysqlStore {
    MysqlStore::open(options).await.unwrap()
}

pub(crate) fn target(options: &Options) -> Target {
    Target::parse(options.url.expose_secret()).unwrap()
}

/// Another program on the server, that knows nothing of us.
pub(crate) async fn other_program(options: &Options) -> NamedSession {
    NamedSession::open(&target(options), LONG).await.unwrap()
}

/// Runs a statement on a session of its own, and says how many rows it changed.
pub(crate) async fn run(options: &Options, sql: &str) -> usize {
    let mut conn = connect(&target(options)).await.unwrap();
    diesel::sql_query(sql).execute(&mut conn).await.unwrap()
}

#[derive(diesel::QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::BigInt>)]
    number: Option<i64>,
}

/// What an expression is, as a whole number.
pub(crate) async fn number(options: &Options, expression: &str) -> Option<i64> {
    number_on(&mut connect(&target(options)).await.unwrap(), expression).await
}

pub(crate) async fn number_on(conn: &mut AsyncMysqlConnection, expression: &str) -> Option<i64> {
    let sql = format!("SELECT CAST(({expression}) AS SIGNED) AS number");
    let row: Number = diesel::sql_query(sql).get_result(conn).await.unwrap();
    row.number
}

/// A session that has a transaction open in which it did this.
pub(crate) async fn open_transaction(options: &Options, sql: &str) -> AsyncMysqlConnection {
    let mut conn = connect(&target(options)).await.unwrap();
    conn.batch_execute("START TRANSACTION").await.unwrap();
    conn.batch_execute(sql).await.unwrap();
    conn
}

pub(crate) async fn acquire(options: &Options) -> Box<dyn HeldLock> {
    match store(options).await.try_acquire().await.unwrap() {
        LockAnswer::Acquired(lock) => lock,
        LockAnswer::Busy(holder) => panic!("busy: {holder:?}"),
    }
}

pub(crate) async fn is_busy(options: &Options) -> bool {
    matches!(store(options).await.try_acquire().await.unwrap(), LockAnswer::Busy(_))
}

/// Asks the server to end a session.
pub(crate) async fn kill(options: &Options, id: Option<u64>) {
    other_program(options).await.kill(id.unwrap()).await.unwrap();
}

/// Waits until the server has freed the named lock, and returns whether it did.
pub(crate) async fn is_freed(options: &Options) -> bool {
    is_freed_within(options, PATIENCE).await
}

pub(crate) async fn is_freed_within(options: &Options, seconds: u32) -> bool {
    let mut session = other_program(options).await;
    session.take(&options.lock.name, seconds).await.unwrap()
}

/// Waits until the hold knows that it is lost; each look is a round trip to the server.
pub(crate) async fn until_lost(options: &Options, lock: &dyn HeldLock) {
    while !lock.is_lost() {
        number(options, "1").await;
    }
}

pub(crate) fn file() -> CompanyFile {
    CompanyFile::parse("shop").unwrap()
}
