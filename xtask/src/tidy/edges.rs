//! What each crate must not reach, however indirectly, with all its features.
//!
//! This table is the architecture. A new folder in `crates/` needs a row.

use super::repo::Repo;
use super::report;
use crate::cargo::cargo;

/// What one crate must not reach.
struct Row {
    /// The folder in `crates/`.
    krate: &'static str,
    /// Packages, ours or theirs.
    never: &'static [&'static str],
    /// Which packages of ours it may reach.
    ours: Ours,
}

/// Packages of ours that a crate may reach, besides itself.
enum Ours {
    Any,
    Only(&'static [&'static str]),
    NoAdapter,
}

const TABLE: &[Row] = &[
    Row {
        krate: "domain",
        never: &[
            "async-trait",
            "axum",
            "diesel",
            "futures",
            "futures-core",
            "futures-util",
            "getrandom",
            "rand",
            "rand_core",
            "reqwest",
            "serde",
            "serde_core",
            "tokio",
        ],
        ours: Ours::Only(&[]),
    },
    Row {
        krate: "ports",
        never: &[
            "axum",
            "diesel",
            "diesel-async",
            "hyper",
            "libsqlite3-sys",
            "mysql_async",
            "reqwest",
            "serde",
            "serde_core",
            "serde_json",
            "tokio",
        ],
        ours: Ours::Only(&["postonce-domain"]),
    },
    Row {
        krate: "engine",
        never: &["axum", "diesel", "hyper", "reqwest", "serde", "serde_core", "tokio"],
        ours: Ours::Only(&["postonce-domain", "postonce-ports"]),
    },
    Row { krate: "adapter-mysql", never: &["axum", "reqwest"], ours: Ours::Any },
    Row { krate: "adapter-sqlite", never: &["axum", "reqwest"], ours: Ours::Any },
    Row { krate: "adapter-redis", never: &[], ours: Ours::Any },
    Row { krate: "adapter-myob", never: &["axum", "diesel"], ours: Ours::Any },
    Row {
        krate: "adapter-memory",
        never: &[],
        ours: Ours::Only(&["postonce-domain", "postonce-ports"]),
    },
    Row { krate: "adapter-host", never: &["axum", "diesel", "reqwest"], ours: Ours::Any },
    Row { krate: "adapter-notify", never: &["axum", "diesel"], ours: Ours::Any },
    Row {
        krate: "metrics",
        never: &["axum", "diesel", "reqwest", "serde", "tokio"],
        ours: Ours::Only(&["postonce-domain", "postonce-ports"]),
    },
    Row {
        krate: "wire",
        never: &["axum", "diesel", "hyper", "reqwest", "tokio"],
        ours: Ours::Only(&["postonce-domain", "postonce-ports", "postonce-engine"]),
    },
    Row { krate: "adapter-http", never: &["diesel", "reqwest"], ours: Ours::Any },
    Row { krate: "myob-sandbox", never: &[], ours: Ours::Only(&[]) },
    Row {
        krate: "store-rows",
        never: &["axum", "diesel-async", "libsqlite3-sys", "mysql_async", "reqwest", "tokio"],
        ours: Ours::Only(&["postonce-domain", "postonce-ports"]),
    },
    Row {
        krate: "race-kit",
        never: &["axum", "diesel", "diesel-async", "reqwest", "tokio"],
        ours: Ours::NoAdapter,
    },
    Row {
        krate: "app-cron",
        never: &["mockall", "postonce-race-kit", "postonce-tests"],
        ours: Ours::Any,
    },
    Row { krate: "postonce", never: &[], ours: Ours::Any },
];

/// What `row`'s crate reaches and must not.
fn broken_edges(row: &Row, reached: &[String]) -> Vec<String> {
    let own = format!("postonce-{}", row.krate);
    let forbidden = |name: &str| {
        let ours = (name.starts_with("postonce-") || name == "postonce") && name != own;
        let outside = match row.ours {
            Ours::Any => false,
            Ours::Only(allowed) => !allowed.contains(&name),
            Ours::NoAdapter => name.starts_with("postonce-adapter-"),
        };
        row.never.contains(&name) || (ours && outside)
    };
    let mut broken: Vec<&str> = reached.iter().map(String::as_str).collect();
    broken.retain(|it| forbidden(it));
    broken.sort_unstable();
    broken.dedup();
    broken.into_iter().map(|it| format!("crates/{}: reaches {it}", row.krate)).collect()
}

fn crates_without_a_row(repo: &Repo) -> Vec<String> {
    let unknown =
        repo.crates().into_iter().filter(|name| TABLE.iter().all(|row| row.krate != *name));
    unknown.map(|it| format!("crates/{it}: has no row in the table of forbidden edges")).collect()
}

/// Every package that `package` reaches by normal dependencies, with all its features.
fn reached_by(package: &str) -> Vec<String> {
    package_names(&cargo_tree(package, &["--all-features", "--edges", "normal"]))
}

fn cargo_tree(package: &str, arguments: &[&str]) -> String {
    let tree = || {
        let mut command = cargo(&["tree", "--package", package, "--prefix", "none"]);
        command.args(arguments);
        command
    };
    let mut output = tree().arg("--offline").output().unwrap();
    if !output.status.success() {
        // Something is not downloaded yet.
        output = tree().output().unwrap();
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo tree --package {package}: {errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The first word of each line of `cargo tree --prefix none`.
fn package_names(tree: &str) -> Vec<String> {
    tree.lines().filter_map(|it| it.split_whitespace().next()).map(str::to_owned).collect()
}

#[test]
fn the_program_has_no_door_for_fuzzing() {
    let tree = cargo_tree("postonce-app-cron", &["--edges", "normal,features"]);
    let of_ours = |it: &&str| it.starts_with("postonce-adapter-myob feature ");
    let features: Vec<&str> = tree.lines().filter(of_ours).collect();
    assert!(!features.is_empty(), "the tree tells features");
    let door: Vec<_> = features.iter().filter(|it| it.contains("\"fuzz\"")).collect();
    assert!(door.is_empty(), "{door:?}");
}

#[test]
fn no_crate_reaches_what_it_must_not_know() {
    let repo = Repo::here();
    let mut errors = crates_without_a_row(&repo);
    let there = TABLE.iter().filter(|row| repo.crates().contains(&row.krate));
    for row in there {
        let prefix = if row.krate == "postonce" { "" } else { "postonce-" };
        errors.extend(broken_edges(row, &reached_by(&format!("{prefix}{}", row.krate))));
    }
    report(&errors);
}

#[cfg(test)]
mod tests;
