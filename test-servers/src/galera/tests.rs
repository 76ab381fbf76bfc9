//! Tests with a real cluster. They need Galera: `cargo xtask test cluster` installs it.

use super::*;

fn wait_for_size(cluster: &Galera, index: usize, size: u32) {
    for _ in 0..3_000 {
        if cluster.size_seen_by(index).ok() == Some(size) {
            return;
        }
        pause();
    }
    panic!("member {index} never saw {size} members");
}

#[expect(clippy::disallowed_methods, reason = "a cluster is looked at again")]
fn pause() {
    std::thread::sleep(std::time::Duration::from_millis(20));
}

#[test]
#[ignore = "needs Galera: `cargo xtask test cluster` runs it"]
fn three_members_share_what_is_written_and_a_killed_one_comes_back() {
    let cluster = Galera::start(3).unwrap();
    let [one, two, three] = cluster.nodes() else { panic!("three were asked for") };
    for index in 0..3 {
        wait_for_size(&cluster, index, 3);
    }
    one.query("CREATE DATABASE shared").unwrap();
    one.query("CREATE TABLE shared.t (n INT PRIMARY KEY)").unwrap();
    one.kill().unwrap();
    wait_for_size(&cluster, 1, 2);
    two.query("INSERT INTO shared.t VALUES (5)").unwrap();
    one.restart().unwrap();
    wait_for_size(&cluster, 2, 3);
    for node in [one, two, three] {
        let rows = node.query("SET STATEMENT wsrep_sync_wait=1 FOR SELECT n FROM shared.t");
        assert_eq!(rows.unwrap(), [[Some("5".to_owned())]]);
    }
}
