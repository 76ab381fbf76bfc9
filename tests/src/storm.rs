//! Syncs in a storm: real processes on a real server, killed, stopped, cut off and left without
//! answers, round after round, on one database.
//!
//! Every timeout is two seconds, so that a process which is stopped for a while has lost its lock,
//! its answer and its right to send when it wakes. What a storm must show is in
//! [`Report::verdict`].

mod chance;
mod fault;
mod report;
mod settle;
mod world;

use anyhow::{Context as _, Result, ensure};

use crate::storm::fault::Fault;
use crate::storm::world::World;

pub(crate) use chance::Chance;
pub use report::Report;

/// How long and along which path.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Rounds: one fault each.
    pub rounds: u32,
    /// Chooses everything that is left to chance.
    pub seed: u64,
}

/// Runs a storm to its end and tells what came of it. An error means that it could not be run, or
/// that something was posted twice.
pub fn run(settings: Settings) -> Result<Report> {
    let mut chance = Chance::new(settings.seed);
    let mut world = World::new()?;
    let mut report = Report::new(settings);
    let mut deck = Vec::new();
    for round in 0..settings.rounds {
        if deck.is_empty() {
            deck = chance.shuffled(&Fault::ALL);
        }
        let fault = deck.pop().context("the deck was filled")?;
        let happened = world
            .round(round, fault, &mut chance, &mut report)
            .with_context(|| format!("seed {}, round {round}, {fault}", settings.seed))?;
        report.count(fault, happened);
        let duplicates = world.sandbox.books()?.duplicates;
        ensure!(
            duplicates.is_empty(),
            "seed {}, round {round}, {fault}: posted twice: {duplicates:?}",
            settings.seed
        );
    }
    world.settle(&mut report).with_context(|| format!("seed {}, the end", settings.seed))?;
    Ok(report)
}

#[cfg(test)]
mod tests;
