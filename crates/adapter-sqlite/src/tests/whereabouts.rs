//! Where the file is: which copies are another one, and which names are the same.

use std::fs;
use std::path::Path;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use postonce_domain::CompanyFile;
use postonce_ports::registry::{Registry, Whereabouts};
use postonce_ports::store::InvoiceStore;

use super::{Counted, Scene, shop};
use crate::SqliteStore;

const LONG: Duration = Duration::from_secs(3_600);

fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path, &Counted).unwrap()
}

fn is_moved(seen: &Whereabouts) -> bool {
    matches!(seen, Whereabouts::Moved { from, to } if from != to)
}

/// A scene whose file is on record, and a backup of it.
async fn backed_up() -> (Scene, std::path::PathBuf) {
    let scene = Scene::new();
    scene.ready(1).await;
    assert_eq!(scene.store.whereabouts().await.unwrap(), Whereabouts::Same);
    let backup = scene.folder.path().join("backup.db");
    scene.execute(&format!("VACUUM INTO '{}'", backup.display())).unwrap();
    (scene, backup)
}

#[tokio::test]
async fn a_copy_is_elsewhere_and_the_original_is_not() {
    let (scene, backup) = backed_up().await;
    assert!(is_moved(&open(&backup).whereabouts().await.unwrap()));
    assert_eq!(scene.store.whereabouts().await.unwrap(), Whereabouts::Same);
}

#[tokio::test]
async fn a_backup_that_is_put_in_the_files_place_is_elsewhere_even_for_who_has_it_open() {
    let (scene, backup) = backed_up().await;
    fs::rename(&backup, scene.path()).unwrap();
    assert!(is_moved(&scene.store.whereabouts().await.unwrap()));
    for name in ["p.db-wal", "p.db-shm"] {
        fs::remove_file(scene.folder.path().join(name)).unwrap();
    }
    assert!(is_moved(&open(&scene.path()).whereabouts().await.unwrap()));
}

#[tokio::test]
async fn the_same_file_is_where_it_was_under_another_name() {
    let Scene { folder, store } = Scene::new();
    assert_eq!(store.whereabouts().await.unwrap(), Whereabouts::Same);
    let linked = folder.path().join("link.db");
    std::os::unix::fs::symlink(folder.path().join("p.db"), &linked).unwrap();
    assert_eq!(open(&linked).whereabouts().await.unwrap(), Whereabouts::Same);
    drop(store);
    let renamed = folder.path().join("renamed.db");
    fs::rename(folder.path().join("p.db"), &renamed).unwrap();
    assert_eq!(open(&renamed).whereabouts().await.unwrap(), Whereabouts::Same);
}

#[tokio::test]
async fn to_ask_where_the_file_is_writes_nothing() {
    let scene = Scene::new();
    let mut writer = scene.raw();
    writer.batch_execute("BEGIN IMMEDIATE").unwrap();
    assert_eq!(scene.store.whereabouts().await.unwrap(), Whereabouts::Same);
    // Not even in a database that was copied before anybody asked.
    writer.batch_execute("ROLLBACK").unwrap();
    let copy = scene.folder.path().join("copy.db");
    scene.execute(&format!("VACUUM INTO '{}'", copy.display())).unwrap();
    assert!(is_moved(&open(&copy).whereabouts().await.unwrap()));
}

#[tokio::test]
async fn writing_vacuuming_and_opening_again_do_not_move_the_file() {
    let scene = Scene::new();
    assert_eq!(scene.store.whereabouts().await.unwrap(), Whereabouts::Same);
    scene.ready(1).await;
    scene.raw().batch_execute("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    assert_eq!(scene.store.whereabouts().await.unwrap(), Whereabouts::Same);
    let again = open(&scene.path());
    assert_eq!(again.whereabouts().await.unwrap(), Whereabouts::Same);
}

#[tokio::test]
async fn a_copy_that_is_taken_over_has_an_alarm_for_every_company_file() {
    let (scene, backup) = backed_up().await;
    let yard = CompanyFile::parse("yard").unwrap();
    let copy = open(&backup);
    copy.set_company_file(&yard, "business", "UTC").await.map(drop).unwrap();
    assert!(is_moved(&copy.take_over(LONG).await.unwrap()));
    for file in [shop(), yard] {
        let known = copy.company_file_settings(&file).await.unwrap().unwrap();
        assert!(known.alarm.is_some_and(|alarm| !alarm.quiet_over), "{file}");
    }
    let work = copy.files_with_work().await.unwrap();
    assert!(work[0].alarm.is_some(), "{work:?}");
    assert_eq!(copy.whereabouts().await.unwrap(), Whereabouts::Same);
    assert_eq!(copy.take_over(LONG).await.unwrap(), Whereabouts::Same);
    // The original knows nothing of it.
    assert_eq!(scene.store.company_file_settings(&shop()).await.unwrap(), None);
    assert_eq!(scene.store.whereabouts().await.unwrap(), Whereabouts::Same);
}
