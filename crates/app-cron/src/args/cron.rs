//! What `postonce cron` takes.

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Cron {
    #[command(subcommand)]
    pub(crate) verb: Option<CronVerb>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CronVerb {
    /// Show the next fires, in the schedule's zone and in UTC
    Next {
        /// So many
        #[arg(long, value_name = "N", default_value_t = 5,
            value_parser = clap::value_parser!(u32).range(1..=1_000))]
        count: u32,
    },
    /// List the fires that were, and what came of each, newest first
    Fires {
        /// So many at most
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: u32,
    },
}
