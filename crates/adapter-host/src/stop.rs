//! A wish to stop that is shared.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use postonce_ports::clock::Stop;

/// A flag that is raised once. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct StopFlag(Arc<AtomicBool>);

impl StopFlag {
    /// Asks for the stop.
    pub fn request(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Stop for StopFlag {
    fn requested(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests;
