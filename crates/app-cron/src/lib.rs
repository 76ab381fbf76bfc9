//! Configuration, wiring and the command line of `postonce`.
//!
//! The library is the whole program; the binary calls [`main`] and wraps nothing. Another binary may
//! call it with a [`PortHook`] that puts something of its own around each port.
//!
//! **Invariant:** settings are read from the environment in [`config`] and nowhere else.
//!
//! **Invariant:** data goes to stdout, talk to stderr; exit codes are those of [`exit::Exit`].
//!
//! Reading order: `args` (what can be asked), `config`, `wiring` (the parts put together),
//! `command` (one file per command), `import` (invoices from files), `json` (the shapes that
//! programs rely on).

mod args;
mod command;
pub mod config;
mod database;
mod duration;
pub mod exit;
mod hook;
pub mod import;
mod json;
mod mapping_file;
mod no_ledger;
mod noted_ledger;
mod output;
mod progress;
pub mod schedule;
mod selection;
mod served;
mod service_manager;
mod signals;
mod table;
mod watch;
mod wiring;

use std::process::ExitCode;

use clap::Parser as _;

pub use hook::{PortHook, SidePorts, WrapNothing};

use crate::args::Cli;
use crate::config::Sources;
use crate::exit::{Exit, Failure};
use crate::output::{Output, talk};
use crate::wiring::Context;

/// The `main` of a binary: does what the process's command line asks for.
pub fn main(hook: &'static dyn PortHook) -> std::io::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    Ok(runtime.block_on(run(hook)))
}

async fn run(hook: &'static dyn PortHook) -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are asked for and go to stdout; a closed one is no trouble.
            drop(error.print());
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(Exit::Usage.code()));
        }
    };
    let sources = Sources::of_process(cli.global.flags());
    let context = Context { output: Output::new(cli.global.json), sources, hook };
    let exit = match Box::pin(command::run(cli.command, &context)).await {
        Ok(exit) => exit,
        Err(Failure { exit, message }) => {
            for line in message.lines() {
                talk(&format!("postonce: {}", table::plain(line)));
            }
            exit
        }
    };
    context.output.flush();
    match context.output.trouble() {
        Some(why) => {
            talk(&format!("postonce: stdout cannot be written: {why}"));
            exit.or_graver(Exit::Unexpected).into()
        }
        None => exit.into(),
    }
}
