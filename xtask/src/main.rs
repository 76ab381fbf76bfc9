//! The repository's own tools: `cargo xtask help` lists them.
//!
//! **Invariant:** this package depends on no crate of ours, so that it builds while they are
//! broken.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "these are command-line tools: what they say goes to the terminal"
)]

mod cargo;
mod ci;
mod launch;
mod suite;
#[cfg(test)]
mod tidy;

use std::ffi::OsString;
use std::process::ExitCode;

const HELP: &str = "\
The tools of this repository.

    cargo xtask ci               formatting, lints, documentation, tidy checks, dependencies
    cargo xtask test [-- ARGS]   every test; ARGS go to the test programs, as filters
    cargo xtask demo [ARGS]      builds `postonce` and runs `postonce demo ARGS`
    cargo xtask bench [ARGS]     measures a release build of `postonce`
    cargo xtask help             this text

Exit codes: 0 done, 1 a step or a leg failed, 2 usage. `demo` and `bench` end with the exit
code of what they run.
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
        ("test", []) => suite::run(&[]),
        ("test", [dashes, filters @ ..]) if dashes == "--" => suite::run(filters),
        ("demo", args) => launch::demo(args),
        ("bench", args) => launch::bench(args),
        ("help" | "--help" | "-h", _) => {
            print!("{HELP}");
            Ok(ExitCode::SUCCESS)
        }
        _ => {
            eprint!("xtask: not understood\n\n{HELP}");
            Ok(ExitCode::from(USAGE))
        }
    }
}
