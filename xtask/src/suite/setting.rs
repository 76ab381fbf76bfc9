//! What the legs are told, and the commands that they run.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use postonce_test_servers::{Server, URL_VARIABLE};

use super::legs::{Leg, Work};
use crate::cargo::{Workspace, cargo};
use crate::servers;

const HELD: &str = "postonce-held";

/// The words of which one stands in the path of every test in `postonce-tests` that depends on
/// the database server.
const SERVER_TESTS: &[&str] = &["mysql", "named", "lease"];

/// A module whose name has such a word in it by chance.
const OTHER_TESTS: &[&str] = &["--skip", "release::"];

/// Where the tests are that start a cluster. They do not run by themselves.
const CLUSTER_TESTS: &str = "cluster::";

/// The tests of MYOB clients that other people wrote, and the programs that those need.
const CLIENT_TESTS: &str = "clients::";
const CLIENT_PROGRAMS: &[&str] = &["python3", "node", "npm"];

/// What the tests are told by their environment.
pub(crate) struct Setting {
    /// The binary as users get it, in the dev profile.
    postonce: PathBuf,
    /// The binary that tests hold at named points.
    held: Option<PathBuf>,
    /// Where unpacked servers are.
    servers: PathBuf,
    /// The database server, if it is ours.
    url: Option<String>,
}

impl Setting {
    pub(crate) fn new(workspace: &Workspace) -> Self {
        let has_held = workspace.has_binary("postonce-tests", HELD);
        Self {
            postonce: workspace.binary("debug", "postonce"),
            held: has_held.then(|| workspace.binary("debug", HELD)),
            servers: servers::folder(workspace),
            url: None,
        }
    }

    /// Tells the tests of this server, and of no other one of ours.
    pub(super) fn use_server(&mut self, server: Option<&Server>) {
        self.url = server.map(Server::url);
    }

    /// Gives `command` the environment of tests.
    pub(crate) fn tell(&self, command: &mut Command) {
        command.env("POSTONCE_BIN", &self.postonce);
        command.env(servers::FOLDER_VARIABLE, &self.servers);
        if let Some(held) = &self.held {
            command.env("POSTONCE_HELD_BIN", held);
        }
        if let Some(url) = &self.url {
            command.env(URL_VARIABLE, url);
        }
    }

    fn told(&self, args: &[&str]) -> Command {
        let mut command = cargo(args);
        self.tell(&mut command);
        command
    }

    /// The binaries that tests start.
    pub(super) fn builds(&self) -> Vec<Leg> {
        let held = if self.held.is_some() {
            Work::Run(cargo(&["build", "--package", "postonce-tests", "--bins"]))
        } else {
            Work::Skip(format!("the package `postonce-tests` has no binary `{HELD}`"))
        };
        let postonce = cargo(&["build", "--package", "postonce-app-cron", "--bin", "postonce"]);
        vec![
            Leg::new("binary postonce", Work::Run(postonce)).needed(),
            Leg::new("binary postonce-held", held).needed(),
        ]
    }

    /// Plain `cargo test`, since that is what everybody has. `--all-targets` leaves the doctests
    /// to their own leg.
    ///
    /// `missing` is a program that the clients of other people need and that is not here.
    pub(super) fn whole_workspace(&self, filters: &[OsString], missing: Option<&str>) -> Vec<Leg> {
        let all = ["--workspace", "--all-features", "--all-targets", "--no-fail-fast", "--"];
        let mut tests = self.told(&[&["test"], all.as_slice()].concat());
        if missing.is_some() {
            tests.args(["--skip", CLIENT_TESTS]);
        }
        tests.args(filters);
        let doctests = cargo(&["test", "--doc", "--package", "postonce-domain"]);
        let mut legs = vec![
            Leg::new("unit and contract tests", Work::Run(tests)),
            Leg::new("domain doctests", Work::Run(doctests)),
        ];
        if let Some(missing) = missing {
            let reason = format!("`{missing}` is not installed");
            legs.push(Leg::new("clients of other people", Work::Skip(reason)));
        }
        legs
    }

    /// The tests whose result depends on the database server.
    pub(super) fn database_tests(&self, server: &str) -> Vec<Leg> {
        let adapter = ["test", "--all-features", "--package", "postonce-adapter-mysql", "--"];
        let shared = ["test", "--package", "postonce-tests", "--lib", "--no-fail-fast", "--"];
        let shared = [&shared, SERVER_TESTS, OTHER_TESTS].concat();
        vec![
            Leg::new(format!("adapter on {server}"), Work::Selected(self.told(&adapter))),
            Leg::new(format!("contracts on {server}"), Work::Selected(self.told(&shared))),
        ]
    }

    /// The tests that start a cluster themselves.
    pub(super) fn cluster_tests(&self) -> Vec<Leg> {
        let own = ["test", "--package", "postonce-test-servers", "--", "--ignored"];
        let tests = ["test", "--package", "postonce-tests", "--lib", "--", "--ignored"];
        let tests = [&tests, [CLUSTER_TESTS].as_slice()].concat();
        vec![
            Leg::new("a cluster comes and goes", Work::Selected(self.told(&own))),
            Leg::new("tests on a cluster", Work::Selected(self.told(&tests))),
        ]
    }
}

/// The first program that the clients of other people need and that is not here.
pub(super) fn missing_for_clients() -> Option<&'static str> {
    CLIENT_PROGRAMS.iter().copied().find(|program| !is_installed(program))
}

fn is_installed(program: &str) -> bool {
    let asked = Command::new(program).arg("--version").output();
    asked.is_ok_and(|output| output.status.success())
}

#[cfg(test)]
mod tests;
