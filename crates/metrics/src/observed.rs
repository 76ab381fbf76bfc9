//! Ports that are counted as they are used.

mod history;
mod ledger;
mod lock;

use std::sync::Arc;

use postonce_ports::history::RunHistory;
use postonce_ports::ledger::Ledger;
use postonce_ports::lock::RunLock;

use crate::meter::Meter;

impl Meter {
    /// `lock`, counted.
    pub fn lock(&self, lock: Arc<dyn RunLock>) -> Arc<dyn RunLock> {
        Arc::new(lock::Observed { inner: lock, meter: self.clone() })
    }

    /// `history`, counted: runs and their claims.
    pub fn history(&self, history: Arc<dyn RunHistory>) -> Arc<dyn RunHistory> {
        Arc::new(history::Observed::new(history, self.clone()))
    }

    /// `ledger`, counted.
    pub fn ledger(&self, ledger: Arc<dyn Ledger>) -> Arc<dyn Ledger> {
        Arc::new(ledger::Observed { inner: ledger, meter: self.clone() })
    }
}
