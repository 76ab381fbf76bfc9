//! Programs of ours, built and then started in our place.
//!
//! Ours is replaced by theirs (`exec`), so the terminal, signals and the exit code are theirs
//! without a middleman.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, ensure};

use crate::cargo::{Workspace, cargo, root, succeeds};
use crate::servers::{self, FOLDER_VARIABLE};
use crate::suite::Setting;

/// The packages of `postonce` and of everything that tests start.
const APP: &str = "postonce-app-cron";
const TESTS: &str = "postonce-tests";

/// What `race` is played on with the server for tests at hand, as its `--on` says it.
const RUNGS_WITH_A_SERVER: [&str; 2] = ["mariadb", "processes"];

/// How a program is built.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Profile {
    Debug,
    Release,
}

/// Builds a program, and says where it is.
fn built(
    workspace: &Workspace,
    profile: Profile,
    package: &str,
    name: &str,
) -> anyhow::Result<PathBuf> {
    let mut build = cargo(&["build", "--package", package, "--bin", name]);
    let folder = match profile {
        Profile::Debug => "debug",
        Profile::Release => {
            build.arg("--release");
            "release"
        }
    };
    ensure!(succeeds(&mut build)?, "`{name}` does not build");
    Ok(workspace.binary(folder, name))
}

/// Builds `postonce` as the tests do and runs `postonce demo ARGS` in the caller's folder.
pub(crate) fn demo(args: &[OsString]) -> anyhow::Result<ExitCode> {
    let program = built(&Workspace::ask()?, Profile::Debug, APP, "postonce")?;
    let mut postonce = Command::new(program);
    postonce.arg("demo").args(args);
    become_it(postonce)
}

/// Builds the binaries of the tests and runs the storm, which starts its servers itself.
pub(crate) fn storm(args: &[OsString]) -> anyhow::Result<ExitCode> {
    with_servers("postonce-storm", args)
}

/// Builds everything that tests start, and runs a program of `tests` with a server at hand.
fn with_servers(program: &str, args: &[OsString]) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::ask()?;
    built(&workspace, Profile::Debug, APP, "postonce")?;
    built(&workspace, Profile::Debug, TESTS, "postonce-held")?;
    let program = built(&workspace, Profile::Debug, TESTS, program)?;
    servers::mariadb(&workspace)?;
    let mut command = Command::new(program);
    Setting::new(&workspace).tell(&mut command);
    command.args(args);
    become_it(command)
}

/// Builds `postonce` for release, and runs the measurements on it, in the root folder.
pub(crate) fn bench(args: &[OsString]) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::ask()?;
    let postonce = built(&workspace, Profile::Release, APP, "postonce")?;
    let mut bench = Command::new(built(&workspace, Profile::Release, TESTS, "bench")?);
    servers::mariadb(&workspace)?;
    bench.args(args).current_dir(root());
    bench.env(FOLDER_VARIABLE, servers::folder(&workspace));
    bench.env("POSTONCE_BIN", postonce);
    become_it(bench)
}

/// Builds the `race` binary and runs it, in the caller's folder: for release where it searches in
/// memory. On a server or processes it gets what the tests get.
pub(crate) fn race(args: &[OsString]) -> anyhow::Result<ExitCode> {
    if args.iter().any(|it| RUNGS_WITH_A_SERVER.iter().any(|rung| it == rung)) {
        return with_servers("race", args);
    }
    let searches = args.first().is_some_and(|it| it == "run");
    let profile = if searches { Profile::Release } else { Profile::Debug };
    let mut race = Command::new(built(&Workspace::ask()?, profile, TESTS, "race")?);
    race.args(args);
    become_it(race)
}

/// Builds the `fuzz` binary, with every check of the debug profile, and runs it, in the caller's folder.
pub(crate) fn fuzz(args: &[OsString]) -> anyhow::Result<ExitCode> {
    let mut fuzz = Command::new(built(&Workspace::ask()?, Profile::Debug, TESTS, "fuzz")?);
    fuzz.args(args);
    become_it(fuzz)
}

/// Does not come back, unless the program cannot be started.
fn become_it(mut command: Command) -> anyhow::Result<ExitCode> {
    let error = command.exec();
    Err(error).with_context(|| format!("cannot start {}", command.get_program().display()))
}
