//! What `postonce notify` takes.

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum Notify {
    /// Send a test by each way that is configured, and say what came of it
    Test,
    /// List what people were told, newest first
    List(NotifyList),
    /// Tell what has happened, and go on telling until a signal comes
    Run(NotifyRun),
}

#[derive(Debug, Args)]
pub(crate) struct NotifyList {
    /// Notices at most
    #[arg(long, value_name = "N", default_value = "50")]
    pub(crate) limit: u32,
}

#[derive(Debug, Args)]
pub(crate) struct NotifyRun {
    /// Look once, deliver what is due, and end
    #[arg(long)]
    pub(crate) once: bool,
}
