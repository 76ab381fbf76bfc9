//! `postonce completions`.

use clap::CommandFactory as _;

use crate::args::{Cli, Completions};
use crate::wiring::Context;

pub(crate) fn run(context: &Context<'_>, args: &Completions) {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "postonce", &mut script);
    context.output.data(&script);
}
