//! Bugs on purpose: whoever says that the kit finds races must show that it finds these.
//!
//! A mutant is a bug between an actor's engine and its ports, in this package only. Each is found
//! in every one of its cases, by an invariant that is named, within so many schedules; or it is
//! listed with what keeps it from doing harm. `docs/race-mutants.md` tells of all.

mod books;
pub(super) mod bug;
mod claims;
mod doubts;
mod lists;
mod locks;
mod outcomes;
mod reprocessing;
mod takeovers;
mod unguarded;

use postonce_engine::Ports;
use postonce_race_kit::{Invariant, Plan, PlanError, Setting, Verb, Verbs};

/// A bug, and what is to become of it.
#[derive(Clone, Copy, Debug)]
pub struct Mutant {
    /// Its name, as settings have it.
    pub name: &'static str,
    /// What is wrong, in a line.
    pub about: &'static str,
    /// Whether it is found.
    pub fate: Fate,
    /// The settings in which that is so. They are two at least: one defence may hide a bug that
    /// another setting lays open.
    pub cases: &'static [Case],
    put_in: fn(Ports) -> Ports,
}

/// Whether a mutant is found.
#[derive(Clone, Copy, Debug)]
pub enum Fate {
    /// It is.
    Killed {
        /// By one of these, the usual one first.
        by: &'static [Invariant],
        /// Within so many schedules.
        cost: u64,
    },
    /// It is not, since something else keeps it from doing harm.
    Survives {
        /// What.
        why: &'static str,
        /// So many schedules are tried.
        runs: u64,
    },
}

/// A setting in which a mutant is tried.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// As in the first line of a plan.
    pub setting: &'static str,
    /// What may go wrong; everything but a database that goes back if there is nothing here.
    pub verbs: &'static [Verb],
}

/// One of them, as the tables write it.
const fn case(setting: &'static str, verbs: &'static [Verb]) -> Case {
    Case { setting, verbs }
}

impl Case {
    /// The setting, with a mutant or without.
    pub fn setting(&self, mutant: Option<&str>) -> Result<Setting, PlanError> {
        let plan: Plan = format!("race/1 mutants {}", self.setting).parse()?;
        Ok(Setting { mutant: mutant.map(str::to_owned), ..plan.setting })
    }

    /// What may go wrong.
    pub fn verbs(&self) -> Verbs {
        if self.verbs.is_empty() {
            return Verbs::ALL.without(Verb::Restore).without(Verb::Elsewhere);
        }
        Verbs::of(self.verbs)
    }
}

impl Mutant {
    /// All of them.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        let topics = [
            books::MUTANTS,
            claims::MUTANTS,
            unguarded::MUTANTS,
            outcomes::MUTANTS,
            takeovers::MUTANTS,
            doubts::MUTANTS,
            reprocessing::MUTANTS,
            lists::MUTANTS,
            locks::MUTANTS,
        ];
        topics.into_iter().flatten()
    }

    /// Schedules to be tried.
    pub fn budget(&self) -> u64 {
        match self.fate {
            Fate::Killed { cost: runs, .. } | Fate::Survives { runs, .. } => runs,
        }
    }
}

/// The ports with the setting's mutant in front, if it has one.
pub fn mutate(setting: &Setting, ports: Ports) -> Ports {
    let Some(wanted) = &setting.mutant else { return ports };
    match Mutant::all().find(|mutant| mutant.name == wanted) {
        Some(mutant) => (mutant.put_in)(ports),
        None => ports,
    }
}

/// The ports with a bug for tests of the tests: what is not claimed is sent all the same.
pub fn posts_anyway(ports: Ports) -> Ports {
    bug::bugged::<claims::PostsAnyway>(ports)
}

#[cfg(test)]
mod tests;
