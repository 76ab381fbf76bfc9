//! The file of the run lock.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use postonce_ports::lock::{HeldLock, LockAnswer, LockError, LockState, RunLock};

use super::{Counted, Scene, shop};
use crate::SqliteStore;

async fn acquire(store: &SqliteStore) -> Box<dyn HeldLock> {
    match store.try_acquire().await.unwrap() {
        LockAnswer::Acquired(lock) => lock,
        LockAnswer::Busy(holder) => panic!("busy: {holder:?}"),
    }
}

#[tokio::test]
async fn every_path_to_a_database_shares_its_lock() {
    let scene = Scene::new();
    let folder = scene.folder.path();
    let elsewhere = tempfile::tempdir().unwrap();
    symlink(folder, elsewhere.path().join("folder")).unwrap();
    symlink(scene.path(), elsewhere.path().join("file.db")).unwrap();
    fs::create_dir(folder.join("sub")).unwrap();
    let _lock = acquire(&scene.store).await;
    for path in [
        folder.join("sub/../p.db"),
        elsewhere.path().join("folder/p.db"),
        elsewhere.path().join("file.db"),
    ] {
        let other = SqliteStore::open(&path, &Counted).unwrap();
        assert_eq!(other.state().await.unwrap(), LockState::Held(None), "{}", path.display());
    }
    let apart = SqliteStore::open(&folder.join("q.db"), &Counted).unwrap();
    assert_eq!(apart.state().await.unwrap(), LockState::Free);
}

#[tokio::test]
async fn the_file_stays_and_names_the_hold_only_while_it_is_held() {
    let scene = Scene::new();
    let path = scene.folder.path().join("p.db.lock");
    let lock = acquire(&scene.store).await;
    assert_eq!(fs::read_to_string(&path).unwrap(), lock.owner());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    lock.release().await.unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "");
    fs::write(&path, "what a dead process left, longer than any owner's name could ever be")
        .unwrap();
    let lock = acquire(&scene.store).await;
    assert_eq!(fs::read_to_string(&path).unwrap(), lock.owner());
}

#[tokio::test]
async fn a_hold_whose_file_was_replaced_is_lost_and_raises_nothing() {
    let scene = Scene::new();
    let path = scene.folder.path().join("p.db.lock");
    let lock = acquire(&scene.store).await;
    let epoch = lock.raise_epoch(&shop()).await.unwrap();
    fs::remove_file(&path).unwrap();
    let other = acquire(&scene.store).await;
    assert!(lock.is_lost() && !other.is_lost());
    assert!(matches!(lock.raise_epoch(&shop()).await, Err(LockError::Lost)));
    assert_eq!(scene.number("SELECT epoch FROM postonce_epoch"), epoch.0);
    assert!(matches!(lock.release().await, Err(LockError::Lost)));
    other.release().await.unwrap();
}

#[tokio::test]
async fn a_lock_that_cannot_be_looked_at_is_an_error_and_neither_busy_nor_free() {
    let scene = Scene::new();
    fs::create_dir(scene.folder.path().join("p.db.lock")).unwrap();
    let error = scene.store.state().await.unwrap_err();
    assert!(error.to_string().contains("p.db.lock"), "{error}");
    assert!(matches!(error, LockError::Unavailable { .. }));
    assert!(scene.store.try_acquire().await.is_err());
}
