//! `postonce sandbox`.

use std::time::Duration;

use postonce_myob_sandbox::{Options, Sandbox as Server, StartError};

use crate::args::Sandbox;
use crate::exit::{Exit, Failure, chain};
use crate::signals::Signals;
use crate::wiring::Context;

pub(crate) async fn run(context: &Context<'_>, args: Sandbox) -> Result<Exit, Failure> {
    let options = Options {
        listen: args.listen,
        state: args.state,
        rate_per_second: args.rate_per_second,
        latency: Duration::from_millis(args.latency_ms),
    };
    let mut signals = Signals::listen()?;
    let server = Server::bind(options).await.map_err(|error| {
        let exit = match &error {
            StartError::AddressTaken { .. } | StartError::Listen { .. } => Exit::BadConfiguration,
            StartError::State { .. }
            | StartError::StateInUse { .. }
            | StartError::StateCorrupt { .. } => Exit::DatabaseUnavailable,
        };
        Failure::new(exit, chain(&error))
    })?;
    context.output.line(&format!("listening on {}", server.url()));
    context.output.flush();
    server
        .serve(async move { signals.next().await })
        .await
        .map_err(|error| Failure::new(Exit::Unexpected, chain(&error)))?;
    Ok(Exit::Done)
}
