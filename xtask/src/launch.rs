//! Programs of ours, built and then started in our place.
//!
//! Ours is replaced by theirs (`exec`), so the terminal, signals and the exit code are theirs
//! without a middleman.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, ensure};

use crate::cargo::{Workspace, cargo, succeeds};

/// Builds `postonce` as the tests do and runs `postonce demo ARGS` in the caller's folder.
pub(crate) fn demo(args: &[OsString]) -> anyhow::Result<ExitCode> {
    let mut build = cargo(&["build", "--package", "postonce-app-cron", "--bin", "postonce"]);
    ensure!(succeeds(&mut build)?, "`postonce` does not build");
    let mut postonce = Command::new(Workspace::ask()?.binary("debug", "postonce"));
    postonce.arg("demo").args(args);
    become_it(postonce)
}

/// Builds `postonce` for release, and runs the measurements on it, in the root folder.
pub(crate) fn bench(args: &[OsString]) -> anyhow::Result<ExitCode> {
    let mut build =
        cargo(&["build", "--release", "--package", "postonce-app-cron", "--bin", "postonce"]);
    ensure!(succeeds(&mut build)?, "`postonce` does not build");
    let mut bench = cargo(&["run", "--release", "--package", "postonce-tests", "--bin", "bench"]);
    bench.arg("--").args(args);
    bench.env("POSTONCE_BIN", Workspace::ask()?.binary("release", "postonce"));
    become_it(bench)
}

/// Does not come back, unless the program cannot be started.
fn become_it(mut command: Command) -> anyhow::Result<ExitCode> {
    let error = command.exec();
    Err(error).with_context(|| format!("cannot start {}", command.get_program().display()))
}
