//! What the service manager is told, if it has started us and wants to be told.
//!
//! It says so by variables of its own, which are no settings of ours: the crate reads them.

use sd_notify::NotifyState;

/// That the work has begun.
pub(crate) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// That the work still goes on.
pub(crate) fn alive() {
    tell(&[NotifyState::Watchdog]);
}

/// What the work waits for, on one line.
pub(crate) fn status(words: &str) {
    tell(&[NotifyState::Status(words)]);
}

/// That the work comes to its end.
pub(crate) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

fn tell(states: &[NotifyState<'_>]) {
    // A service manager that does not listen is not our trouble.
    drop(sd_notify::notify(states));
}
