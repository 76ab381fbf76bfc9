//! What a storm has shown.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Result, ensure};

use super::Settings;
use super::fault::Fault;

/// Figures of a storm.
#[derive(Debug)]
pub struct Report {
    settings: Settings,
    happened: BTreeMap<Fault, u32>,
    /// How the syncs ended, by exit code; `None` is a signal.
    pub(super) exits: BTreeMap<Option<i32>, u32>,
    pub(super) invoices: usize,
    /// Posted by a run that had its answer.
    pub(super) posted: usize,
    /// In doubt for a time, and found in the ledger.
    pub(super) adopted: usize,
    /// In doubt for a time, proven absent, and sent again on a person's word.
    pub(super) absent: usize,
    pub(super) duplicates: usize,
    pub(super) lost: usize,
    pub(super) open: usize,
}

impl Report {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            settings,
            happened: Fault::ALL.iter().map(|fault| (*fault, 0)).collect(),
            exits: BTreeMap::new(),
            invoices: 0,
            posted: 0,
            adopted: 0,
            absent: 0,
            duplicates: 0,
            lost: 0,
            open: 0,
        }
    }

    pub(super) fn count(&mut self, fault: Fault, happened: bool) {
        *self.happened.entry(fault).or_default() += u32::from(happened);
    }

    /// Fails unless nothing was posted twice or lost, no doubt is left, and every kind of fault
    /// really struck, at least once in twenty rounds.
    pub fn verdict(&self) -> Result<()> {
        let least = self.settings.rounds.div_ceil(20);
        for (fault, times) in &self.happened {
            ensure!(*times >= least, "{fault}: struck {times} times, and {least} are needed");
        }
        ensure!(self.duplicates == 0, "{} invoices were posted twice", self.duplicates);
        ensure!(self.lost == 0, "{} invoices were lost", self.lost);
        ensure!(self.open == 0, "{} invoices are still open", self.open);
        ensure!(self.adopted + self.absent > 0, "no storm: nothing was ever in doubt");
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "storm of {} rounds, seed {}", self.settings.rounds, self.settings.seed)?;
        for (fault, times) in &self.happened {
            writeln!(f, "  {fault}: {times}")?;
        }
        for (code, times) in &self.exits {
            match code {
                Some(code) => writeln!(f, "  syncs that ended with {code}: {times}")?,
                None => writeln!(f, "  syncs that a signal ended: {times}")?,
            }
        }
        writeln!(f, "invoices: {}", self.invoices)?;
        writeln!(f, "  posted with an answer: {}", self.posted)?;
        writeln!(f, "  in doubt, then found in the ledger: {}", self.adopted)?;
        writeln!(f, "  in doubt, then proven absent and sent again: {}", self.absent)?;
        writeln!(f, "posted twice: {}", self.duplicates)?;
        writeln!(f, "lost: {}", self.lost)?;
        write!(f, "still open: {}", self.open)
    }
}
