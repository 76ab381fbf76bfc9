//! Legs, what becomes of each, and the closing words that name every one of them, so that one
//! that was left out is seen and not taken for one that passed.

use std::fmt;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::cargo::succeeds;

/// One part of the suite.
pub(super) struct Leg {
    pub(super) name: String,
    pub(super) work: Work,
    /// The legs after this one need it: when it fails, they are skipped.
    needed: bool,
}

/// What a leg does.
pub(super) enum Work {
    /// Runs this; it passes by the exit code.
    Run(Command),
    /// Runs these tests of cargo's, of which there must be one at least.
    Selected(Command),
    /// Nothing: what it is about is there, as the words say.
    Ready(String),
    /// Cannot run here, for this reason.
    Skip(String),
}

impl Leg {
    pub(super) fn new(name: impl Into<String>, work: Work) -> Self {
        Self { name: name.into(), work, needed: false }
    }

    pub(super) fn needed(self) -> Self {
        Self { needed: true, ..self }
    }
}

/// What became of a leg.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Passed(Duration),
    Failed(Duration),
    Ready(String),
    Skipped(String),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed(took) => write!(f, "run ({:.1} s)", took.as_secs_f64()),
            Self::Failed(took) => write!(f, "run ({:.1} s), FAILED", took.as_secs_f64()),
            Self::Ready(what) => write!(f, "run ({what})"),
            Self::Skipped(reason) => write!(f, "skipped ({reason})"),
        }
    }
}

/// May a leg be skipped?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Skips {
    /// The closing words say so, and that is all.
    Allowed,
    /// A skipped leg is a failure.
    Refused,
}

/// What became of the legs so far.
#[derive(Default)]
pub(super) struct Report {
    pub(super) outcomes: Vec<(String, Outcome)>,
    broken: Option<String>,
}

impl Report {
    /// Runs one leg, unless one that it needs has failed.
    pub(super) fn run(&mut self, leg: Leg) -> anyhow::Result<()> {
        let outcome = match (&self.broken, leg.work) {
            (Some(name), _) => Outcome::Skipped(format!("the leg `{name}` failed")),
            (None, Work::Skip(reason)) => Outcome::Skipped(reason),
            (None, Work::Ready(what)) => Outcome::Ready(what),
            (None, Work::Selected(command)) if selects_nothing(&command)? => {
                Outcome::Skipped("there is no such test".to_owned())
            }
            (None, Work::Run(mut command) | Work::Selected(mut command)) => {
                eprintln!("test: {}", leg.name);
                timed(&mut command)?
            }
        };
        if leg.needed && matches!(outcome, Outcome::Failed(_)) {
            self.broken = Some(leg.name.clone());
        }
        self.outcomes.push((leg.name, outcome));
        Ok(())
    }

    pub(super) fn run_all(&mut self, legs: impl IntoIterator<Item = Leg>) -> anyhow::Result<()> {
        legs.into_iter().try_for_each(|it| self.run(it))
    }

    /// Says what became of every leg, and whether that is success.
    pub(super) fn close(&self, skips: Skips) -> ExitCode {
        eprintln!();
        for (name, outcome) in &self.outcomes {
            eprintln!("test: {name}: {outcome}");
        }
        if self.is_success(skips) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    pub(super) fn is_success(&self, skips: Skips) -> bool {
        self.outcomes.iter().all(|(_, outcome)| match outcome {
            Outcome::Passed(_) | Outcome::Ready(_) => true,
            Outcome::Failed(_) => false,
            Outcome::Skipped(_) => skips == Skips::Allowed,
        })
    }
}

/// Runs `command` and says how long it took.
#[expect(clippy::disallowed_methods, reason = "a duration for a person, on which nothing hangs")]
fn timed(command: &mut Command) -> anyhow::Result<Outcome> {
    let begun = Instant::now();
    let passed = succeeds(command)?;
    let took = begun.elapsed();
    Ok(if passed { Outcome::Passed(took) } else { Outcome::Failed(took) })
}

/// Do the test programs of `command` list no test? What does not even build selects something, so
/// that it is run and its errors are seen.
fn selects_nothing(command: &Command) -> anyhow::Result<bool> {
    let mut list = Command::new(command.get_program());
    list.args(command.get_args()).args(["--list", "--format", "terse"]);
    if let Some(folder) = command.get_current_dir() {
        list.current_dir(folder);
    }
    let output = list.stderr(Stdio::null()).output();
    let output = output.with_context(|| format!("cannot start {list:?}"))?;
    let listed = String::from_utf8_lossy(&output.stdout);
    Ok(output.status.success() && !listed.lines().any(|it| it.ends_with(": test")))
}

#[cfg(test)]
mod tests;
