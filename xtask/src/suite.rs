//! `cargo xtask test`: every test there is, in legs.
//!
//! A leg is a row of [`LEGS`]. The closing lines name every leg, so that one that was left out
//! is seen and not taken for one that passed.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use crate::cargo::{Workspace, cargo, succeeds};

const HELD: &str = "postonce-held";

/// One part of the suite.
struct Leg {
    name: &'static str,
    /// The legs after this one need it: when it fails, they are skipped.
    needed: bool,
    /// Why this leg cannot run here, if it cannot.
    left_out: fn(&Setting) -> Option<String>,
    command: fn(&Setting) -> Command,
}

/// The suite, in the order in which it runs.
const LEGS: &[Leg] = &[
    Leg {
        name: "binary postonce",
        needed: true,
        left_out: |_| None,
        command: |_| cargo(&["build", "--package", "postonce-app-cron", "--bin", "postonce"]),
    },
    Leg {
        name: "binary postonce-held",
        needed: true,
        left_out: |setting| match setting.held {
            Some(_) => None,
            None => Some(format!("the package `postonce-tests` has no binary `{HELD}`")),
        },
        command: |_| cargo(&["build", "--package", "postonce-tests", "--bins"]),
    },
    Leg {
        name: "unit and contract tests",
        needed: false,
        left_out: |_| None,
        command: workspace_tests,
    },
    Leg {
        name: "domain doctests",
        needed: false,
        left_out: |_| None,
        command: |_| cargo(&["test", "--doc", "--package", "postonce-domain"]),
    },
];

/// What the legs are told.
struct Setting {
    /// The binary as users get it, in the dev profile.
    postonce: PathBuf,
    /// The binary that tests hold at named points.
    held: Option<PathBuf>,
    /// Given by the caller to the test programs of the workspace.
    filters: Vec<OsString>,
}

impl Setting {
    fn new(workspace: &Workspace, filters: &[OsString]) -> Self {
        let has_held = workspace.has_binary("postonce-tests", HELD);
        Self {
            postonce: workspace.binary("debug", "postonce"),
            held: has_held.then(|| workspace.binary("debug", HELD)),
            filters: filters.to_vec(),
        }
    }
}

/// What became of a leg.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Passed(Duration),
    Failed(Duration),
    Skipped(String),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed(took) => write!(f, "run ({:.1} s)", took.as_secs_f64()),
            Self::Failed(took) => write!(f, "run ({:.1} s), FAILED", took.as_secs_f64()),
            Self::Skipped(reason) => write!(f, "skipped ({reason})"),
        }
    }
}

/// Runs every leg, and ends with 1 if one failed.
pub(crate) fn run(filters: &[OsString]) -> anyhow::Result<ExitCode> {
    let setting = Setting::new(&Workspace::ask()?, filters);
    let outcomes = run_legs(LEGS, &setting, timed)?;
    eprintln!();
    for (leg, outcome) in LEGS.iter().zip(&outcomes) {
        eprintln!("test: {}: {outcome}", leg.name);
    }
    let failed = outcomes.iter().any(|it| matches!(it, Outcome::Failed(_)));
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// One outcome per leg; `execute` runs a leg's command.
fn run_legs(
    legs: &[Leg],
    setting: &Setting,
    mut execute: impl FnMut(&mut Command) -> anyhow::Result<Outcome>,
) -> anyhow::Result<Vec<Outcome>> {
    let mut outcomes = Vec::new();
    let mut broken = None;
    for leg in legs {
        let reason = broken
            .map(|name| format!("the leg `{name}` failed"))
            .or_else(|| (leg.left_out)(setting));
        let outcome = if let Some(reason) = reason {
            Outcome::Skipped(reason)
        } else {
            eprintln!("test: {}", leg.name);
            execute(&mut (leg.command)(setting))?
        };
        if leg.needed && matches!(outcome, Outcome::Failed(_)) {
            broken = Some(leg.name);
        }
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

/// Runs `command` and says how long it took.
#[expect(clippy::disallowed_methods, reason = "a duration for a person, on which nothing hangs")]
fn timed(command: &mut Command) -> anyhow::Result<Outcome> {
    let begun = Instant::now();
    let passed = succeeds(command)?;
    let took = begun.elapsed();
    Ok(if passed { Outcome::Passed(took) } else { Outcome::Failed(took) })
}

/// Plain `cargo test`, since that is what everybody has. `--all-targets` leaves the doctests to
/// their own leg.
fn workspace_tests(setting: &Setting) -> Command {
    let mut command =
        cargo(&["test", "--workspace", "--all-features", "--all-targets", "--no-fail-fast"]);
    command.env("POSTONCE_BIN", &setting.postonce);
    if let Some(held) = &setting.held {
        command.env("POSTONCE_HELD_BIN", held);
    }
    command.arg("--").args(&setting.filters);
    command
}

#[cfg(test)]
mod tests;
