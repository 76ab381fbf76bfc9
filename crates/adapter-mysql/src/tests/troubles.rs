//! What the words of a real server are taken for, and what is shown of a target.

use diesel::QueryResult;
use diesel::result::Error as DriverError;
use diesel_async::{AsyncMysqlConnection, SimpleAsyncConnection as _};
use postonce_adapter_host::RandomIds;

use super::{Scene, options_for};
use crate::error::{Trouble, classify};
use crate::session::Target;
use crate::{MysqlStore, OpenError, Options};

async fn failed(conn: &mut AsyncMysqlConnection, sql: &str) -> DriverError {
    conn.batch_execute(sql).await.unwrap_err()
}

async fn trouble(conn: &mut AsyncMysqlConnection, sql: &str) -> Trouble {
    classify(&failed(conn, sql).await)
}

async fn two_rows(scene: &Scene) {
    scene.sql("INSERT INTO postonce_epoch VALUES ('a', 1), ('b', 1)").await.unwrap();
}

fn raise(file: &str) -> String {
    format!("UPDATE postonce_epoch SET epoch = epoch + 1 WHERE company_file = '{file}'")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadlock_is_known() {
    let scene = Scene::new().await;
    two_rows(&scene).await;
    let (mut one, mut other) = (scene.raw().await, scene.raw().await);
    one.batch_execute("START TRANSACTION").await.unwrap();
    other.batch_execute("START TRANSACTION").await.unwrap();
    one.batch_execute(&raise("a")).await.unwrap();
    other.batch_execute(&raise("b")).await.unwrap();
    let (raise_a, raise_b) = (raise("a"), raise("b"));
    let both: (QueryResult<()>, QueryResult<()>) =
        tokio::join!(one.batch_execute(&raise_b), other.batch_execute(&raise_a));
    let victim = match both {
        (Err(error), Ok(())) | (Ok(()), Err(error)) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(classify(&victim), Trouble::Deadlock, "{victim}");
    drop((one, other));
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn locks_that_are_not_had_are_known() {
    let scene = Scene::new().await;
    two_rows(&scene).await;
    let (mut one, mut other) = (scene.raw().await, scene.raw().await);
    one.batch_execute("START TRANSACTION").await.unwrap();
    one.batch_execute(&raise("a")).await.unwrap();
    other.batch_execute("SET innodb_lock_wait_timeout = 1").await.unwrap();
    assert_eq!(trouble(&mut other, &raise("a")).await, Trouble::LockWait);
    let no_wait = "SELECT epoch FROM postonce_epoch WHERE company_file = 'a' FOR UPDATE NOWAIT";
    assert_eq!(trouble(&mut other, no_wait).await, Trouble::LockWait);
    drop((one, other));
    scene.end().await;
}

#[test]
fn a_server_without_encryption_is_named_with_the_mend() {
    let target = Target::parse("mysql://root@host:33/x?require_ssl=true").unwrap();
    let error =
        OpenError::connect(&target, Box::new(mysql_async::DriverError::NoClientSslFlagFromServer));
    let words = error.to_string();
    assert!(words.contains("mysql://host:33/x") && words.contains("require_ssl"), "{words}");
    assert!(words.contains("offers no encryption"), "{words}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_values_are_known() {
    let scene = Scene::new().await;
    two_rows(&scene).await;
    let mut conn = scene.raw().await;
    let again = "INSERT INTO postonce_epoch VALUES ('a', 1)";
    assert_eq!(trouble(&mut conn, again).await, Trouble::Duplicate);
    for (constraint, sql) in [
        ("CHECK", "INSERT INTO postonce_epoch VALUES ('c', 0)"),
        ("NOT NULL", "INSERT INTO postonce_epoch VALUES ('c', NULL)"),
        ("FOREIGN KEY", "INSERT INTO postonce_ruled_out VALUES (999, 'u')"),
    ] {
        assert_eq!(trouble(&mut conn, sql).await, Trouble::Constraint, "{constraint}");
    }
    let long = format!("INSERT INTO postonce_epoch VALUES ('{}', 1)", "x".repeat(100));
    let words = failed(&mut conn, &long).await.to_string();
    assert!(words.contains("Data too long"), "{words}");
    conn.batch_execute("SET SESSION TRANSACTION READ ONLY").await.unwrap();
    assert_eq!(trouble(&mut conn, &raise("a")).await, Trouble::ReadOnly);
    drop(conn);
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_session_is_lost_whether_it_works_or_not() {
    let scene = Scene::new().await;
    let (mut idle, mut busy) = (scene.raw().await, scene.raw().await);
    let id = super::number_on(&mut idle, "SELECT CONNECTION_ID()").await;
    scene.sql(&format!("KILL {id}")).await.unwrap();
    assert_eq!(trouble(&mut idle, "SELECT 1").await, Trouble::Lost);
    assert_eq!(trouble(&mut idle, "SELECT 1").await, Trouble::Lost);
    let id = super::number_on(&mut busy, "SELECT CONNECTION_ID()").await;
    let working = tokio::spawn(async move { trouble(&mut busy, "SELECT SLEEP(60)").await });
    scene.until_waiting("SELECT SLEEP").await;
    scene.sql(&format!("KILL {id}")).await.unwrap();
    assert_eq!(working.await.unwrap(), Trouble::Lost);
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_cannot_be_used_is_named_without_its_password() {
    let lock = options_for("x").lock;
    let open = async |url: &str| {
        let options = Options { url: url.into(), lock: lock.clone() };
        MysqlStore::migrate(&options, &RandomIds).await.unwrap_err()
    };
    let nobody = open("mysql://root:hush@127.0.0.1:1/x").await;
    assert!(matches!(nobody, OpenError::Connect { .. }), "{nobody:?}");
    assert!(nobody.to_string().contains("127.0.0.1:1/x: nothing listens there"), "{nobody}");
    for url in ["mysql://root:hush@host/", "postgres://root:hush@host/x", "mysql://a:hu?sh@h/x"] {
        let wrong = open(url).await;
        assert!(matches!(wrong, OpenError::Url { .. }), "{wrong:?}");
        let shown = format!("{wrong} {wrong:?}");
        assert!(!shown.contains("hu"), "{shown}");
    }
    let target = Target::parse("mysql://root:hush@host:33/x?require_ssl=true").unwrap();
    assert_eq!(format!("{target:?}"), "Target(mysql://host:33/x)");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_session_is_set_up_whatever_the_server_thinks() {
    let scene = Scene::new().await;
    let mut conn = scene.raw().await;
    for (setting, wanted) in [
        ("@@time_zone", "+00:00"),
        ("@@lc_messages", "en_US"),
        ("@@innodb_lock_wait_timeout", "5"),
        ("@@lock_wait_timeout", "5"),
        ("@@wait_timeout", "60"),
    ] {
        let same = format!("SELECT {setting} = '{wanted}'");
        assert_eq!(super::number_on(&mut conn, &same).await, 1, "{setting}");
    }
    let strict = "SELECT FIND_IN_SET('STRICT_ALL_TABLES', @@sql_mode) > 0";
    assert_eq!(super::number_on(&mut conn, strict).await, 1);
    // The setting has another name on each server; what it does has not.
    let mut other = scene.raw().await;
    other.batch_execute("INSERT INTO postonce_epoch VALUES ('a', 1)").await.unwrap();
    conn.batch_execute("START TRANSACTION").await.unwrap();
    let epoch = "SELECT MAX(epoch) FROM postonce_epoch";
    assert_eq!(super::number_on(&mut conn, epoch).await, 1);
    other.batch_execute(&raise("a")).await.unwrap();
    assert_eq!(super::number_on(&mut conn, epoch).await, 2);
    drop((conn, other));
    scene.end().await;
}
