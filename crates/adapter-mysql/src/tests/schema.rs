//! The schema: how it comes to be, and what is refused.

use diesel_async::SimpleAsyncConnection as _;
use postonce_adapter_host::RandomIds;
use postonce_ports::store::InvoiceStore;
use secrecy::ExposeSecret as _;

use super::{Scene, database, discard, number_on, session};
use crate::lock::tests::proxy::host;
use crate::{Migrated, MysqlStore, OpenError, Options};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_database_is_refused_until_it_is_migrated() {
    let (options, name) = database().await;
    let refused = MysqlStore::open(&options).await.unwrap_err();
    assert!(matches!(refused, OpenError::OlderSchema { missing: 1, .. }), "{refused:?}");
    assert!(refused.to_string().contains("postonce migrate"), "{refused}");
    let to = MysqlStore::SCHEMA_VERSION;
    let migrated = MysqlStore::migrate(&options, &RandomIds).await.unwrap();
    assert_eq!(migrated, Migrated { from: 0, to });
    let first = MysqlStore::open(&options).await.unwrap().installation().await.unwrap();
    let migrated = MysqlStore::migrate(&options, &RandomIds).await.unwrap();
    assert_eq!(migrated, Migrated { from: to, to });
    let again = MysqlStore::open(&options).await.unwrap().installation().await.unwrap();
    assert_eq!(first, again);
    discard(&name).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_schema_is_refused_by_name() {
    let scene = Scene::new().await;
    let newer = "INSERT INTO postonce_schema_migration (version, name) VALUES (9999, 'later')";
    scene.sql(newer).await.unwrap();
    let opened = MysqlStore::open(&scene.options).await.unwrap_err();
    assert!(matches!(opened, OpenError::NewerSchema { found: 9999, .. }), "{opened:?}");
    let migrated = MysqlStore::migrate(&scene.options, &RandomIds).await.unwrap_err();
    assert!(matches!(migrated, OpenError::NewerSchema { found: 9999, .. }), "{migrated:?}");
    scene.end().await;
}

/// A user who may only read, or a server that takes no writes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nothing_is_to_be_migrated_nothing_is_written() {
    let scene = Scene::new().await;
    let url = scene.options.url.expose_secret();
    let (host, database) = (host(url), &scene.name);
    let user = &database[..database.len().min(32)];
    for sql in [
        format!("CREATE USER '{user}'@'%' IDENTIFIED BY 'x'"),
        format!("GRANT SELECT ON {database}.* TO '{user}'@'%'"),
    ] {
        scene.sql(&sql).await.unwrap();
    }
    let reader = format!("mysql://{user}:x@{host}/{database}?prefer_socket=false");
    let options = Options { url: reader.into(), ..scene.options.clone() };
    let to = MysqlStore::SCHEMA_VERSION;
    let migrated = MysqlStore::migrate(&options, &RandomIds).await.unwrap();
    assert_eq!(migrated, Migrated { from: to, to });
    scene.sql("DELETE FROM postonce_schema_migration WHERE version = 13").await.unwrap();
    let refused = MysqlStore::migrate(&options, &RandomIds).await.unwrap_err();
    assert!(refused.to_string().contains("postonce doctor"), "{refused}");
    scene.sql(&format!("DROP USER '{user}'@'%'")).await.unwrap();
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_that_stopped_half_way_goes_on() {
    let scene = Scene::new().await;
    // Applied and not recorded, as a crash between the two leaves it; and one not even applied.
    for sql in [
        "DELETE FROM postonce_schema_migration WHERE version >= 3",
        "DROP TABLE postonce_ledger_token",
        "DELETE FROM postonce_installation",
    ] {
        scene.sql(sql).await.unwrap();
    }
    let refused = MysqlStore::open(&scene.options).await.unwrap_err();
    assert!(matches!(refused, OpenError::OlderSchema { missing: 3, .. }), "{refused:?}");
    let migrated = MysqlStore::migrate(&scene.options, &RandomIds).await.unwrap();
    assert_eq!(migrated, Migrated { from: 2, to: MysqlStore::SCHEMA_VERSION });
    MysqlStore::open(&scene.options).await.map(drop).unwrap();
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_processes_may_migrate_at_once() {
    let (options, name) = database().await;
    let migrate = || {
        let options = options.clone();
        tokio::spawn(async move { MysqlStore::migrate(&options, &RandomIds).await })
    };
    let all = futures::future::join_all([migrate(), migrate(), migrate(), migrate()]).await;
    for migrated in all {
        assert_eq!(migrated.unwrap().unwrap().to, MysqlStore::SCHEMA_VERSION);
    }
    let mut conn = session(&options).await;
    assert_eq!(number_on(&mut conn, "SELECT count(*) FROM postonce_installation").await, 1);
    drop(conn);
    discard(&name).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_waits_for_another_one() {
    let (options, name) = database().await;
    let mut other = session(&options).await;
    assert_eq!(number_on(&mut other, "SELECT GET_LOCK('postonce_migrate', 60)").await, 1);
    let waiting = tokio::spawn({
        let options = options.clone();
        async move { MysqlStore::migrate(&options, &RandomIds).await }
    });
    let waits = format!(
        "SELECT count(*) FROM information_schema.processlist \
         WHERE db = '{name}' AND info LIKE 'SELECT CAST(GET_LOCK%'"
    );
    while number_on(&mut other, &waits).await == 0 {}
    other.batch_execute("DO RELEASE_LOCK('postonce_migrate')").await.unwrap();
    waiting.await.unwrap().unwrap();
    drop(other);
    discard(&name).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_table_says_what_its_letters_are() {
    let scene = Scene::new().await;
    let wrong = format!(
        "SELECT count(*) FROM information_schema.tables WHERE table_schema = '{}' AND \
         (table_name NOT LIKE 'postonce\\\\_%' OR table_collation <> 'utf8mb4_bin' \
         OR engine <> 'InnoDB')",
        scene.name
    );
    assert_eq!(scene.number(&wrong).await, 0);
    scene.end().await;
}
