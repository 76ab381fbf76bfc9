//! What a hunt in one scenario came to.

use std::fmt;
use std::time::Duration;

use postonce_race_kit::{Coverage, Exhausted, Plan, Scenario, Sometimes, Timeline, Violation};
use serde_json::{Value, json};

use super::rung::Rung;

/// See the module's text.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) scenario: Scenario,
    /// Where it was played.
    pub(crate) on: Rung,
    pub(crate) seen: Seen,
    pub(crate) elapsed: Duration,
    pub(crate) found: Option<Finding>,
    pub(crate) interrupted: bool,
}

/// What was seen on the way.
#[derive(Debug)]
pub(crate) enum Seen {
    Random(Coverage),
    Every { exhausted: Exhausted, deviations: u32 },
}

/// What breaks, and by what.
#[derive(Debug)]
pub(crate) struct Finding {
    /// Which schedule it was.
    pub(crate) nth: u64,
    pub(crate) violation: Violation,
    /// The shortest plan that breaks the same.
    pub(crate) plan: Plan,
    pub(crate) timeline: Timeline,
}

/// What it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing was found, and nothing was to be.
    Holds,
    /// Something was found that was not to be.
    Breaks,
    /// The scenario is here to be broken, and was.
    AsExpected,
    /// The scenario is here to be broken, and was not.
    NotBroken,
}

impl Outcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Breaks => "breaks",
            Self::AsExpected => "breaks_as_expected",
            Self::NotBroken => "not_broken",
        }
    }
}

impl Seen {
    pub(crate) fn schedules(&self) -> u64 {
        match self {
            Self::Random(coverage) => coverage.schedules,
            Self::Every { exhausted, .. } => exhausted.runs,
        }
    }
}

impl Report {
    pub(crate) fn outcome(&self) -> Outcome {
        match (&self.found, self.scenario.expect) {
            (None, None) => Outcome::Holds,
            (None, Some(_)) => Outcome::NotBroken,
            (Some(it), expected) if Some(it.violation.invariant) == expected => Outcome::AsExpected,
            (Some(_), _) => Outcome::Breaks,
        }
    }

    fn per_second(&self) -> u128 {
        let schedules = u128::from(self.seen.schedules());
        (schedules * 1_000_000).checked_div(self.elapsed.as_micros()).unwrap_or(0)
    }

    pub(crate) fn json(&self) -> Value {
        let mut report = json!({
            "name": self.scenario.name,
            "setting": Plan::calm(self.scenario.setting.clone()).to_string().trim_end(),
            "expect": self.scenario.expect.map(|it| it.to_string()),
            "outcome": self.outcome().as_str(),
            "interrupted": self.interrupted,
            "schedules": self.seen.schedules(),
            "per_second": u64::try_from(self.per_second()).unwrap_or(u64::MAX),
            "found": self.found.as_ref().map(|it| json!({
                "schedule": it.nth,
                "plan": it.plan.to_string(),
                "timeline": it.timeline.json(),
            })),
        });
        report["seen"] = match &self.seen {
            Seen::Every { exhausted, deviations } => json!({
                "deviations": deviations,
                "states": exhausted.states,
                "complete": exhausted.complete,
            }),
            Seen::Random(coverage) => {
                let sometimes: serde_json::Map<String, Value> = coverage
                    .sometimes
                    .iter()
                    .map(|(it, count)| (it.words().to_owned(), json!(count)))
                    .collect();
                let never: Vec<&str> = coverage.never().into_iter().map(Sometimes::words).collect();
                let moves = coverage.moves.iter().map(
                    |((from, to), count)| json!({"from": from.to_string(), "to": to.to_string(), "count": count}),
                );
                json!({
                    "steps": coverage.steps,
                    "states": coverage.states.len(),
                    "saturated": !coverage.is_steep(),
                    "sometimes": sometimes,
                    "never": never,
                    "moves": moves.collect::<Vec<_>>(),
                    "pairs": coverage.switches.len(),
                })
            }
        };
        report
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.scenario.name, self.scenario.about)?;
        let (schedules, rate) = (self.seen.schedules(), self.per_second());
        write!(f, "    {schedules} schedules, {rate} per second; ")?;
        match &self.seen {
            Seen::Every { exhausted, deviations } => {
                let all = if exhausted.complete { "all" } else { "not all" };
                let states = exhausted.states;
                writeln!(f, "{states} states; {all} with {deviations} deviations at most")?;
            }
            Seen::Random(coverage) => seen(f, coverage)?,
        }
        if self.interrupted {
            writeln!(f, "    ended by Ctrl-C")?;
        }
        match (self.outcome(), &self.found) {
            (Outcome::Holds, _) | (_, None) if self.scenario.expect.is_none() => {
                writeln!(f, "    holds\n")
            }
            (_, None) => {
                let expected = self.scenario.expect.map(|it| it.to_string()).unwrap_or_default();
                writeln!(
                    f,
                    "    NOT BROKEN: {expected} was to be, and these schedules were too few\n"
                )
            }
            (Outcome::AsExpected, Some(it)) => {
                writeln!(f, "    breaks, as it should, in schedule {}: {}", it.nth, it.violation)?;
                how_to_replay(f, (self.on, &it.plan))
            }
            (_, Some(it)) => {
                writeln!(f, "    BREAKS in schedule {}: {}\n", it.nth, it.violation)?;
                writeln!(f, "{}", it.timeline.text())?;
                how_to_replay(f, (self.on, &it.plan))
            }
        }
    }
}

