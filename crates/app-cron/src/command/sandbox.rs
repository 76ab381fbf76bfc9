//! `postonce sandbox`.

use std::time::Duration;

use postonce_myob_sandbox::{Changes, Options, Sandbox as Server, StartError};

use crate::args::Sandbox;
use crate::exit::{Exit, Failure, chain};
use crate::signals::Signals;
use crate::wiring::Context;

pub(crate) async fn run(context: &Context<'_>, args: Sandbox) -> Result<Exit, Failure> {
    let mut switches = Changes::default();
    for pair in &args.switches {
        switches
            .add(pair)
            .map_err(|error| Failure::new(Exit::Usage, format!("--switch: {error}")))?;
    }
    let options = Options {
        listen: args.listen,
        state: args.state,
        rate_per_second: args.rate_per_second,
        latency: Duration::from_millis(args.latency_ms),
    };
    let mut signals = Signals::listen()?;
    let server = Server::bind(options).await.map_err(|error| failure(&error))?;
    if !switches.is_empty() {
        server.switch(switches).map_err(|error| failure(&error))?;
    }
    context.output.line(&format!("listening on {}", server.url()));
    context.output.flush();
    server
        .serve(async move { signals.next().await })
        .await
        .map_err(|error| Failure::new(Exit::Unexpected, chain(&error)))?;
    Ok(Exit::Done)
}

fn failure(error: &StartError) -> Failure {
    let exit = match error {
        StartError::AddressTaken { .. } | StartError::Listen { .. } => Exit::BadConfiguration,
        StartError::State { .. }
        | StartError::StateInUse { .. }
        | StartError::StateCorrupt { .. }
        | StartError::Switches { .. } => Exit::DatabaseUnavailable,
    };
    Failure::new(exit, chain(error))
}
