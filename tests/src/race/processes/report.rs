//! What races of processes have shown.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use postonce_race_kit::Plan;

/// Something about one plan.
#[derive(Clone, Debug)]
pub struct Found {
    /// The plan.
    pub plan: Plan,
    /// What.
    pub words: String,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}", self.words, self.plan)
    }
}

/// Figures of many plans.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Plans that were played.
    pub schedules: u32,
    /// Of these: call by call as in memory, to the end.
    pub followed: u32,
    /// What was done to the processes, one by one.
    pub steps: u32,
    /// Processes started, those of the calm included.
    pub processes: u32,
    /// How often plans asked for what.
    pub verbs: BTreeMap<&'static str, u32>,
    /// Plans that processes cannot follow, by the reason.
    pub refused: BTreeMap<String, u32>,
    /// What is wrong in the end.
    pub violations: Vec<Found>,
    /// Where a process did not do what the simulation did.
    pub parted: Vec<Found>,
    /// Plans that were followed, and whose invoices ended otherwise.
    pub differing: Vec<Found>,
    /// How long all of it took.
    pub took: Duration,
    pub(super) starting: Duration,
    pub(super) stepping: Duration,
}

impl Report {
    pub(super) fn refuse(&mut self, why: String) {
        *self.refused.entry(why).or_default() += 1;
    }

    /// Whether nothing is wrong, nobody stood still, and what was followed ended as in memory.
    pub fn is_sound(&self) -> bool {
        let is_stuck = |found: &Found| found.words.starts_with("stuck");
        let stuck = self.parted.iter().any(is_stuck);
        self.violations.is_empty() && self.differing.is_empty() && !stuck
    }

    #[expect(clippy::float_arithmetic, reason = "a figure for people")]
    /// Milliseconds for one step of a schedule.
    fn step_ms(&self) -> f64 {
        self.stepping.as_secs_f64() * 1_000.0 / f64::from(self.steps.max(1))
    }
}

impl fmt::Display for Report {
    #[expect(clippy::float_arithmetic, reason = "figures for people")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.took.as_secs_f64();
        let rate = f64::from(self.schedules) / seconds.max(0.001);
        writeln!(f, "{} schedules in {seconds:.1} s: {rate:.1}/s", self.schedules)?;
        let (steps, ms) = (self.steps, self.step_ms());
        writeln!(f, "  {steps} steps, {ms:.1} ms each; {} processes", self.processes)?;
        let starting = self.starting.as_secs_f64();
        let stepping = self.stepping.as_secs_f64();
        let calm = seconds - starting - stepping;
        writeln!(f, "  starting {starting:.1} s, steps {stepping:.1} s, calm {calm:.1} s")?;
        writeln!(f, "  followed to the end as in memory: {}", self.followed)?;
        for (verb, times) in &self.verbs {
            writeln!(f, "  {verb}: {times}")?;
        }
        for (why, times) in &self.refused {
            writeln!(f, "refused {times}: {why}")?;
        }
        for (what, all) in [
            ("parted", &self.parted),
            ("ended otherwise", &self.differing),
            ("violations", &self.violations),
        ] {
            writeln!(f, "{what}: {}", all.len())?;
            for found in all {
                writeln!(f, "- {found}")?;
            }
        }
        Ok(())
    }
}
