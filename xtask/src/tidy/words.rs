//! Words that a crate must not use, and marks that must not stay anywhere.

use super::repo::Repo;
use super::report;
use super::source::lines_with;

/// Words that may not stand in the code of some files; tests and comments are free.
struct Rule {
    words: &'static [&'static str],
    holds_in: fn(&str) -> bool,
    because: &'static str,
}

/// The store adapters, of ours and of the examples, the crate that defines the token, and the suite that tries a ledger without a
/// store: no product reaches its crate.
const MINTS: &[&str] = &[
    "crates/adapter-memory/",
    "crates/adapter-mysql/",
    "crates/adapter-sqlite/",
    "crates/domain/",
    "crates/race-kit/src/contract/ledger",
    "examples/journal-store/",
];

/// Who may look at a clock or sleep by the runtime. The server's adapter times its own sessions:
/// how old an idle one is, and when a refused transaction begins anew; no promise hangs on either.
const TIMEKEEPERS: &[&str] = &[
    "crates/adapter-host/",
    "crates/adapter-mysql/src/keyed.rs",
    "crates/adapter-mysql/src/pool.rs",
    "crates/adapter-mysql/src/retry.rs",
    "crates/myob-sandbox/",
    "test-servers/",
    "tests/",
    "xtask/",
];

const RULES: &[Rule] = &[
    Rule {
        words: &[
            "async",
            ".await",
            "SystemTime",
            "Instant",
            "Timestamp::now",
            "Zoned::now",
            "rand",
            "std::fs",
            "std::net",
            "std::env",
        ],
        holds_in: |path| path.starts_with("crates/domain/src/"),
        because: "the domain is pure functions over values",
    },
    Rule {
        words: &["tokio"],
        holds_in: |path| {
            path.starts_with("crates/engine/src/") || path.starts_with("crates/ports/src/")
        },
        because: "the engine and its ports know no runtime",
    },
    Rule {
        words: &["SystemTime::now", "Instant::now", "time::sleep"],
        holds_in: |path| !in_one_of(path, TIMEKEEPERS),
        because: "time comes through the port `Clock`",
    },
    Rule {
        words: &["ClaimToken::mint", "ClaimToken as"],
        holds_in: |path| !in_one_of(path, MINTS),
        because: "only a store that has committed a claim may mint its token",
    },
];

/// Marks of unfinished work. They may not even stand in tests.
const MARKS: &[&str] = &["todo!", "unimplemented!", "dbg!"];

/// The mark of a test that does not run by itself, and where it may stand: tests that
/// `cargo xtask test cluster` runs.
const NOT_BY_ITSELF: &str = "#[ignore";
const OF_CLUSTERS: &[&str] = &["test-servers/src/galera/", "tests/src/cluster"];

fn in_one_of(path: &str, folders: &[&str]) -> bool {
    folders.iter().any(|it| path.starts_with(it))
}

fn forbidden_words(repo: &Repo) -> Vec<String> {
    let mut errors = Vec::new();
    for source in repo.sources() {
        for rule in RULES.iter().filter(|it| (it.holds_in)(&source.path)) {
            for word in rule.words {
                let lines = lines_with(&source.code, word).into_iter();
                let path = &source.path;
                let because = rule.because;
                errors.extend(lines.map(|line| format!("{path}:{line}: `{word}`: {because}")));
            }
        }
    }
    errors
}

fn marks_of_unfinished_work(repo: &Repo) -> Vec<String> {
    let mut errors = Vec::new();
    for source in repo.sources() {
        let of_clusters = in_one_of(&source.path, OF_CLUSTERS);
        for mark in MARKS.iter().chain((!of_clusters).then_some(&NOT_BY_ITSELF)) {
            let lines = lines_with(&source.masked, mark).into_iter();
            errors.extend(lines.map(|line| format!("{}:{line}: `{mark}`", source.path)));
        }
    }
    // Put together, so that this file does not hold it.
    let fix_me = concat!("FIX", "ME");
    for (path, text) in repo.texts("") {
        let lines = lines_with(text, fix_me).into_iter();
        errors.extend(lines.map(|line| format!("{path}:{line}: `{fix_me}`")));
    }
    errors
}

/// Folders of the machine on which something was written.
fn machine_paths(repo: &Repo) -> Vec<String> {
    let leaks = [concat!("/wo", "rk/"), concat!("/tmp/", "target"), concat!("../sha", "red")];
    let mut errors = Vec::new();
    for (path, text) in repo.texts("") {
        for (number, line) in (1..).zip(text.lines()) {
            let found = leaks.iter().filter(|it| line.contains(**it));
            errors.extend(found.map(|it| format!("{path}:{number}: `{it}`: a path of a machine")));
        }
    }
    errors
}

#[test]
fn no_crate_uses_words_that_are_not_for_it() {
    report(&forbidden_words(&Repo::here()));
}

#[test]
fn nothing_is_marked_as_unfinished() {
    report(&marks_of_unfinished_work(&Repo::here()));
}

#[test]
fn no_file_names_the_folders_of_a_machine() {
    report(&machine_paths(&Repo::here()));
}

#[cfg(test)]
mod tests;
