//! Tests with real servers: what survives what, and that nothing is left behind.

use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::*;
use crate::{fresh_name, shared};

/// Set for a copy of this test program that is to be killed with its server.
const VICTIM: &str = "POSTONCE_TEST_SERVERS_VICTIM";

fn start() -> Server {
    MariaDb::start(&Options::default()).unwrap()
}

fn one(server: &Server, sql: &str) -> String {
    server.query(sql).unwrap()[0][0].clone().unwrap()
}

fn is_alive(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit(')').next().unwrap_or_default().trim();
    !state.is_empty() && !state.starts_with('Z')
}

fn wait_until(what: &str, mut so: impl FnMut() -> bool) {
    for _ in 0..6_000 {
        if so() {
            return;
        }
        pause();
    }
    panic!("waited in vain until {what}");
}

#[expect(clippy::disallowed_methods, reason = "another process is looked at again")]
fn pause() {
    std::thread::sleep(Duration::from_millis(10));
}

#[test]
fn a_server_answers_says_what_it_is_and_ends_with_its_value() {
    let server = start();
    assert_eq!(server.kind(), Kind::MariaDb);
    assert!(server.version().contains("MariaDB"), "{}", server.version());
    assert_eq!(server.url(), format!("mysql://root@127.0.0.1:{}/", server.port()));
    assert!(server.port() < 32_768);
    assert_eq!(one(&server, "SELECT @@max_connections"), "400");
    assert_eq!(one(&server, "SELECT @@innodb_flush_log_at_trx_commit"), "1");
    let (pid, port, folder) = (server.pid(), server.port(), server.launch.folder().to_owned());
    assert!(is_alive(pid));
    drop(server);
    assert!(!is_alive(pid));
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    assert!(!folder.exists());
}

#[test]
fn the_command_line_client_gets_in_over_tcp() {
    let server = start();
    let port = server.port().to_string();
    let client = Command::new("mariadb")
        .args(["--no-defaults", "--protocol=tcp", "-h127.0.0.1", "-uroot", "-N", "-P", &port])
        .args(["-e", "SELECT 6 * 7"])
        .output();
    match client {
        Ok(output) => assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "42"),
        // The client is a package of its own.
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound),
    }
}

#[test]
fn what_is_committed_survives_a_kill_and_an_orderly_stop() {
    let server = start();
    let (port, first) = (server.port(), server.pid());
    server.query("CREATE TABLE mysql.kept (n INT)").unwrap();
    server.query("INSERT INTO mysql.kept VALUES (7)").unwrap();
    server.kill().unwrap();
    assert!(!server.is_running().unwrap());
    assert!(server.query("SELECT 1").is_err());
    server.kill().unwrap();
    server.restart().unwrap();
    assert_eq!((server.port(), one(&server, "SELECT n FROM mysql.kept")), (port, "7".to_owned()));
    assert_ne!(server.pid(), first);
    server.stop().unwrap();
    assert!(server.log().contains("Shutdown complete"), "{}", server.log());
    server.restart().unwrap();
    server.restart().unwrap();
    assert_eq!(one(&server, "SELECT n FROM mysql.kept"), "7");
    assert!(is_alive(server.pid()));
}

#[test]
fn a_paused_server_takes_connections_but_answers_only_when_resumed() {
    let server = start();
    server.pause().unwrap();
    let asked = std::thread::scope(|scope| {
        let asked = scope.spawn(|| server.query("SELECT 1"));
        let state = || {
            let stat = std::fs::read_to_string(format!("/proc/{}/stat", server.pid())).unwrap();
            stat.rsplit(')').next().unwrap().trim().starts_with('T')
        };
        wait_until("the server is stopped", state);
        assert!(server.is_running().unwrap());
        server.resume().unwrap();
        asked.join().unwrap()
    });
    assert_eq!(asked.unwrap(), [[Some("1".to_owned())]]);
    server.pause().unwrap();
    server.stop().unwrap();
    assert!(!server.is_running().unwrap());
}

