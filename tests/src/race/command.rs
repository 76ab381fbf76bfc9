//! The `race` binary: lists scenarios, hunts in them, replays plans.
#![expect(clippy::print_stderr, reason = "this is a command-line tool: it speaks to a terminal")]

mod arguments;
mod list;
pub(crate) mod pace;
mod replay;
mod report;
mod run;
mod rung;

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use self::arguments::Command;

/// What a call can come to, apart from success.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Something is not as it should be; it is said already.
    Failed,
    /// The command line is not understood.
    Usage(String),
    /// What was to be read is no plan.
    Unreadable(String),
    /// There is no such file.
    Missing(String),
    /// The databases, or the terminal, make trouble.
    Trouble(String),
    /// A person has pressed Ctrl-C.
    Interrupted,
}

const USAGE: &str = "\
    race list [--json]
    race run [NAME…] [--runs N] [--seed N] [--seconds N] [--only STRATEGY] [--exhaustive N]
             [--mutant NAME] [--require-expected] [--json] [--on RUNG]
    race replay FILE|- [--format text|svg|json] [--output FILE] [--on RUNG]
    race run [NAME…] [--runs N] [--seed N] --on processes
    race replay FILE|- --on processes

`run` plays N schedules of each scenario (10000), by turns of the strategies sticky, uniform, pct2,
pct3 and pct5, or --only one of them; with --seconds for as long as that, in each scenario;
with --exhaustive N every schedule that deviates at most N times from carrying on.
RUNG is memory, sqlite or mariadb: the model, or a real store call by call (50 schedules each). On
processes, which are real ones, 200 plans of random walks are played in all. Mutants are put in in
memory only. The same --seed finds the same. RACE_RUNS and RACE_SEED stand for the two flags.

Exit codes: 0 as it should be, 1 it is not, 2 usage, 65 no plan, 66 no such file, 130 Ctrl-C.
";

/// Does what the arguments say.
pub fn main(arguments: Vec<OsString>) -> ExitCode {
    let variable = |name: &str| std::env::var_os(name).and_then(|it| it.into_string().ok());
    let command = text(arguments).and_then(|words| Command::parse(words, variable));
    let done = command.and_then(|command| match command {
        Command::Help => say(USAGE),
        Command::List { json } => list::list(json),
        Command::Run(wanted) => run::run(&wanted),
        Command::Replay(wanted) => replay::replay(&wanted),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => stop.told(),
    }
}

fn text(arguments: Vec<OsString>) -> Result<Vec<String>, Stop> {
    let words = arguments.into_iter().map(OsString::into_string).collect::<Result<_, _>>();
    words.map_err(|word| Stop::Usage(format!("{} is no text", word.display())))
}

/// Prints a text. Nobody may be listening any more, as after `| head`: then all ends.
fn say(text: &str) -> Result<(), Stop> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|_unheard| Stop::Failed)
}

impl Stop {
    /// Says what stopped us, and gives the exit code for it.
    fn told(self) -> ExitCode {
        match self {
            Self::Failed => ExitCode::FAILURE,
            Self::Usage(words) => {
                eprintln!("race: {words}\n\n{USAGE}");
                ExitCode::from(2)
            }
            Self::Unreadable(words) => {
                eprintln!("{words}");
                ExitCode::from(65)
            }
            Self::Missing(words) => {
                eprintln!("race: {words}");
                ExitCode::from(66)
            }
            Self::Trouble(words) => {
                eprintln!("race: {words}");
                ExitCode::FAILURE
            }
            Self::Interrupted => ExitCode::from(130),
        }
    }
}

#[cfg(test)]
mod tests;
