//! `cargo xtask race`: sync runs against each other, call by call.

use std::process::ExitCode;

use postonce_tests::race::command;

fn main() -> ExitCode {
    command::main(std::env::args_os().skip(1).collect())
}
