//! Ctrl-C, SIGTERM and a closed terminal: the first one asks, the second one leaves.

use postonce_adapter_host::StopFlag;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::{Exit, Failure};
use crate::output::talk;

/// The signals that ask a process to end.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
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
        let terminate = take(SignalKind::terminate())?;
        Ok(Self { interrupt, terminate, hang_up: take(SignalKind::hangup())? })
    }

    /// Returns at the next one.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
        }
    }
}

/// A flag that the first signal raises. The second one ends the process.
pub(crate) fn stop_flag() -> Result<StopFlag, Failure> {
    raised_by_a_signal(
        "Stopping: finishing what is in flight. A second signal leaves it in doubt.",
        "Left at once. What was in flight is in doubt until the next run asks the ledger.",
    )
}

/// The same for work that only reads.
pub(crate) fn stop_reading() -> Result<StopFlag, Failure> {
    raised_by_a_signal(
        "Stopping behind this page. A second signal leaves at once.",
        "Left at once. What was read before this page is kept.",
    )
}

/// The same for telling people.
pub(crate) fn stop_telling() -> Result<StopFlag, Failure> {
    raised_by_a_signal(
        "Stopping behind this look. A second signal leaves at once.",
        "Left at once. What was being told is told again in five minutes.",
    )
}

fn raised_by_a_signal(first: &'static str, second: &'static str) -> Result<StopFlag, Failure> {
    let mut signals = Signals::listen()?;
    let flag = StopFlag::default();
    let raised = flag.clone();
    tokio::spawn(async move {
        signals.next().await;
        raised.request();
        talk(first);
        signals.next().await;
        talk(second);
        // Not `Interrupted`, which says that everything in flight is settled.
        std::process::exit(i32::from(Exit::Unexpected.code()));
    });
    Ok(flag)
}
