//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use postonce_race_kit::{Scenario, Strategy};

use super::Stop;
use super::rung::{Rung, Store};
use crate::race::processes;

/// Schedules per scenario, unless told otherwise.
const RUNS: u64 = 10_000;

/// The same on a real store, of which each step takes a thousand times longer.
const RUNS_ON_STORES: u64 = 50;

/// Plans for real processes, all scenarios together.
const RUNS_ON_PROCESSES: u64 = 200;

/// The same at most: all of them are made before the first is played, and this many take a day.
const RUNS_ON_PROCESSES_MOST: u64 = 1_000_000;

/// More deviations than any search comes to the end of.
const DEVIATIONS_MOST: u32 = 1_000;

/// What is wanted.
#[derive(Clone, Debug)]
pub(crate) enum Command {
    Help,
    List { json: bool },
    Run(Run),
    Replay(Replay),
}

/// A hunt.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) scenarios: Vec<Scenario>,
    /// Schedules per scenario at most.
    pub(crate) runs: u64,
    pub(crate) seed: u64,
    /// Time per scenario at most.
    pub(crate) time: Option<Duration>,
    pub(crate) only: Option<Strategy>,
    /// Every schedule with so many deviations, instead of random ones.
    pub(crate) exhaustive: Option<u32>,
    /// What it is played on.
    pub(crate) on: Rung,
    /// What is expected to break and does not is a failure.
    pub(crate) require_expected: bool,
    pub(crate) json: bool,
}

/// A plan to be played once more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Replay {
    /// `None` is the standard input.
    pub(crate) file: Option<PathBuf>,
    pub(crate) format: Format,
    /// `None` is the standard output.
    pub(crate) output: Option<PathBuf>,
    pub(crate) on: Rung,
}

/// How a timeline is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Text,
    Svg,
    Json,
}

const FORMATS: [(Format, &str); 3] =
    [(Format::Text, "text"), (Format::Svg, "svg"), (Format::Json, "json")];

const STRATEGIES: [(Strategy, &str); 5] = [
    (Strategy::Sticky, "sticky"),
    (Strategy::Uniform, "uniform"),
    (Strategy::Pct(2), "pct2"),
    (Strategy::Pct(3), "pct3"),
    (Strategy::Pct(5), "pct5"),
];

type Words = std::vec::IntoIter<String>;

fn usage<T>(words: String) -> Result<T, Stop> {
    Err(Stop::Usage(words))
}

