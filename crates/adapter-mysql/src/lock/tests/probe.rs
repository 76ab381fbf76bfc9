//! Whether a lock that does not exclude is seen.

use postonce_ports::lock::LockError;
use postonce_test_servers::MariaDb;
use secrecy::ExposeSecret as _;

use super::proxy::{Proxy, host};
use super::scene::{LONG, options, store};
use crate::probe::{Ending, cluster, prove};
use crate::variables::Variables;
use crate::{LockKind, LockRefused};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_excludes_is_taken() {
    for kind in [LockKind::Named, LockKind::Lease] {
        let options = options(kind, LONG).await;
        let store = store(&options).await;
        store.prove_lock().await.unwrap();
        // It is another one than the run's, which may be held meanwhile.
        let _held = super::scene::acquire(&options).await;
        store.prove_lock().await.unwrap();
        let target = super::scene::target(&options);
        prove(&target, &options.lock, Ending::Killed).await.unwrap();
        let left = "SELECT COUNT(*) FROM postonce_lease WHERE name LIKE 'postonce\\_probe%'";
        assert_eq!(super::scene::number(&options, left).await, Some(0));
    }
}

/// As behind a splitter of statements, or a balancer of load.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_with_two_servers_behind_it_is_refused() {
    let options = options(LockKind::Named, LONG).await;
    let second = tokio::task::spawn_blocking(|| MariaDb::start(&<_>::default()).unwrap());
    let second = second.await.unwrap();
    let database = options.lock.name.clone();
    second.query(&format!("CREATE DATABASE {database}")).unwrap();
    let here = host(options.url.expose_secret());
    let there = format!("127.0.0.1:{}", second.port());
    // The first connection is that of the store's opening.
    let proxy = Proxy::start(vec![here.clone(), here, there]).await;
    let store = store(&proxy.lead(&options)).await;
    let refused = store.prove_lock().await.unwrap_err();
    assert!(matches!(refused, LockRefused::DoesNotExclude { .. }), "{refused}");
    assert!(refused.to_string().contains("two sessions have the same lock"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn not_to_be_able_to_try_is_refused() {
    let options = options(LockKind::Named, LONG).await;
    let proxy = Proxy::before(&options).await;
    let store = store(&proxy.lead(&options)).await;
    drop(proxy);
    let refused = store.prove_lock().await.unwrap_err();
    assert!(matches!(refused, LockRefused::Lock(LockError::Unavailable { .. })), "{refused}");
}

#[test]
fn many_servers_in_one_are_told_by_their_settings() {
    for (settings, expected) in [
        (Variables::from([("version", "10.11.6-MariaDB"), ("wsrep_on", "ON")]), Some("Galera")),
        (Variables::from([("version", "10.11.6-MariaDB"), ("wsrep_on", "OFF")]), None),
        (
            Variables::from([("version", "8.4.0"), ("group_replication_group_name", "a-b")]),
            Some("Group Replication"),
        ),
        (Variables::from([("version", "8.4.0"), ("group_replication_group_name", "")]), None),
        (Variables::from([("version", "8.0.11-TiDB-v8.5.0"), ("wsrep_on", "")]), Some("TiDB")),
        (Variables::from([("version", "8.0.30-Vitess"), ("version_comment", "")]), Some("Vitess")),
    ] {
        assert_eq!(cluster(&settings), expected, "{settings:?}");
    }
}
