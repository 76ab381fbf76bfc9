//! Tests of the words about the server.

use super::*;

#[test]
fn the_server_is_named_without_its_password() {
    for (url, host) in [
        ("mysql://root@127.0.0.1:3306/", "127.0.0.1:3306"),
        ("mysql://root:secret@db.test:3306/shop?ssl=1", "db.test:3306"),
        ("mysql://root:se@cret@db.test/", "db.test"),
        ("mysql://root:se/cret@db.test/", "the server"),
        ("mysql://db.test", "db.test"),
        ("root:secret@db.test/", "db.test"),
    ] {
        assert_eq!(host_of(url), host, "{url}");
    }
}

#[test]
fn a_server_that_cannot_be_had_is_a_leg_that_is_skipped_with_the_reason() {
    let (server, work) = start(Err(anyhow::anyhow!("no network\nand more")));
    assert!(server.is_none());
    let Work::Skip(reason) = work else { panic!("there is no server") };
    assert_eq!(reason, "no network");
}
