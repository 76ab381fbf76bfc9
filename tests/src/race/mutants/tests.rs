use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, Result, anyhow, ensure};
use postonce_race_kit::{Budget, Found, Invariant, Plan, Setting, Stage, hunt, minimise, replay};

use super::{Case, Fate, Mutant};
use crate::race::memory::Memory;

/// Where chance begins, always: the costs in the document are the same on every machine.
const SEED: u64 = 1;

/// Invariants that no mutant breaks first, with the reason.
const NEVER_FIRST: &[(Invariant, &str)] =
    &[(Invariant::S14, "a record holds names, numbers and states; there is no secret in a race")];

/// Bugs that are no mutants, with the reason.
const NOT_HERE: &[(&str, &str)] = &[
    (
        "a claim without its note, or a note without its claim",
        "a store writes both in one step; `crates/adapter-mysql/src/tests/cut.rs` cuts it everywhere",
    ),
    (
        "an update of a dead client takes effect and is not guarded",
        "every write of the ports carries its guard; `zombie` plays the late ones on the engine",
    ),
    (
        "rows found are taken for rows changed",
        "that is a driver's flag, which `crates/adapter-mysql/src/session.rs` sets",
    ),
    (
        "a lock is released by another than its holder",
        "`lock=useless` is a lock of which that is so",
    ),
    (
        "one lock for two company files makes the second wait",
        "it is meant: all runs of a database share one lock",
    ),
    (
        "\"older than\" reckoned in local time",
        "times are instants; `quiet-by-host-clock` is what a clock that is an hour off does",
    ),
    (
        "an outbox is ticked off before its effect",
        "there is no outbox; `claims-the-message` is what a message that comes twice would do",
    ),
];

/// What the search in one case came to.
fn search(case: &Case, mutant: Option<&str>, runs: u64) -> Result<Option<Found>> {
    let setting = case.setting(mutant)?;
    let stage = Stage::new(&Memory, setting).map_err(|error| anyhow!(error))?;
    let verbs = case.verbs();
    let budget = Budget { runs, seed: SEED, verbs, only: None, coverage: false };
    let hunt = hunt(&stage, budget).map_err(|error| anyhow!(error))?;
    Ok(hunt.found)
}

