//! The commands, one file each.

mod accounts;
mod agree;
mod as_posted;
mod audit;
mod completions;
mod config;
mod connect;
pub(crate) mod connections;
mod cron;
mod cutover;
mod demo;
mod doctor;
mod duplicates;
mod flags;
mod hold;
mod import;
mod in_doubt;
mod invoices;
mod look_back;
mod machines;
pub(crate) mod mapping;
mod metrics;
mod migrate;
mod notify;
mod parity;
mod reprocess;
mod run_end;
mod runs;
mod sandbox;
mod serve;
mod show;
pub(crate) mod status;
mod sync;

use crate::args::Command;
use crate::exit::{Exit, Failure};
use crate::wiring::Context;

/// Runs one command.
pub(crate) async fn run(command: Command, context: &Context<'static>) -> Result<Exit, Failure> {
    match command {
        Command::Demo => demo::run(context).await,
        Command::Import(args) => import::run(context, &args).await,
        Command::Sync(args) => sync::run(context, args).await,
        Command::Reprocess(args) => reprocess::run(context, args).await,
        Command::InDoubt(args) => in_doubt::run(context, args).await,
        Command::Status(args) => status::run(context, &args).await,
        Command::Invoices(args) => invoices::run(context, args).await,
        Command::Show(args) => show::run(context, &args).await,
        Command::Flags(args) => flags::run(context, args).await,
        Command::Hold(args) => hold::run(context, &args, true).await,
        Command::Unhold(args) => hold::run(context, &args, false).await,
        Command::Runs(args) => runs::run(context, &args).await,
        Command::Audit(args) => audit::run(context, args).await,
        Command::Connect(args) => connect::run(context, &args).await,
        Command::Connections(args) => connections::run(context, args).await,
        Command::Cutover(args) => cutover::run(context, &args).await,
        Command::Mapping(args) => mapping::run(context, args).await,
        Command::Duplicates(args) => duplicates::run(context, &args).await,
        Command::Parity(args) => parity::run(context, &args).await,
        Command::Cron(args) => cron::run(context, args).await,
        Command::Metrics => metrics::run(context).await,
        Command::Notify(args) => notify::run(context, args).await,
        Command::Accounts(args) => accounts::run(context, args).await,
        Command::Machines(args) => machines::run(context, args).await,
        Command::Serve(args) => serve::run(context, &args).await,
        Command::Doctor => doctor::run(context).await,
        Command::Migrate => migrate::run(context).await,
        Command::Config(args) => config::run(context, &args),
        Command::Sandbox(args) => sandbox::run(context, args).await,
        Command::Completions(args) => {
            completions::run(context, &args);
            Ok(Exit::Done)
        }
    }
}
