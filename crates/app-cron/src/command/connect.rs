//! `postonce connect`: a person lets us into a company file, or takes a database over.

mod browser;
mod consent;
mod listener;
mod take_over;

use crate::args::Connect;
use crate::exit::{Exit, Failure};
use crate::wiring::Context;

pub(crate) async fn run(context: &Context<'_>, args: &Connect) -> Result<Exit, Failure> {
    match &args.file {
        Some(file) => Box::pin(consent::run(context, args, file)).await,
        None => take_over::run(context, args).await,
    }
}