/// `work` on each of `all`, on every processor, in the order of `all`.
fn on_all_processors<I: Sync, T: Send>(
    all: &[I],
    work: impl Fn(&I) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..processors {
            scope.spawn(|| {
                while let Some((place, it)) = {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    all.get(place).map(|it| (place, it))
                } {
                    let result = work(it);
                    done.lock().unwrap().push((place, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, result)| result).collect()
}

/// What became of a mutant.
struct Told {
    mutant: &'static Mutant,
    /// For each case the schedule that broke something, and what.
    found: Vec<Option<(u64, Invariant)>>,
    /// The shortest plan of the first case.
    plan: Option<Plan>,
}

fn tell(mutant: &'static Mutant) -> Result<Told> {
    let mut found = Vec::new();
    let mut plan = None;
    for (nth, case) in mutant.cases.iter().enumerate() {
        let first = search(case, Some(mutant.name), mutant.budget())
            .with_context(|| format!("{} in {}", mutant.name, case.setting))?;
        if let Some(first) = first.as_ref().filter(|_| nth == 0) {
            let minimised = minimise(&Memory, &first.plan, first.violation.invariant);
            plan = Some(minimised.map_err(|error| anyhow!(error))?.plan);
        }
        found.push(first.map(|it| (it.nth, it.violation.invariant)));
    }
    Ok(Told { mutant, found, plan })
}

impl Told {
    /// What is not as the table says.
    fn wrong(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let name = self.mutant.name;
        for (case, found) in self.mutant.cases.iter().zip(&self.found) {
            let setting = case.setting;
            match (self.mutant.fate, found) {
                (Fate::Killed { by, .. }, Some((_, it))) if by.contains(it) => {}
                (Fate::Survives { .. }, None) => {}
                (Fate::Killed { cost, .. }, None) => {
                    wrong.push(format!("{name} lives after {cost} schedules of {setting}"));
                }
                (_, Some((nth, it))) => {
                    wrong.push(format!("{name} breaks {it} in schedule {nth} of {setting}"));
                }
            }
        }
        if self.mutant.cases.len() < 2 {
            wrong.push(format!("{name} has one case only"));
        }
        wrong
    }
}

#[test]
fn every_mutant_ends_as_the_table_says() -> Result<()> {
    let all: Vec<&'static Mutant> = Mutant::all().collect();
    let told = on_all_processors(&all, |mutant| tell(mutant))?;
    let wrong: Vec<String> = told.iter().flat_map(Told::wrong).collect();
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    let first: BTreeSet<Invariant> =
        told.iter().flat_map(|it| &it.found).flatten().map(|(_, it)| *it).collect();
    for invariant in Invariant::ALL {
        let excused = NEVER_FIRST.iter().any(|(known, _)| *known == invariant);
        let speaks = first.contains(&invariant);
        ensure!(speaks != excused, "{invariant} is the first to report: {speaks}");
    }
    check_document(&document(&told)?)
}

#[test]
fn the_engine_survives_what_kills_the_mutants() -> Result<()> {
    let mut tries: Vec<(&Case, u64)> = Vec::new();
    for mutant in Mutant::all() {
        for case in mutant.cases {
            let known = tries
                .iter_mut()
                .find(|(it, _)| (it.setting, it.verbs) == (case.setting, case.verbs));
            match known {
                Some((_, runs)) => *runs = (*runs).max(mutant.budget()),
                None => tries.push((case, mutant.budget())),
            }
        }
    }
    let found = on_all_processors(&tries, |(case, runs)| search(case, None, *runs))?;
    let told = |it: Found| format!("{}\n{}", it.violation, it.plan);
    let broken: Vec<String> = found.into_iter().flatten().map(told).collect();
    ensure!(broken.is_empty(), "{}", broken.join("\n"));
    Ok(())
}

#[test]
fn a_shortest_plan_is_a_text_that_breaks_the_same() -> Result<()> {
    for mutant in Mutant::all().step_by(7) {
        let Some(plan) = tell(mutant)?.plan else { continue };
        let read: Plan = plan.to_string().parse()?;
        let played = replay(&Memory, &read).map_err(|error| anyhow!(error))?;
        played.verdict(&read).map_err(|why| anyhow!("{}: {why}\n{read}", mutant.name))?;
    }
    Ok(())
}

#[test]
fn a_mutant_that_nobody_knows_is_named() {
    let setting = Setting { mutant: Some("no-such".to_owned()), ..Setting::default() };
    let error = Stage::new(&Memory, setting).err().unwrap();
    assert!(error.contains("there is no mutant `no-such`"), "{error}");
    assert!(error.contains("claim-after-post"), "{error}");
}

const BEGINNING: &str = "# Bugs on purpose\n\n\
    Each of these bugs is put between an actor of a race and its ports, and the search must find it\n\
    in every one of its settings. How many schedules that takes is the same on every machine, since\n\
    chance begins at the same place. The engine without a bug is played as often in the same settings\n\
    and breaks nothing. This document is written by the test `every_mutant_ends_as_the_table_says`:\n\
    `UPDATE_DOCS=1 cargo xtask test -- every_mutant_ends`.\n";

fn document(told: &[Told]) -> Result<String> {
    let mut text = BEGINNING.to_owned();
    let killed = told.iter().filter(|it| matches!(it.mutant.fate, Fate::Killed { .. })).count();
    let (survive, all) = (told.len() - killed, told.len());
    writeln!(
        text,
        "\nOf {all} bugs {killed} are found; {survive} do no harm, and it is said why.\n"
    )?;
    text.push_str("## Found\n\n");
    text.push_str(
        "| bug | what it is | reported by | schedules, setting by setting |\n|---|---|---|---|\n",
    );
    for it in told {
        let Mutant { name, about, .. } = it.mutant;
        let by: BTreeSet<String> =
            it.found.iter().flatten().map(|(_, invariant)| invariant.to_string()).collect();
        if by.is_empty() {
            continue;
        }
        let by = by.into_iter().collect::<Vec<_>>().join(", ");
        let costs: Vec<String> =
            it.found.iter().flatten().map(|(nth, _)| nth.to_string()).collect();
        writeln!(text, "| [`{name}`](#{name}) | {about} | {by} | {} |", costs.join(", "))?;
    }
    text.push_str("\n## What keeps the others from doing harm\n\n| bug | what it is | what is in its way |\n|---|---|---|\n");
    for it in told {
        let Mutant { name, about, fate, .. } = it.mutant;
        if let Fate::Survives { why, .. } = fate {
            writeln!(text, "| `{name}` | {about} | {why} |")?;
        }
    }
    text.push_str("\n## What is not here\n\n| bug | why |\n|---|---|\n");
    for (bug, why) in NOT_HERE {
        writeln!(text, "| {bug} | {why} |")?;
    }
    for (invariant, why) in NEVER_FIRST {
        writeln!(text, "| one that breaks {invariant} ({}) | {why} |", invariant.words())?;
    }
    text.push_str("\n## The shortest plans\n");
    for it in told {
        let Some(plan) = &it.plan else { continue };
        writeln!(text, "\n### {}\n", it.mutant.name)?;
        for (case, found) in it.mutant.cases.iter().zip(&it.found) {
            let Some((nth, invariant)) = found else { continue };
            let verbs: Vec<&str> = case.verbs.iter().map(|verb| verb.as_str()).collect();
            let verbs = if verbs.is_empty() { "anything".to_owned() } else { verbs.join(", ") };
            let setting = case.setting;
            writeln!(text, "- `{setting}`, with {verbs}: {invariant} in schedule {nth}")?;
        }
        write!(text, "\n```text\n{plan}```\n")?;
    }
    Ok(text)
}

fn check_document(text: &str) -> Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/race-mutants.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, text)?;
    }
    let written = std::fs::read_to_string(&path).context("docs/race-mutants.md is missing")?;
    ensure!(written == text, "docs/race-mutants.md is not what was found:\n{text}");
    Ok(())
}
