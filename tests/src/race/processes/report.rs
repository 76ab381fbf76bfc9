//! What races of processes have shown.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use postonce_race_kit::{Invariant, Plan, Verb};

use super::{Done, Script};

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
    /// Of these: those whose ends were compared, since both have one.
    pub compared: u32,
    /// What was done to the processes, one by one.
    pub steps: u32,
    /// Processes started, those of the calm included.
    pub processes: u32,
    /// How often plans asked for what.
    pub verbs: BTreeMap<&'static str, u32>,
    /// Plans that processes cannot follow, by the reason.
    pub refused: BTreeMap<String, u32>,
    /// Plans that do not even in memory do what they say.
    pub stale: Vec<Found>,
    /// What is wrong in the end, and was not to be.
    pub violations: Vec<Found>,
    /// What is wrong in the end, as the plan's last line says.
    pub as_expected: Vec<Found>,
    /// Plans that say what is to break, and all is well in the end.
    pub unmet: Vec<Found>,
    /// Where a process stood still.
    pub stuck: Vec<Found>,
    /// Where a process did not do what the simulation did.
    pub parted: Vec<Found>,
    /// Plans that were followed, and whose invoices ended otherwise.
    pub differing: Vec<Found>,
    /// How long all of it took.
    pub took: Duration,
    starting: Duration,
    stepping: Duration,
}

impl Report {
    pub(super) fn refuse(&mut self, why: String) {
        *self.refused.entry(why).or_default() += 1;
    }

    /// Counts one plan that was played.
    pub(super) fn add(&mut self, script: &Script, done: Done) {
        let found = |words: String| Found { plan: script.plan.clone(), words };
        self.starting += done.starting;
        self.stepping += done.stepping;
        self.schedules += 1;
        self.steps += done.steps;
        self.processes += done.processes + done.settled.processes;
        for item in &script.plan.items {
            *self.verbs.entry(item.choice.verb.as_str()).or_default() += 1;
        }
        let violations = done.settled.violations;
        match script.plan.expect {
            None => self.violations.extend(violations.into_iter().map(found)),
            Some(expected) if violations.iter().any(|it| shows(expected, it)) => {
                self.as_expected.extend(violations.into_iter().map(found));
            }
            Some(expected) => {
                self.unmet.push(found(format!("{expected} holds: {violations:?}")));
            }
        }
        if let Some(words) = done.stuck {
            self.stuck.push(found(words));
        } else if let Some(words) = done.parted {
            self.parted.push(found(words));
        } else {
            self.followed += 1;
            // In memory a schedule ends where something breaks.
            if script.played.violation.is_none() && !script.has(Verb::Zombie) {
                self.compared += 1;
                let (ends, in_memory) = (&done.settled.ends, &script.played.ends);
                if ends != in_memory {
                    self.differing.push(found(format!("{ends:?}, and in memory {in_memory:?}")));
                }
            }
        }
    }

    /// Whether nothing is wrong that was not to be, nobody stood still, and what was followed ended
    /// as in memory. A plan may have parted: what became of it then is looked at all the same.
    pub fn is_sound(&self) -> bool {
        let wrong = [&self.violations, &self.differing, &self.stuck, &self.stale];
        wrong.iter().all(|it| it.is_empty())
    }

    /// Whether each plan was played, followed to its end, and broke what it says.
    pub fn is_as_planned(&self) -> bool {
        let is_complete = self.refused.is_empty() && self.followed == self.schedules;
        self.is_sound() && is_complete && self.schedules > 0 && self.unmet.is_empty()
    }

    #[expect(clippy::float_arithmetic, reason = "a figure for people")]
    /// Milliseconds for one step of a schedule.
    fn step_ms(&self) -> f64 {
        self.stepping.as_secs_f64() * 1_000.0 / f64::from(self.steps.max(1))
    }
}

/// Whether this is what is seen of a broken invariant in the end. Of double posts the books tell;
/// the others break on the way, and leave this or that.
fn shows(invariant: Invariant, violation: &str) -> bool {
    invariant != Invariant::S1 || violation.starts_with("posted twice")
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
        let (followed, compared) = (self.followed, self.compared);
        writeln!(f, "  followed to the end as in memory: {followed}; ends compared: {compared}")?;
        for (verb, times) in &self.verbs {
            writeln!(f, "  {verb}: {times}")?;
        }
        for (why, times) in &self.refused {
            writeln!(f, "refused {times}: {why}")?;
        }
        for (what, all) in [
            ("not as the plan says, in memory", &self.stale),
            ("stuck", &self.stuck),
            ("parted", &self.parted),
            ("ended otherwise", &self.differing),
            ("broken, as the plan says", &self.as_expected),
            ("not broken, and was to be", &self.unmet),
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
