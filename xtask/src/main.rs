//! The repository's own tools: `cargo xtask help` lists them.
//!
//! **Invariant:** this package depends on no crate of the product, so that it builds while they
//! are broken; of ours only on `postonce-test-servers`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "these are command-line tools: what they say goes to the terminal"
)]

mod cargo;
mod ci;
mod launch;
mod servers;
mod suite;
#[cfg(test)]
mod tidy;

use std::ffi::OsString;
use std::process::ExitCode;

use suite::Skips;

const HELP: &str = "\
The tools of this repository.

    cargo xtask ci               formatting, lints, documentation, tidy checks, dependencies
    cargo xtask test [--require-all] [-- ARGS]
                                 every test, on a MariaDB that is found or installed, started for
                                 the tests and ended with them; POSTONCE_TEST_MYSQL_URL names
                                 another server, such as mysql://root@127.0.0.1:3306/.
                                 ARGS go to the test programs, as filters; with --require-all
                                 a leg that is skipped is a failure
    cargo xtask test mysql       the tests of databases, on MySQL and on a newer MariaDB
    cargo xtask test cluster     the tests on a Galera cluster of three
    cargo xtask storm [ARGS]     runs syncs under kills, stops and cut connections, for
                                 --rounds N (40) from --seed N
    cargo xtask race list        the scenarios in which sync runs are raced against each other
    cargo xtask race run [NAME…] hunts in them for schedules that break a promise, with
                                 --runs N, --seed N and more: `cargo xtask race help`
    cargo xtask race replay FILE shows a plan's timeline, with --format text|svg|json
    cargo xtask fuzz [TARGET…]   inputs made by chance for all that reads what comes from outside,
                                 with --seconds N (60), --seed N; --replay FILE reads one again
    cargo xtask demo [ARGS]      builds `postonce` and runs `postonce demo ARGS`
    cargo xtask bench [ARGS]     measures a release build of `postonce`
    cargo xtask help             this text

Exit codes: 0 done, 1 a step or a leg failed, 2 usage. `demo`, `storm`, `bench`, `fuzz` and `race` end
with the exit code of what they run. Servers that the system does not have are kept in `target/servers`.
";

/// A line on the command line that we do not understand.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    let command = args.next().unwrap_or_else(|| OsString::from("help"));
    let rest: Vec<OsString> = args.collect();
    run(command.to_str().unwrap_or_default(), &rest).unwrap_or_else(|error| {
        // In one line: what failed has said more above.
        eprintln!("xtask: {error:#}");
        ExitCode::FAILURE
    })
}

fn run(command: &str, rest: &[OsString]) -> anyhow::Result<ExitCode> {
    match (command, rest) {
        ("ci", []) => ci::run(),
        ("test", [what]) if what == "mysql" => suite::mysql(),
        ("test", [what]) if what == "cluster" => suite::cluster(),
        ("test", [all, rest @ ..]) if all == "--require-all" => test(rest, Skips::Refused),
        ("test", rest) => test(rest, Skips::Allowed),
        ("storm", args) => launch::storm(args),
        ("race", args) => launch::race(args),
        ("fuzz", args) => launch::fuzz(args),
        ("demo", args) => launch::demo(args),
        ("bench", args) => launch::bench(args),
        ("help" | "--help" | "-h", _) => {
            print!("{HELP}");
            Ok(ExitCode::SUCCESS)
        }
        _ => Ok(not_understood()),
    }
}

fn test(rest: &[OsString], skips: Skips) -> anyhow::Result<ExitCode> {
    match rest {
        [] => suite::run(&[], skips),
        [dashes, filters @ ..] if dashes == "--" => suite::run(filters, skips),
        _ => Ok(not_understood()),
    }
}

fn not_understood() -> ExitCode {
    eprint!("xtask: not understood\n\n{HELP}");
    ExitCode::from(USAGE)
}
