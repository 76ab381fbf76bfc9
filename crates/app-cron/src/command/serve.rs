//! `postonce serve`.

mod log;

use std::sync::Arc;

use futures::future::{Either, join, select};
use postonce_adapter_http::{App, ListenError, listen};

use self::log::Log;
use crate::args::Serve;
use crate::exit::{Exit, Failure, chain};
use crate::output::talk;
use crate::served::{parts, settings, tls};
use crate::signals::Signals;
use crate::wiring::{Base, Context};

pub(crate) async fn run(context: &Context<'static>, args: &Serve) -> Result<Exit, Failure> {
    let base = Arc::new(Base::open(context).await?);
    let http = &base.config.http;
    let address = args.listen.unwrap_or(http.listen);
    if let Some(why) = http.refusal(address) {
        let why = format!("`--listen` = `{address}` {why}");
        return Err(Failure::new(Exit::BadConfiguration, why));
    }
    let log = Log::begin(base.config.log);
    let mut signals = Signals::listen()?;
    let listening = listen(address, tls(http).as_ref()).await.map_err(|error| failure(&error))?;
    if base.side.accounts.accounts().await?.is_empty() {
        talk(
            "Nobody can log in yet: make an account by `postonce accounts add NAME --role admin`.",
        );
    }
    context.output.line(&format!("listening on {}{}", listening.url(), http.base_path));
    context.output.flush();
    let app = App::new(parts(&base), settings(http));
    let serving = tokio::spawn(listening.serve(app.clone()));
    signals.next().await;
    let within = http.stop_within;
    log.say(&format!(
        "Stopping: nothing new is taken, and what is in flight is finished, for {} seconds at most. \
         A second signal leaves it in doubt.",
        within.as_secs()
    ));
    let stopped = std::pin::pin!(join(app.stop(), serving));
    let second = std::pin::pin!(signals.next());
    let late = base.side.clock.sleep(within);
    let exit = match select(stopped, select(second, late)).await {
        Either::Left(_) => Exit::Done,
        Either::Right(_) => {
            log.say(
                "Left at once. What was in flight is in doubt until the next run asks the ledger.",
            );
            Exit::Unexpected
        }
    };
    log.end();
    Ok(exit)
}

fn failure(error: &ListenError) -> Failure {
    Failure::new(Exit::BadConfiguration, chain(error))
}
