//! Programs of ours, built and then started in our place.
//!
//! Ours is replaced by theirs (`exec`), so the terminal, signals and the exit code are theirs
//! without a middleman.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, ensure};

use crate::cargo::{Workspace, cargo, succeeds};
use crate::servers::{self, FOLDER_VARIABLE};
use crate::suite::Setting;

/// Builds `postonce` as the tests do and runs `postonce demo ARGS` in the caller's folder.
pub(crate) fn demo(args: &[OsString]) -> anyhow::Result<ExitCode> {
    let mut build = cargo(&["build", "--package", "postonce-app-cron", "--bin", "postonce"]);
    ensure!(succeeds(&mut build)?, "`postonce` does not build");
    let mut postonce = Command::new(Workspace::ask()?.binary("debug", "postonce"));
    postonce.arg("demo").args(args);
    become_it(postonce)
}

/// Builds the binaries of the tests and runs the storm, which starts its servers itself.
pub(crate) fn storm(args: &[OsString]) -> anyhow::Result<ExitCode> {
    with_servers("postonce-storm", args)
}

/// Builds everything that tests start, and runs a program of `tests` with a server at hand.
fn with_servers(program: &str, args: &[OsString]) -> anyhow::Result<ExitCode> {
    for build in [
        ["build", "--package", "postonce-app-cron", "--bin", "postonce"].as_slice(),
        &["build", "--package", "postonce-tests", "--bins"],
    ] {
        ensure!(succeeds(&mut cargo(build))?, "`cargo {}` failed", build.join(" "));
    }
    let workspace = Workspace::ask()?;
    servers::mariadb(&workspace)?;
    let mut command = Command::new(workspace.binary("debug", program));
    Setting::new(&workspace).tell(&mut command);
    command.args(args);
    become_it(command)
}

/// Builds `postonce` for release, and runs the measurements on it, in the root folder.
pub(crate) fn bench(args: &[OsString]) -> anyhow::Result<ExitCode> {
    let mut build =
        cargo(&["build", "--release", "--package", "postonce-app-cron", "--bin", "postonce"]);
    ensure!(succeeds(&mut build)?, "`postonce` does not build");
    let mut bench = cargo(&["run", "--release", "--package", "postonce-tests", "--bin", "bench"]);
    bench.arg("--").args(args);
    let workspace = Workspace::ask()?;
    servers::mariadb(&workspace)?;
    bench.env(FOLDER_VARIABLE, servers::folder(&workspace));
    bench.env("POSTONCE_BIN", workspace.binary("release", "postonce"));
    become_it(bench)
}

/// Builds the `race` binary and runs it, in the caller's folder: for release where it searches in
/// memory. On a server or processes it gets what the tests get.
pub(crate) fn race(args: &[OsString]) -> anyhow::Result<ExitCode> {
    let on_server = args.iter().any(|it| it == "mariadb" || it == "processes");
    if on_server {
        return with_servers("race", args);
    }
    let searches = args.first().is_some_and(|it| it == "run");
    let mut build = cargo(&["build", "--package", "postonce-tests", "--bin", "race"]);
    if searches {
        build.arg("--release");
    }
    ensure!(succeeds(&mut build)?, "`race` does not build");
    let profile = if searches { "release" } else { "debug" };
    let mut race = Command::new(Workspace::ask()?.binary(profile, "race"));
    race.args(args);
    become_it(race)
}

/// Does not come back, unless the program cannot be started.
fn become_it(mut command: Command) -> anyhow::Result<ExitCode> {
    let error = command.exec();
    Err(error).with_context(|| format!("cannot start {}", command.get_program().display()))
}
