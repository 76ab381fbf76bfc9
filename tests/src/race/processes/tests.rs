//! Some plans on real processes with every run of the suite; the command line plays more.

use anyhow::{Result, ensure};

use postonce_race_kit::{Plan, Verb};

use super::{Build, SCENARIOS, plans, refusal, run};
use crate::race::regressions;

fn always() -> bool {
    true
}

#[test]
fn plans_on_processes_and_mysql_post_nothing_twice() -> Result<()> {
    let plans = plans(Build::Sound, &SCENARIOS, (24, 1), &always)?;
    let report = run(Build::Sound, &plans, &always)?;
    println!("{report}");
    ensure!(report.is_sound() && report.schedules == 24, "{report}");
    ensure!(report.followed * 10 >= report.schedules * 9, "{report}");
    Ok(())
}

#[test]
fn broken_processes_on_mysql_are_seen_to_post_twice() -> Result<()> {
    let plans = plans(Build::Broken, &["lost-lock"], (4, 1), &always)?;
    let report = run(Build::Broken, &plans, &always)?;
    let twice = report.as_expected.iter().filter(|it| it.words.starts_with("posted twice"));
    ensure!(twice.count() > 0, "{report}");
    Ok(())
}

#[test]
fn regression_plans_on_processes_and_mysql_end_as_in_memory() -> Result<()> {
    let plans: Vec<Plan> = regressions::plans()?.into_iter().map(|(_, plan)| plan).collect();
    let able: Vec<Plan> = plans.into_iter().filter(|it| refusal(it).is_none()).collect();
    let report = run(Build::Sound, &able, &always)?;
    println!("{report}");
    ensure!(report.is_as_planned(), "{report}");
    let zombies = able.iter().filter(|it| it.items.iter().any(|it| it.choice.verb == Verb::Zombie));
    ensure!(usize::try_from(report.compared)? == able.len() - zombies.count(), "{report}");
    for verb in ["hold", "vanish", "refuse", "hide"] {
        ensure!(report.verbs.contains_key(verb), "no plan has {verb}: {report}");
    }
    Ok(())
}

#[test]
fn what_processes_refuse_is_known_by_name() -> Result<()> {
    let plans = regressions::plans()?;
    let refused = plans.iter().filter(|(_, plan)| refusal(plan).is_some());
    let refused: Vec<&str> = refused.map(|(name, _)| name.as_str()).collect();
    ensure!(refused == REFUSED, "{refused:#?}");
    Ok(())
}

/// The plans that processes cannot follow.
const REFUSED: [&str; 22] = [
    "blind-filter-lost.race",
    "changes-freeze.race",
    "changes-switch.race",
    "dead-hosts-clock-back.race",
    "dead-hosts-db-restart.race",
    "doors-zombie.race",
    "in-flight-crash.race",
    "in-flight-limit.race",
    "late-for-ever-resent-hold.race",
    "later-hold.race",
    "lease-host-loss.race",
    "lease-time-passes.race",
    "loose-filter-lost.race",
    "lost-lock-pause.race",
    "people-vanish.race",
    "posting-zombie.race",
    "reprocess-hold.race",
    "reprocess-refuse.race",
    "restored-elsewhere.race",
    "restored-restore.race",
    "stall-before-the-wire-stall.race",
    "two-installations-clock-ahead.race",
];
