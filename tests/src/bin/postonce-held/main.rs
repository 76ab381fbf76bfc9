//! `postonce` that a test can hold, break or rob of its lock. Nothing of this is in `postonce`.
//!
//! - `HOLD_AT=POINT:N` holds the N-th invoice that comes to POINT for ever; `HOLD_FILE` is made
//!   when it does. Points: `before_claim`, `after_claim`, `before_settle`.
//! - `PANIC_AT=POINT:N` panics there.
//! - `USELESS_LOCK=1`: the run lock always says yes, and no epoch is raised.
//! - `UNCHECKED_CLAIM=1`: what is not claimed is sent all the same.
//! - `LOST_CLAIMS=FILE` gets a line for each claim that was refused because another run or a
//!   person was faster.
//! - `RACE_PLAN=LINE`: works within the bounds of this first line of a plan, `RACE_LATER=MILLIS`
//!   later than it is; with `RACE_GATE=1` each port call waits for a word on the standard input.

mod gate;
mod race_gate;
mod useless_lock;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use postonce_app_cron::{PortHook, SidePorts};
use postonce_engine::{Policy, Ports};
use postonce_tests::race::mutants;

use crate::gate::{GatedStore, Place};
use crate::race_gate::Race;
use crate::useless_lock::UselessLock;

fn main() -> std::io::Result<ExitCode> {
    let race = match variable("RACE_PLAN") {
        Some(plan) => {
            let later = variable("RACE_LATER").and_then(|it| it.parse().ok()).unwrap_or(0);
            Some(Race::new(&plan, later, variable("RACE_GATE").is_some())?)
        }
        None => None,
    };
    // It lives as long as the process.
    postonce_app_cron::main(Box::leak(Box::new(Wraps { race })))
}

struct Wraps {
    race: Option<Race>,
}

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
        if let Some(race) = &self.race {
            ports = race.ports(ports);
        }
        if variable("UNCHECKED_CLAIM").is_some() {
            ports = mutants::posts_anyway(ports);
        }
        ports
    }

    fn side_ports(&self, ports: SidePorts) -> SidePorts {
        match &self.race {
            Some(race) => race.side_ports(ports),
            None => ports,
        }
    }

    fn policy(&self, policy: Policy) -> Policy {
        self.race.as_ref().map_or(policy, Race::policy)
    }
}

#[expect(clippy::disallowed_methods, reason = "this binary is configured by these variables")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