fn seen(f: &mut fmt::Formatter<'_>, coverage: &Coverage) -> fmt::Result {
    let growth = if coverage.is_steep() { "not saturated" } else { "saturated" };
    writeln!(f, "{} states, {growth}", coverage.states.len())?;
    let sometimes = coverage.sometimes.iter();
    list(f, "sometimes", sometimes.map(|(it, count)| format!("{} ({count})", it.words())))?;
    list(f, "never", coverage.never().into_iter().map(|it| it.words().to_owned()))?;
    let moves = coverage.moves.iter();
    list(f, "moves", moves.map(|((from, to), count)| format!("{from} → {to} ({count})")))
}

/// A list after its name, in lines of a terminal's width.
fn list(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    items: impl Iterator<Item = String>,
) -> fmt::Result {
    const WIDTH: usize = 100;
    let mut line = format!("    {name}:");
    let mut items = items.peekable();
    if items.peek().is_none() {
        return writeln!(f, "{line} nothing");
    }
    while let Some(item) = items.next() {
        let end = if items.peek().is_some() { ";" } else { "" };
        if line.chars().count() + item.chars().count() + 2 > WIDTH {
            writeln!(f, "{line}")?;
            "       ".clone_into(&mut line);
        }
        line = format!("{line} {item}{end}");
    }
    writeln!(f, "{line}")
}

fn how_to_replay(f: &mut fmt::Formatter<'_>, (on, plan): (Rung, &Plan)) -> fmt::Result {
    let flag = on.flag();
    writeln!(f, "Replay it:\n\ncargo xtask race replay - {flag}<<'PLAN'\n{plan}PLAN\n")
}

/// All of it in a line.
pub(crate) fn summary(reports: &[Report]) -> String {
    let count = |outcome| reports.iter().filter(|it| it.outcome() == outcome).count();
    let schedules: u64 = reports.iter().map(|it| it.seen.schedules()).sum();
    let parts = [
        (count(Outcome::Holds), "hold"),
        (count(Outcome::AsExpected), "break as they should"),
        (count(Outcome::NotBroken), "were to break and did not"),
        (count(Outcome::Breaks), "BREAK"),
    ];
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    let parts: Vec<String> = parts.map(|(count, words)| format!("{count} {words}")).collect();
    format!("{schedules} schedules; of {} scenarios {}", reports.len(), parts.join(", "))
}
