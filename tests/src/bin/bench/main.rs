//! What PostOnce costs: measured against bare loops on the same machine, in the same run.
//!
//! `cargo xtask bench` builds a release and runs this. Only ratios mean anything on a shared
//! machine; each is the median of pairs that were measured in turns. A bound that is not kept makes
//! the exit code 1.
#![expect(clippy::print_stdout, reason = "its result is what it prints")]
#![expect(clippy::integer_division, reason = "whole nanoseconds and percents are exact enough")]

mod arena;
mod at_once;
mod bare;
mod busy;
mod figures;
mod fill;
mod mariadb;
mod rate;
mod selection;
mod sequential;
mod settings;
mod sqlite;
mod statement;
mod sync;
mod texts;
mod throughput;
mod verdict;
mod whole;

use std::process::ExitCode;

use anyhow::Result;

use crate::settings::{Part, Settings};
use crate::verdict::Verdict;

fn main() -> Result<ExitCode> {
    let settings = Settings::of_process()?;
    texts::listen()?;
    let mut verdict = Verdict::default();
    for part in &settings.parts {
        println!("\n== {} ==", part.name());
        match part {
            Part::Throughput => throughput::measure(&settings, &mut verdict)?,
            Part::Selection => selection::measure(&settings, &mut verdict)?,
            Part::Busy => busy::measure(&settings)?,
            Part::Whole => whole::measure(&settings, &mut verdict)?,
            Part::Rate => rate::measure(&mut verdict)?,
        }
    }
    Ok(verdict.close())
}
