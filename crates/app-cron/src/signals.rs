//! Ctrl-C and SIGTERM: the first one asks, the second one leaves.

use postonce_adapter_host::StopFlag;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::{Exit, Failure};
use crate::output::talk;

/// Both signals that ask a process to end.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Takes the signals over from their default, which is to end at once.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let take = |kind| {
            signal(kind).map_err(|error| {
                Failure::new(Exit::Unexpected, format!("cannot listen for signals: {error}"))
            })
        };
        let interrupt = take(SignalKind::interrupt())?;
        Ok(Self { interrupt, terminate: take(SignalKind::terminate())? })
    }

    /// Returns at the next one.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// A flag that the first signal raises. The second one ends the process.
pub(crate) fn stop_flag() -> Result<StopFlag, Failure> {
    let mut signals = Signals::listen()?;
    let flag = StopFlag::default();
    let raised = flag.clone();
    tokio::spawn(async move {
        signals.next().await;
        raised.request();
        talk("Stopping: finishing what is in flight. A second signal leaves it in doubt.");
        signals.next().await;
        talk("Left at once. What was in flight is in doubt until the next run asks the ledger.");
        std::process::exit(i32::from(Exit::Interrupted.code()));
    });
    Ok(flag)
}
