//! What the checkup says of files that are fine and of files that are not.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel::sqlite::SqliteConnection;
use postonce_ports::registry::{Registry, Whereabouts};

use super::*;
use crate::SqliteStore;
use crate::tests::Counted;

async fn check(path: &Path) -> Vec<Finding> {
    SqliteCheckup::new(path).checkup().await
}

fn named<'a>(findings: &'a [Finding], name: &str) -> &'a Finding {
    findings.iter().find(|it| it.name == name).unwrap_or_else(|| panic!("{name}: {findings:?}"))
}

fn severity(findings: &[Finding], name: &str) -> Severity {
    named(findings, name).severity
}

fn execute(path: &Path, sql: &str) {
    let mut conn = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    conn.batch_execute(sql).unwrap();
}

/// Where the invoices' table and its indexes begin, counted from 1.
fn root_pages(path: &Path) -> Vec<usize> {
    let mut conn = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    let pages = diesel::dsl::sql::<BigInt>(
        "SELECT rootpage FROM sqlite_master WHERE tbl_name = 'postonce_invoice' AND rootpage > 0",
    );
    let pages: Vec<i64> = pages.load(&mut conn).unwrap();
    pages.into_iter().map(|page| usize::try_from(page).unwrap()).collect()
}

/// The files of a folder and what is in them.
fn content(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.display().to_string(), fs::read(&path).unwrap()))
        .collect();
    all.sort();
    all
}

#[tokio::test]
async fn a_database_in_use_is_fine_and_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("odd % name?#.db");
    let store = SqliteStore::open(&path, &Counted).unwrap();
    assert_eq!(store.whereabouts().await.unwrap(), Whereabouts::Same);
    drop(store);
    let before = content(folder.path());
    let findings = check(&path).await;
    for finding in &findings {
        // Where the tests' folder is, is not ours to say.
        let is_fine = finding.severity == Severity::Fine || finding.name == "file_system";
        assert!(is_fine, "{finding:?}");
        assert!(!finding.meaning.is_empty(), "{finding:?}");
    }
    let names: Vec<&str> = findings.iter().map(|finding| finding.name).collect();
    let wanted = [
        "database_file",
        "file_mode",
        "file_system",
        "folder",
        "lock_excludes",
        "database_opens",
        "integrity",
        "schema_version",
        "journal_mode",
        "synchronous",
        "identity",
    ];
    assert_eq!(names, wanted);
    assert_eq!(content(folder.path()), before);
}

#[tokio::test]
async fn a_file_that_is_not_there_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.db");
    let findings = check(&path).await;
    let [only] = findings.as_slice() else { panic!("{findings:?}") };
    assert_eq!((only.name, only.severity), ("database_file", Severity::Failure));
    assert!(only.mend.contains("database.url"), "{only:?}");
    assert_eq!(content(folder.path()), Vec::new());
}

#[tokio::test]
async fn an_empty_file_is_only_not_migrated_and_stays_empty() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.db");
    fs::write(&path, "").unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    let findings = check(&path).await;
    assert_eq!(severity(&findings, "schema_version"), Severity::Warning);
    assert_eq!(severity(&findings, "journal_mode"), Severity::Warning);
    assert_eq!(severity(&findings, "file_mode"), Severity::Warning);
    assert!(findings.iter().all(|finding| finding.severity < Severity::Failure), "{findings:?}");
    assert_eq!(content(folder.path()), [(path.display().to_string(), Vec::new())]);
}

#[tokio::test]
async fn a_file_that_is_no_database_or_a_folder_is_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.db");
    fs::write(&path, "no database, but long enough to have a header of a hundred bytes".repeat(9))
        .unwrap();
    assert_eq!(severity(&check(&path).await, "database_opens"), Severity::Failure);
    assert_eq!(severity(&check(folder.path()).await, "database_file"), Severity::Failure);
}

#[tokio::test]
async fn a_newer_schema_and_a_copy_are_failures() {
    let folder = tempfile::tempdir().unwrap();
    let (path, copy) = (folder.path().join("p.db"), folder.path().join("copy.db"));
    let store = SqliteStore::open(&path, &Counted).unwrap();
    assert_eq!(store.whereabouts().await.unwrap(), Whereabouts::Same);
    drop(store);
    fs::copy(&path, &copy).unwrap();
    let findings = check(&copy).await;
    let identity = named(&findings, "identity");
    assert_eq!(identity.severity, Severity::Failure);
    assert!(identity.mend.contains("--take-over"), "{identity:?}");
    execute(&path, "INSERT INTO postonce_schema_migration VALUES (99, 'from_the_future', 0)");
    let findings = check(&path).await;
    assert_eq!(severity(&findings, "schema_version"), Severity::Failure);
    assert_eq!(named(&findings, "schema_version").value, "99");
}

#[tokio::test]
async fn damage_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.db");
    drop(SqliteStore::open(&path, &Counted).unwrap());
    let mut bytes = fs::read(&path).unwrap();
    let pages = root_pages(&path);
    assert!(pages.len() > 3);
    // Pages of tables and indexes, and none of the schema.
    for page in pages {
        let page = bytes.chunks_mut(4_096).nth(page - 1).unwrap();
        page.fill(0xA5);
    }
    fs::write(&path, bytes).unwrap();
    let findings = check(&path).await;
    assert_eq!(severity(&findings, "integrity"), Severity::Failure, "{findings:?}");
}

#[tokio::test]
async fn an_older_schema_is_brought_up_by_the_next_command_and_not_by_the_checkup() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.db");
    drop(SqliteStore::open(&path, &Counted).unwrap());
    execute(&path, "DELETE FROM postonce_schema_migration WHERE version > 1");
    for _ in 0..2 {
        let findings = check(&path).await;
        let schema = named(&findings, "schema_version");
        assert_eq!((schema.severity, schema.value.as_str()), (Severity::Warning, "1"));
    }
}

#[test]
fn file_systems_of_other_machines_and_of_memory_are_warned_of() {
    for (magic, name) in [(0x6969, "NFS"), (0xFF53_4D42, "CIFS"), (0x0102_1994, "tmpfs")] {
        let finding = disk::of_magic(magic);
        assert_eq!((finding.value.as_str(), finding.severity), (name, Severity::Warning));
    }
    assert_eq!(disk::of_magic(0xEF53).severity, Severity::Fine);
}
