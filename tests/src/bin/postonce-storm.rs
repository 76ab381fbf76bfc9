//! `cargo xtask storm`: a storm of as many rounds as are asked for.
#![expect(clippy::print_stdout, reason = "its result is what it prints")]

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use postonce_tests::storm::{Settings, run};

fn main() -> Result<ExitCode> {
    let report = run(settings()?)?;
    println!("{report}");
    match report.verdict() {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(why) => {
            println!("FAILED: {why}");
            Ok(ExitCode::FAILURE)
        }
    }
}

fn settings() -> Result<Settings> {
    let mut settings = Settings { rounds: 40, seed: u64::from(std::process::id()) };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        if name == "--" {
            continue;
        }
        let value = arguments.next().with_context(|| format!("{name} needs a number"))?;
        match name.as_str() {
            "--rounds" => settings.rounds = value.parse().with_context(|| name)?,
            "--seed" => settings.seed = value.parse().with_context(|| name)?,
            _ => bail!("`{name}` is not one of --rounds N, --seed N"),
        }
    }
    Ok(settings)
}
