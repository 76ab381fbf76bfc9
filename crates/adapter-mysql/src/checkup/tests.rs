//! What is said of good servers and of bad ones.

use postonce_ports::checkup::{Checkup as _, Finding, Severity};

use super::{MysqlCheckup, settings};
use crate::lock::tests::scene::{LONG, options, run};
use crate::variables::Variables;
use crate::{LockKind, LockOptions, Options};

async fn checkup(options: &Options) -> Vec<Finding> {
    MysqlCheckup::new(options.clone()).checkup().await
}

fn named<'a>(findings: &'a [Finding], name: &str) -> &'a Finding {
    findings.iter().find(|it| it.name == name).unwrap_or_else(|| panic!("{name}: {findings:#?}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migrated_database_has_no_failure() {
    for kind in [LockKind::Named, LockKind::Lease] {
        let options = options(kind, LONG).await;
        let findings = checkup(&options).await;
        for it in &findings {
            println!("{:?} {} = {}: {} {}", it.severity, it.name, it.value, it.meaning, it.mend);
            assert_ne!(it.severity, Severity::Failure, "{it:?}");
            assert_eq!(it.mend.is_empty(), it.severity == Severity::Fine, "{it:?}");
            assert!(!it.meaning.is_empty());
        }
        for name in
            ["reachable", "encrypted", "schema_version", "lock_excludes", "grants", "clock", "room"]
        {
            let name = if name == "room" { "max_connections" } else { name };
            assert_eq!(named(&findings, name).severity, Severity::Fine, "{name}");
        }
        let mut names: Vec<_> = findings.iter().map(|it| it.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), findings.len());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_not_there_is_a_finding() {
    let mut options = options(LockKind::Named, LONG).await;
    for url in ["mysql://root@127.0.0.1:1/x?prefer_socket=false", "mysql://root@127.0.0.1:1/", "x"]
    {
        options.url = url.to_owned().into();
        let findings = checkup(&options).await;
        assert_eq!(findings.len(), 1);
        assert_eq!(named(&findings, "reachable").severity, Severity::Failure);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schema_of_another_program_is_a_finding() {
    let options = options(LockKind::Lease, LONG).await;
    let newer = "INSERT INTO postonce_schema_migration (version, name) VALUES (99999, 'x')";
    run(&options, newer).await;
    let findings = checkup(&options).await;
    assert_eq!(named(&findings, "schema_version").severity, Severity::Failure);
    run(&options, "DROP TABLE postonce_schema_migration").await;
    let findings = checkup(&options).await;
    let schema = named(&findings, "schema_version");
    assert_eq!(schema.severity, Severity::Failure);
    assert!(schema.mend.contains("postonce migrate"));
    assert_eq!(named(&findings, "lock_excludes").severity, Severity::Warning);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_moved_is_a_finding() {
    let options = options(LockKind::Named, LONG).await;
    assert_eq!(named(&checkup(&options).await, "identity").severity, Severity::Fine);
    run(&options, "UPDATE postonce_installation SET server = 'elsewhere'").await;
    let findings = checkup(&options).await;
    let identity = named(&findings, "identity");
    assert_eq!(identity.severity, Severity::Failure);
    assert!(identity.meaning.contains("elsewhere") && identity.mend.contains("--take-over"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_differs_from_that_of_the_others_is_a_finding() {
    let options = options(LockKind::Named, LONG).await;
    let severity =
        async |options: &Options| named(&checkup(options).await, "lock_settings").severity;
    assert_eq!(severity(&options).await, Severity::Fine);
    let name = &options.lock.name;
    let keep = format!("INSERT INTO postonce_sync_lock VALUES (1, 'named', 'global', '{name}')");
    run(&options, &keep).await;
    assert_eq!(severity(&options).await, Severity::Fine);
    let mut other = options.clone();
    other.lock.kind = LockKind::Lease;
    assert_eq!(severity(&other).await, Severity::Failure);
    other = options.clone();
    other.lock.name = "another".to_owned();
    let findings = checkup(&other).await;
    let differs = named(&findings, "lock_settings");
    assert_eq!(differs.severity, Severity::Failure);
    assert!(differs.mend.contains(name), "{differs:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_who_may_not_write_is_a_finding() {
    let options = options(LockKind::Named, LONG).await;
    let user = &options.lock.name[..options.lock.name.len().min(32)];
    run(&options, &format!("CREATE USER '{user}'@'%' IDENTIFIED BY 'x'")).await;
    let database = &options.lock.name;
    run(&options, &format!("GRANT SELECT ON {database}.* TO '{user}'@'%'")).await;
    run(&options, &format!("GRANT INSERT ON {database}.postonce_claim TO '{user}'@'%'")).await;
    let mut poor = options.clone();
    let host = crate::lock::tests::proxy::host(secrecy::ExposeSecret::expose_secret(&options.url));
    poor.url = format!("mysql://{user}:x@{host}/{database}?prefer_socket=false").into();
    let findings = checkup(&poor).await;
    let grants = named(&findings, "grants");
    assert_eq!(grants.severity, Severity::Failure);
    assert!(grants.value.contains("UPDATE on postonce_claim"), "{grants:?}");
    assert!(!grants.value.contains("INSERT on postonce_claim"), "{grants:?}");
    assert!(!grants.value.contains("SELECT"), "{grants:?}");
    assert!(named(&findings, "grants_to_migrate").value.contains("no CREATE"));
    assert_eq!(named(&findings, "lock_excludes").severity, Severity::Fine);
    run(&options, &format!("DROP USER '{user}'@'%'")).await;
}

fn lock(kind: LockKind, single_writer: bool) -> LockOptions {
    LockOptions { kind, name: "sync".to_owned(), timeout: LONG, single_writer }
}

fn judged(settings: &Variables, lock: &LockOptions, name: &str) -> Severity {
    named(&settings::look(settings, lock), name).severity
}

#[test]
fn each_setting_is_judged() {
    use Severity::{Failure, Fine, Warning};
    let named = lock(LockKind::Named, false);
    for (setting, value, name, expected) in [
        ("version", "10.11.6-MariaDB", "server", Fine),
        ("version", "10.5.6-MariaDB", "server", Warning),
        ("version", "8.4.2", "server", Fine),
        ("version", "5.7.44", "server", Warning),
        ("read_only", "ON", "writable", Failure),
        ("read_only", "NO_LOCK_NO_ADMIN", "writable", Failure),
        ("super_read_only", "ON", "writable", Failure),
        ("read_only", "OFF", "writable", Fine),
        ("innodb_flush_log_at_trx_commit", "1", "innodb_flush_log_at_trx_commit", Fine),
        ("innodb_flush_log_at_trx_commit", "2", "innodb_flush_log_at_trx_commit", Warning),
        ("sync_binlog", "0", "sync_binlog", Warning),
        ("sync_binlog", "1", "sync_binlog", Fine),
        ("binlog_format", "STATEMENT", "binlog_format", Failure),
        ("binlog_format", "MIXED", "binlog_format", Fine),
        ("wait_timeout", "28800", "wait_timeout", Fine),
        ("wait_timeout", "60", "wait_timeout", Warning),
        ("sql_mode", "", "sql_mode", Warning),
        ("sql_mode", "STRICT_TRANS_TABLES,NO_ZERO_DATE", "sql_mode", Fine),
        ("tx_isolation", "SERIALIZABLE", "isolation", Fine),
        ("wsrep_on", "ON", "cluster", Failure),
        ("wsrep_on", "OFF", "cluster", Fine),
    ] {
        let settings = Variables::from([("log_bin", "ON"), (setting, value)]);
        assert_eq!(judged(&settings, &named, name), expected, "{setting} = {value}");
    }
}

#[test]
fn a_cluster_goes_with_a_lease_or_with_somebodys_word() {
    let settings = Variables::from([("wsrep_on", "ON")]);
    for (lock, expected) in [
        (lock(LockKind::Named, false), Severity::Failure),
        (lock(LockKind::Named, true), Severity::Warning),
        (lock(LockKind::Lease, false), Severity::Fine),
    ] {
        assert_eq!(judged(&settings, &lock, "cluster"), expected, "{lock:?}");
    }
}

#[test]
fn a_server_without_a_binary_log_is_not_judged_by_its_settings() {
    let settings = Variables::from([("log_bin", "OFF"), ("sync_binlog", "0")]);
    let findings = settings::look(&settings, &lock(LockKind::Named, false));
    assert!(findings.iter().all(|it| !it.name.contains("binlog")));
}
