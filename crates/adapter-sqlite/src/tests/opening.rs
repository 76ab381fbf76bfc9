//! The file, and what is refused to be one.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use postonce_ports::error::StoreError;
use postonce_ports::store::InvoiceStore;

use super::{Counted, Scene};
use crate::{OpenError, SqliteStore};

#[tokio::test]
async fn a_new_file_is_its_owners_alone() {
    let scene = Scene::new();
    scene.ready(1).await;
    for name in ["p.db", "p.db-wal"] {
        let mode = fs::metadata(scene.folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn a_database_keeps_its_identity_and_what_is_in_it() {
    let scene = Scene::new();
    let id = scene.ready(1).await;
    let again = SqliteStore::open(&scene.path(), &Counted).unwrap();
    let installation = scene.store.installation().await.unwrap();
    assert_eq!(again.installation().await.unwrap(), installation);
    let stored = postonce_ports::reader::InvoiceReader::summary(&again, id).await.unwrap();
    assert!(stored.is_some());
}

#[test]
fn of_many_that_open_a_new_database_at_once_all_do() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    // Not every race goes wrong that could.
    for _ in 0..40 {
        open_at_once(&runtime);
    }
}

fn open_at_once(runtime: &tokio::runtime::Runtime) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.db");
    let threads: Vec<_> = (0..6)
        .map(|_| {
            let (path, runtime) = (path.clone(), runtime.handle().clone());
            std::thread::spawn(move || {
                let store = SqliteStore::open(&path, &Counted).unwrap();
                runtime.block_on(store.installation()).unwrap()
            })
        })
        .collect();
    let ids: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]));
}

#[tokio::test]
async fn a_newer_schema_is_refused_by_name() {
    let scene = Scene::new();
    scene
        .execute("INSERT INTO postonce_schema_migration VALUES (99, 'from_the_future', 0)")
        .unwrap();
    let error = SqliteStore::open(&scene.path(), &Counted).unwrap_err();
    assert!(matches!(error, OpenError::NewerSchema { found: 99, .. }), "{error}");
    let words = error.to_string();
    assert!(words.contains("p.db") && words.contains("99"), "{words}");
}

#[test]
fn a_file_that_is_no_database_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    fs::write(&path, "company_file,side,external_id\n".repeat(100)).unwrap();
    let words = SqliteStore::open(&path, &Counted).unwrap_err().to_string();
    assert!(words.contains("notes.txt") && words.contains("no SQLite database"), "{words}");
    assert!(fs::read_to_string(&path).unwrap().starts_with("company_file"), "it was not touched");
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing").join("p.db");
    let error = SqliteStore::open(&path, &Counted).unwrap_err();
    assert!(matches!(error, OpenError::File { .. }), "{error}");
    assert!(error.to_string().contains("missing/p.db"), "{error}");
}

#[tokio::test]
async fn a_file_that_may_not_be_written_is_refused_by_name() {
    let scene = Scene::new();
    let path = scene.path();
    drop(scene.store);
    fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
    if fs::OpenOptions::new().append(true).open(&path).is_ok() {
        return; // The superuser may write everything; the words are tried on elsewhere.
    }
    let words = SqliteStore::open(&path, &Counted).unwrap_err().to_string();
    assert!(words.contains("p.db") && words.contains("may not be written"), "{words}");
}

#[tokio::test]
async fn a_damaged_file_is_an_error_and_never_an_answer() {
    let scene = Scene::new();
    for n in 1..50 {
        scene.ready(n).await;
    }
    scene.execute("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let path = scene.path();
    drop(scene.store);
    let mut bytes = fs::read(&path).unwrap();
    let page = 4_096;
    bytes[page..].fill(0x5a);
    fs::write(&path, bytes).unwrap();
    let words = match SqliteStore::open(&path, &Counted) {
        Err(error) => error.to_string(),
        Ok(store) => match store.installation().await {
            Err(error @ StoreError::Unavailable { .. }) => error.to_string(),
            other => panic!("{other:?}"),
        },
    };
    assert!(words.contains("p.db") && words.contains("damaged"), "{words}");
}
