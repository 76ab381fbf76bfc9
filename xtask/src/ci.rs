//! What CI runs besides the tests, in CI's order: the first failure ends it.

use std::process::{Command, ExitCode};

use anyhow::ensure;

use crate::cargo::{cargo, has_subcommand, succeeds};

/// Runs the steps one after the other.
///
/// Fails with the name of the first step that fails.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    for (name, mut command) in steps() {
        eprintln!("ci: {name}");
        ensure!(succeeds(&mut command)?, "the step `{name}` failed");
    }
    if has_subcommand("deny") {
        let name = "dependencies";
        eprintln!("ci: {name}");
        let mut command = cargo(&["deny", "check", "bans", "licenses", "sources"]);
        ensure!(succeeds(&mut command)?, "the step `{name}` failed");
    } else {
        eprintln!("ci: dependencies: left out, `cargo deny` is not installed");
    }
    eprintln!("ci: all steps passed");
    Ok(ExitCode::SUCCESS)
}

/// The steps that need nothing but the toolchain.
fn steps() -> [(&'static str, Command); 4] {
    let lints = &["clippy", "--workspace", "--all-targets", "--all-features"];
    let documents = &["doc", "--workspace", "--no-deps", "--document-private-items"];
    let mut clippy = cargo(lints);
    clippy.args(["--", "-D", "warnings"]);
    let mut doc = cargo(documents);
    doc.env("RUSTDOCFLAGS", "-D warnings");
    [
        ("formatting", cargo(&["fmt", "--all", "--check"])),
        ("lints", clippy),
        ("documentation", doc),
        ("tidy", cargo(&["test", "--package", "xtask"])),
    ]
}