impl Command {
    /// The command of a command line; `variable` gives what the environment says instead of flags.
    pub(crate) fn parse(
        arguments: Vec<String>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Stop> {
        let mut words = arguments.into_iter();
        match words.next().as_deref() {
            None | Some("help" | "--help" | "-h") => Ok(Self::Help),
            Some("list") => match words.next().as_deref() {
                None => Ok(Self::List { json: false }),
                Some("--json") if words.len() == 0 => Ok(Self::List { json: true }),
                Some(other) => usage(format!("`list` takes nothing but --json, not `{other}`")),
            },
            Some("run") => run(words, variable).map(Self::Run),
            Some("replay") => replay(words).map(Self::Replay),
            Some(other) => usage(format!("`{other}` is none of list, run, replay")),
        }
    }
}

fn run(mut words: Words, variable: impl Fn(&str) -> Option<String>) -> Result<Run, Stop> {
    let of_variable = |name: &str| match variable(name) {
        Some(value) => number(name, &value).map(Some),
        None => Ok(None),
    };
    let mut runs = of_variable("RACE_RUNS")?;
    let seed = of_variable("RACE_SEED")?.unwrap_or(1);
    let (mut mutant, mut flags) = (None, Vec::new());
    let mut wanted = Run {
        scenarios: Vec::new(),
        runs: RUNS,
        seed,
        time: None,
        only: None,
        exhaustive: None,
        on: Rung::MEMORY,
        require_expected: false,
        json: false,
    };
    while let Some(word) = words.next() {
        let mut value = || value_of(&word, &mut words);
        match word.as_str() {
            "--runs" => runs = Some(number(&word, &value()?)?),
            "--seed" => wanted.seed = number(&word, &value()?)?,
            "--seconds" => wanted.time = Some(Duration::from_secs(number(&word, &value()?)?)),
            "--only" => wanted.only = Some(named(&word, &value()?, &STRATEGIES)?),
            "--exhaustive" => wanted.exhaustive = Some(number(&word, &value()?)?),
            "--on" => wanted.on = named(&word, &value()?, &Rung::ALL)?,
            "--mutant" => mutant = Some(value()?),
            "--require-expected" => wanted.require_expected = true,
            "--json" => wanted.json = true,
            flag if flag.starts_with('-') => return usage(format!("`run` takes no `{flag}`")),
            name => wanted.scenarios.push(scenario(name)?),
        }
        flags.push(word);
    }
    bounded(&wanted, runs)?;
    match wanted.on {
        Rung::Processes => on_processes(&mut wanted, &flags)?,
        Rung::Calls(store) if mutant.is_some() && store != Store::Memory => {
            return usage("--mutant is for memory: mutants are put in in memory only".to_owned());
        }
        Rung::Calls(_) if wanted.scenarios.is_empty() => wanted.scenarios = Scenario::all(),
        Rung::Calls(_) => {}
    }
    for scenario in &mut wanted.scenarios {
        scenario.setting.mutant.clone_from(&mutant);
    }
    wanted.runs = runs.unwrap_or_else(|| usual(&wanted));
    Ok(wanted)
}

/// Refuses what plays nothing, or never ends.
fn bounded(wanted: &Run, runs: Option<u64>) -> Result<(), Stop> {
    if runs == Some(0) {
        return usage("--runs (or RACE_RUNS) 0 plays nothing".to_owned());
    }
    if wanted.time == Some(Duration::ZERO) {
        return usage("--seconds 0 plays nothing".to_owned());
    }
    if wanted.exhaustive.is_some_and(|it| it > DEVIATIONS_MOST) {
        return usage(format!("--exhaustive is {DEVIATIONS_MOST} at most"));
    }
    if wanted.only.is_some() && wanted.exhaustive.is_some() {
        return usage("--exhaustive leaves nothing to a strategy; leave out --only".to_owned());
    }
    if wanted.on == Rung::Processes && runs.is_some_and(|it| it > RUNS_ON_PROCESSES_MOST) {
        return usage(format!("--runs is {RUNS_ON_PROCESSES_MOST} at most on processes"));
    }
    Ok(())
}

/// Takes the scenarios that processes can play, and refuses every other one that is named, and what
/// a hunt in memory alone understands.
fn on_processes(wanted: &mut Run, flags: &[String]) -> Result<(), Stop> {
    let others =
        ["--seconds", "--only", "--exhaustive", "--mutant", "--require-expected", "--json"];
    if let Some(flag) = flags.iter().find(|it| others.contains(&it.as_str())) {
        return usage(format!("{flag} is not for processes"));
    }
    let known = processes::SCENARIOS;
    let cannot = wanted.scenarios.iter().find(|it| !known.contains(&it.name));
    if let Some(cannot) = cannot {
        let (name, known) = (cannot.name, known.join(", "));
        return usage(format!("processes do not play {name}; they play {known}"));
    }
    if wanted.scenarios.is_empty() {
        wanted.scenarios = known.iter().filter_map(|name| Scenario::named(name)).collect();
    }
    Ok(())
}

/// How many schedules there are if nobody says. With a time, and in a search that has an end, the
/// number bounds nothing.
fn usual(wanted: &Run) -> u64 {
    if wanted.time.is_some() || wanted.exhaustive.is_some() {
        return u64::MAX;
    }
    match wanted.on {
        Rung::Calls(Store::Memory) => RUNS,
        Rung::Calls(Store::Sqlite | Store::Mariadb) => RUNS_ON_STORES,
        Rung::Processes => RUNS_ON_PROCESSES,
    }
}

fn scenario(name: &str) -> Result<Scenario, Stop> {
    match Scenario::named(name) {
        Some(scenario) => Ok(scenario),
        None => usage(format!("there is no scenario `{name}`; `race list` shows them")),
    }
}

fn replay(mut words: Words) -> Result<Replay, Stop> {
    let (mut file, mut output) = (None, None);
    let (mut format, mut on) = (None, Rung::MEMORY);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--format" => format = Some(named(&word, &value_of(&word, &mut words)?, &FORMATS)?),
            "--output" => output = Some(PathBuf::from(value_of(&word, &mut words)?)),
            "--on" => on = named(&word, &value_of(&word, &mut words)?, &Rung::ALL)?,
            flag if flag.starts_with("--") => {
                return usage(format!("`replay` takes no `{flag}`"));
            }
            _ if file.is_some() => return usage("`replay` takes one file".to_owned()),
            _ => file = Some(word),
        }
    }
    if on == Rung::Processes && (format.is_some() || output.is_some()) {
        return usage("there is no picture of processes: no --format, no --output".to_owned());
    }
    match file {
        Some(file) => {
            let format = format.unwrap_or(Format::Text);
            let file = (file != "-").then(|| PathBuf::from(file));
            Ok(Replay { file, format, output, on })
        }
        None => usage("`replay` takes a file, or - for the standard input".to_owned()),
    }
}

fn value_of(flag: &str, words: &mut Words) -> Result<String, Stop> {
    match words.next() {
        Some(value) => Ok(value),
        None => usage(format!("{flag} needs a value")),
    }
}

fn number<T: std::str::FromStr>(flag: &str, value: &str) -> Result<T, Stop> {
    match value.parse() {
        Ok(number) => Ok(number),
        Err(_) => usage(format!("{flag} needs a whole number, not `{value}`")),
    }
}

fn named<T: Copy>(flag: &str, value: &str, all: &[(T, &str)]) -> Result<T, Stop> {
    let known = all.iter().find(|(_, name)| *name == value).map(|(it, _)| *it);
    known.ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|(_, name)| *name).collect();
        Stop::Usage(format!("{flag} is one of {}, not `{value}`", names.join(", ")))
    })
}
