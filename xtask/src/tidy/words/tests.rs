//! Tests of the word checks, on small repositories that are wrong on purpose.

use super::*;

#[test]
fn the_domain_may_speak_of_async_in_comments_and_tests_only() {
    let text = "//! No async here.\nfn a() {}\n#[cfg(test)]\nmod tests { async fn b() {} }";
    assert!(forbidden_words(&Repo::of(&[("crates/domain/src/a.rs", text)])).is_empty());
    let text = "//! Values.\nasync fn a() {\n    b().await\n}";
    let errors = forbidden_words(&Repo::of(&[("crates/domain/src/a.rs", text)]));
    let because = "the domain is pure functions over values";
    assert_eq!(
        errors,
        [
            format!("crates/domain/src/a.rs:2: `async`: {because}"),
            format!("crates/domain/src/a.rs:3: `.await`: {because}"),
        ]
    );
    assert!(forbidden_words(&Repo::of(&[("crates/app-cron/src/a.rs", text)])).is_empty());
}

#[test]
fn a_file_read_by_a_grouped_import_is_seen() {
    let text = "//! Values.\nuse std::{collections::BTreeMap, fs};";
    let errors = forbidden_words(&Repo::of(&[("crates/domain/src/a.rs", text)]));
    assert_eq!(errors.len(), 1, "{errors:?}");
}

#[test]
fn the_engine_and_the_ports_know_no_runtime() {
    let text = "fn a() { tokio::spawn(b); }";
    let repo = Repo::of(&[
        ("crates/engine/src/a.rs", text),
        ("crates/ports/src/a.rs", text),
        ("crates/adapter-host/src/a.rs", text),
    ]);
    assert_eq!(forbidden_words(&repo).len(), 2);
}

#[test]
fn clocks_are_read_and_slept_by_in_few_places() {
    let text = "fn a() { std::time::Instant::now(); tokio::time::sleep(b); SystemTime::now(); }";
    let repo = Repo::of(&[
        ("crates/adapter-host/src/a.rs", text),
        ("crates/myob-sandbox/src/a.rs", text),
        ("crates/app-cron/src/a.rs", text),
        ("tests/src/a.rs", text),
        ("xtask/src/a.rs", text),
    ]);
    let errors = forbidden_words(&repo);
    assert_eq!(errors.len(), 3, "{errors:?}");
    assert!(errors.iter().all(|it| it.starts_with("crates/app-cron/src/a.rs:1: ")));
}

#[test]
fn only_stores_and_the_ledgers_suite_mint_tokens() {
    let text = "fn a() { ClaimToken::mint(b); }";
    let repo = Repo::of(&[
        ("crates/adapter-sqlite/src/a.rs", text),
        ("crates/adapter-memory/src/a.rs", text),
        ("crates/domain/src/a.rs", text),
        ("crates/engine/src/a/tests.rs", text),
        ("crates/engine/src/a.rs", text),
        ("crates/adapter-myob/src/a.rs", "use postonce_domain::{Money, ClaimToken as Other};"),
        ("crates/race-kit/src/contract/ledger.rs", text),
        ("crates/race-kit/src/contract/ledger/posting.rs", text),
        ("crates/race-kit/src/contract/store.rs", text),
        ("examples/journal-store/src/store.rs", text),
    ]);
    let errors = forbidden_words(&repo);
    assert_eq!(errors.len(), 3, "{errors:?}");
    assert!(errors[0].starts_with("crates/adapter-myob/") && errors[1].contains("/engine/"));
    assert!(errors[2].starts_with("crates/race-kit/src/contract/store.rs"));
}

#[test]
fn marks_are_found_in_tests_too_but_not_in_literals() {
    let text = "#[ignore = \"slow\"]\nfn a() { todo!() }\nfn b() { dbg!(c); unimplemented!(); }";
    let errors = marks_of_unfinished_work(&Repo::of(&[("crates/a/src/tests.rs", text)]));
    assert_eq!(errors.len(), 4, "{errors:?}");
    let text = "fn a() { say(\"todo!()\"); } // dbg!(a)";
    assert!(marks_of_unfinished_work(&Repo::of(&[("crates/a/src/a.rs", text)])).is_empty());
    let text = concat!("# ", "FIX", "ME: soon");
    assert_eq!(marks_of_unfinished_work(&Repo::of(&[("a.toml", text)])).len(), 1);
}

#[test]
fn only_tests_of_clusters_may_wait_to_be_asked_for() {
    let text = "//! Tests.\n#[test]\n#[ignore = \"needs a cluster\"]\nfn a() {}";
    let repo = Repo::of(&[
        ("tests/src/cluster.rs", text),
        ("tests/src/cluster/kills.rs", text),
        ("test-servers/src/galera/tests.rs", text),
        ("tests/src/kills.rs", text),
        ("test-servers/src/server/tests.rs", text),
    ]);
    let errors = marks_of_unfinished_work(&repo);
    assert_eq!(errors.len(), 2, "{errors:?}");
}

#[test]
fn a_path_of_a_machine_is_found_in_any_text() {
    let text = concat!("see /wo", "rk/notes.md\nand /tmp/", "target-x");
    let errors = machine_paths(&Repo::of(&[("README.md", text), ("a/lib.rs", "// here")]));
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert!(errors[1].starts_with("README.md:2: "));
}
