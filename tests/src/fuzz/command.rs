//! The `fuzz` binary.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is a command-line tool: it speaks to a terminal"
)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::corpus::{inputs, keep};
use super::hunt::{Broken, Hunt, Step, minimised, read};
use super::targets::{TARGETS, Target, target};
use crate::race::command::pace::{Watch, is_interrupted, listen};

const USAGE: &str = "\
    fuzz [TARGET…] [--seconds N] [--seed N] [--keep]
    fuzz --replay FILE [TARGET]

Reads inputs made by chance in each TARGET (all) for N seconds (60), from the corpus in
tests/corpus/TARGET. The same --seed makes the same inputs. An input that breaks a promise is made
short, kept there as found-…, and named; --keep keeps those too that were answered in new words.
--replay reads one file, in the target that its folder names.

Exit codes: 0 no promise was broken, 1 one was, 2 usage, 130 Ctrl-C.
";

/// What is wanted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) targets: Vec<&'static str>,
    pub(super) seconds: u64,
    pub(super) seed: u64,
    pub(super) keep: bool,
    pub(super) replay: Option<PathBuf>,
}

/// Does what the arguments say.
pub fn main(arguments: &[String]) -> ExitCode {
    if arguments.iter().any(|it| it == "--help" || it == "help") {
        print!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    let wanted = match wanted(arguments) {
        Ok(wanted) => wanted,
        Err(why) => {
            eprint!("fuzz: {why:#}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    // A panic is told with its input.
    std::panic::set_hook(Box::new(|_| ()));
    let done = match &wanted.replay {
        Some(file) => replay(&wanted, file),
        None => all(&wanted),
    };
    done.unwrap_or_else(|error| {
        eprintln!("fuzz: {error:#}");
        ExitCode::FAILURE
    })
}

pub(super) fn wanted(arguments: &[String]) -> Result<Wanted> {
    let seed = u64::from(std::process::id());
    let mut wanted = Wanted { targets: Vec::new(), seconds: 60, seed, keep: false, replay: None };
    let mut arguments = arguments.iter();
    while let Some(name) = arguments.next() {
        let mut value = || arguments.next().with_context(|| format!("{name} needs a value"));
        match name.as_str() {
            "--seconds" => wanted.seconds = value()?.parse().context("--seconds")?,
            "--seed" => wanted.seed = value()?.parse().context("--seed")?,
            "--replay" => wanted.replay = Some(value()?.into()),
            "--keep" => wanted.keep = true,
            name => {
                let Some(target) = target(name) else {
                    let known: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
                    bail!("there is no target `{name}`; there are: {}", known.join(", "));
                };
                wanted.targets.push(target.name);
            }
        }
    }
    Ok(wanted)
}

fn replay(wanted: &Wanted, file: &Path) -> Result<ExitCode> {
    let folder = file.parent().and_then(Path::file_name).and_then(|it| it.to_str());
    let name = wanted.targets.first().copied().or(folder).unwrap_or_default();
    let target = target(name).with_context(|| {
        format!("{}: name its target, since its folder does not", file.display())
    })?;
    let input = std::fs::read(file).with_context(|| file.display().to_string())?;
    match read(target, &input) {
        Ok(words) => {
            println!("{name}: {words}");
            Ok(ExitCode::SUCCESS)
        }
        Err(why) => {
            println!("{name}: BROKEN: {why}");
            Ok(ExitCode::FAILURE)
        }
    }
}

fn all(wanted: &Wanted) -> Result<ExitCode> {
    listen().map_err(anyhow::Error::msg)?;
    println!("seed {}", wanted.seed);
    let chosen =
        |target: &&Target| wanted.targets.is_empty() || wanted.targets.contains(&target.name);
    let mut broken = 0_u32;
    for target in TARGETS.iter().filter(chosen) {
        if is_interrupted() {
            break;
        }
        if let Some(found) = one(wanted, target)? {
            broken += 1;
            let found = minimised(target, found);
            let path = keep(target.name, "found", &found.input)?;
            println!("{}: BROKEN: {}", target.name, found.why);
            println!("    cargo xtask fuzz --replay {}", path.display());
        }
    }
    Ok(match (broken, is_interrupted()) {
        (0, false) => ExitCode::SUCCESS,
        (0, true) => ExitCode::from(130),
        (_, _) => ExitCode::FAILURE,
    })
}

/// Searches in one target, and says how it went.
fn one(wanted: &Wanted, target: &Target) -> Result<Option<Broken>> {
    let corpus: Vec<_> = inputs(target.name)?.into_iter().map(|(_, input)| input).collect();
    let begun = Watch::start();
    let mut hunt = match Hunt::new(target, wanted.seed, corpus) {
        Ok(hunt) => hunt,
        Err(broken) => return Ok(Some(broken)),
    };
    let mut found = None;
    while found.is_none()
        && begun.elapsed() < Duration::from_secs(wanted.seconds)
        && !is_interrupted()
    {
        match hunt.step() {
            Step::New(input) if wanted.keep => drop(keep(target.name, "new", &input)?),
            Step::Heard | Step::New(_) => {}
            Step::Broken(broken) => found = Some(broken),
        }
    }
    let millis = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
    let rate = hunt.executions.saturating_mul(1_000).div_euclid(millis);
    println!(
        "{:12} {:>9} inputs, {rate:>7} a second, {:>5} kinds of answers",
        target.name,
        hunt.executions,
        hunt.size()
    );
    Ok(found)
}
