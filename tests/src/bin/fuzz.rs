//! `cargo xtask fuzz`: input that nobody has thought of.

use std::process::ExitCode;

use postonce_tests::fuzz::command;

fn main() -> ExitCode {
    command::main(&std::env::args().skip(1).collect::<Vec<_>>())
}
