//! Tests of the table of forbidden edges, on trees that break it.

use super::*;

fn broken(krate: &str, tree: &str) -> Vec<String> {
    let row = TABLE.iter().find(|it| it.krate == krate).unwrap();
    broken_edges(row, &package_names(tree))
}

const DOMAIN: &str = "\
postonce-domain v0.1.0 (/home/someone/postonce/crates/domain)
jiff v0.2.43
thiserror v2.0.20
thiserror-impl v2.0.20 (proc-macro)
";

#[test]
fn a_forbidden_package_is_reported_once_however_often_it_is_reached() {
    assert_eq!(broken("domain", DOMAIN), Vec::<String>::new());
    let tree = format!("{DOMAIN}serde v1.0.200\ntokio v1.54.1\nserde v1.0.200 (*)\n");
    let expected = ["crates/domain: reaches serde", "crates/domain: reaches tokio"];
    assert_eq!(broken("domain", &tree), expected);
}

#[test]
fn a_package_of_ours_is_forbidden_where_only_some_are_allowed() {
    let tree = "postonce-ports v0.1.0\npostonce-domain v0.1.0\npostonce-engine v0.1.0\n";
    assert_eq!(broken("ports", tree), ["crates/ports: reaches postonce-engine"]);
    let tree = "postonce-myob-sandbox v0.1.0\npostonce-domain v0.1.0\naxum v0.8.9\n";
    assert_eq!(broken("myob-sandbox", tree), ["crates/myob-sandbox: reaches postonce-domain"]);
    let tree = "postonce-adapter-memory v0.1.0\npostonce v0.1.0\npostonce-ports v0.1.0\n";
    assert_eq!(broken("adapter-memory", tree), ["crates/adapter-memory: reaches postonce"]);
}

#[test]
fn the_race_kit_reaches_no_adapter_and_the_binary_no_kit() {
    let tree = "postonce-race-kit v0.1.0\npostonce-engine v0.1.0\npostonce-adapter-memory v0.1.0\n";
    assert_eq!(broken("race-kit", tree), ["crates/race-kit: reaches postonce-adapter-memory"]);
    let tree = "postonce-app-cron v0.1.0\nmockall v0.15.0\npostonce-race-kit v0.1.0\n";
    assert_eq!(broken("app-cron", tree).len(), 2);
}

#[test]
fn a_crate_without_a_row_is_reported_and_a_row_without_a_crate_is_not() {
    let repo = Repo::of(&[("crates/domain/Cargo.toml", ""), ("crates/adapter-fax/Cargo.toml", "")]);
    let what = "crates/adapter-fax: has no row in the table of forbidden edges";
    assert_eq!(crates_without_a_row(&repo), [what]);
}

#[test]
fn cargo_s_tree_is_read_from_a_package_that_is_there() {
    let reached = reached_by("postonce-domain");
    assert!(reached.contains(&"thiserror".to_owned()), "{reached:?}");
    assert!(!reached.contains(&"proptest".to_owned()), "only used by tests: {reached:?}");
}
