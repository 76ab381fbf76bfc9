//! `postonce` that a test can hold, break or rob of its lock. Nothing of this is in `postonce`.
//!
//! - `HOLD_AT=POINT:N` holds the N-th invoice that comes to POINT for ever; `HOLD_FILE` is made
//!   when it does. Points: `before_claim`, `after_claim`, `before_settle`.
//! - `PANIC_AT=POINT:N` panics there.
//! - `USELESS_LOCK=1`: the run lock always says yes, and no epoch is raised.
//! - `LOST_CLAIMS=FILE` gets a line for each claim that was refused because another run or a
//!   person was faster.

mod gate;
mod useless_lock;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use postonce_app_cron::PortHook;
use postonce_engine::Ports;

use crate::gate::{GatedStore, Place};
use crate::useless_lock::UselessLock;

fn main() -> std::io::Result<ExitCode> {
    postonce_app_cron::main(&Wraps)
}

struct Wraps;

impl PortHook for Wraps {
    fn ports(&self, mut ports: Ports) -> Ports {
        let hold = variable("HOLD_AT").map(|at| Place::parse(&at));
        let panic = variable("PANIC_AT").map(|at| Place::parse(&at));
        let hold_file = variable("HOLD_FILE").map(PathBuf::from);
        let lost = variable("LOST_CLAIMS").map(PathBuf::from);
        if hold.is_some() || panic.is_some() || lost.is_some() {
            let inner = Arc::clone(&ports.store);
            ports.store = Arc::new(GatedStore { inner, hold, panic, held: hold_file, lost });
        }
        if variable("USELESS_LOCK").is_some() {
            ports.lock = Arc::new(UselessLock);
        }
        ports
    }
}

#[expect(clippy::disallowed_methods, reason = "this binary is configured by these variables")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
