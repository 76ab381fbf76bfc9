//! Plans on real processes: as many as are asked for.
#![expect(clippy::print_stdout, reason = "its result is what it prints")]

use std::process::ExitCode;

use anyhow::Result;
use postonce_tests::race::processes::command;

fn main() -> Result<ExitCode> {
    let report = command(std::env::args().skip(1))?;
    println!("{report}");
    Ok(if report.is_sound() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
