//! The command line of races of processes.

use anyhow::{Context as _, Result, bail};

use super::{Build, Report, plans, run};

/// Scenarios that processes can play.
pub const SCENARIOS: [&str; 6] =
    ["posting", "later", "reprocess", "tiny-pages", "lost-answers", "lost-lock"];

/// Plays so many plans: `--runs N`, and `--seed N` for others than usual.
pub fn command(arguments: impl Iterator<Item = String>) -> Result<Report> {
    let (mut runs, mut seed) = (200, 1);
    let mut arguments = arguments;
    while let Some(name) = arguments.next() {
        if name == "--" {
            continue;
        }
        let value = arguments.next().with_context(|| format!("{name} needs a number"))?;
        match name.as_str() {
            "--runs" => runs = value.parse().with_context(|| name)?,
            "--seed" => seed = value.parse().with_context(|| name)?,
            _ => bail!("`{name}` is not one of --runs N, --seed N"),
        }
    }
    run(Build::Sound, &plans(Build::Sound, &SCENARIOS, runs, seed)?)
}