#[test]
fn data_are_copied_and_restored_only_while_nobody_uses_them() {
    let server = start();
    server.query("CREATE TABLE mysql.kept (n INT)").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let backup = folder.path().join("backup");
    assert!(server.copy_data(&backup).is_err());
    server.stop().unwrap();
    server.copy_data(&backup).unwrap();
    assert!(server.copy_data(&backup).is_err(), "there is one already");
    server.restart().unwrap();
    server.query("INSERT INTO mysql.kept VALUES (1)").unwrap();
    assert!(server.restore_data(&backup).is_err());
    let copy = MariaDb::start(&Options::default().data(&backup)).unwrap();
    assert_eq!(one(&copy, "SELECT COUNT(*) FROM mysql.kept"), "0");
    server.kill().unwrap();
    server.restore_data(&backup).unwrap();
    server.restart().unwrap();
    assert_eq!(one(&server, "SELECT COUNT(*) FROM mysql.kept"), "0");
}

#[test]
fn arguments_of_the_caller_win() {
    let options = Options::default().arg("--max-connections=17").arg("--read-only");
    let server = MariaDb::start(&options).unwrap();
    assert_eq!(one(&server, "SELECT @@max_connections"), "17");
    assert_eq!(one(&server, "SELECT @@read_only"), "1");
    let refused = MariaDb::start(&Options::default().arg("--no-such-option")).unwrap_err();
    assert!(refused.to_string().contains("no-such-option"), "{refused:#}");
}

#[test]
fn a_large_server_keeps_every_commit_too() {
    let server = MariaDb::start(&Options::default().durable_bench()).unwrap();
    assert_eq!(one(&server, "SELECT @@innodb_log_file_size"), (256 << 20).to_string());
    assert_eq!(one(&server, "SELECT @@innodb_flush_log_at_trx_commit"), "1");
}

#[test]
fn a_port_that_is_taken_is_told_from_a_server_that_fails() {
    let server = start();
    let folder = tempfile::tempdir().unwrap();
    let installation = Installation::find(Kind::MariaDb).unwrap();
    let path = folder.path().canonicalize().unwrap();
    let launch = Launch::new(installation, path, &Options::default());
    bootstrap::fill(&launch, None).unwrap();
    assert!(matches!(launch.start(server.port(), false).unwrap(), Started::PortTaken));
}

#[test]
fn a_process_has_one_shared_server_and_never_the_same_name_twice() {
    assert_eq!(shared(), shared());
    let (one, other) = (fresh_name(), fresh_name());
    assert_ne!(one, other);
    assert!(one.starts_with("t_") && one.len() <= 40, "{one}");
}

#[test]
fn a_killed_starter_leaves_neither_server_nor_folder() {
    let mut starter = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture", "server::tests::a_victim_starts_a_server_and_waits"])
        .env(VICTIM, "yes")
        .stdout(Stdio::piped())
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(starter.stdout.take().unwrap()).lines();
    let line = lines.find_map(|it| it.unwrap().split_once("victim: ").map(|it| it.1.to_owned()));
    let line = line.expect("the victim says what it has started");
    let (pid, folder) = line.split_once(' ').unwrap();
    let (pid, folder) = (pid.parse().unwrap(), PathBuf::from(folder));
    assert!(is_alive(pid) && folder.is_dir());
    starter.kill().unwrap();
    starter.wait().unwrap();
    wait_until("the server has ended", || !is_alive(pid));
    wait_until("the folder is gone", || !folder.exists());
}

#[test]
fn a_victim_starts_a_server_and_waits() {
    if std::env::var_os(VICTIM).is_none() {
        return;
    }
    let server = start();
    // Restarted, since the second guard must be as good as the first.
    server.restart().unwrap();
    println!("victim: {} {}", server.pid(), server.launch.folder().display());
    let mut never = String::new();
    std::io::stdin().read_line(&mut never).unwrap();
}
