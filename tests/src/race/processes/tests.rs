//! Some plans on real processes with every run of the suite; the command line plays more.

use anyhow::{Result, ensure};

use postonce_race_kit::Plan;

use super::{Build, SCENARIOS, plans, run};
use crate::race::regressions;

#[test]
fn plans_on_processes_and_mysql_post_nothing_twice() -> Result<()> {
    let report = run(Build::Sound, &plans(Build::Sound, &SCENARIOS, 24, 1)?)?;
    println!("{report}");
    ensure!(report.is_sound(), "{report}");
    ensure!(report.followed * 2 > report.schedules, "{report}");
    Ok(())
}

#[test]
fn broken_processes_on_mysql_are_seen_to_post_twice() -> Result<()> {
    let report = run(Build::Broken, &plans(Build::Broken, &["lost-lock"], 4, 1)?)?;
    let twice = report.violations.iter().filter(|it| it.words.starts_with("posted twice"));
    ensure!(twice.count() > 0, "{report}");
    Ok(())
}

#[test]
fn regression_plans_on_processes_and_mysql_end_as_in_memory() -> Result<()> {
    let plans: Vec<Plan> = regressions::plans()?.into_iter().map(|(_, plan)| plan).collect();
    let report = run(Build::Sound, &plans)?;
    println!("{report}");
    ensure!(report.is_sound(), "{report}");
    let refused: u32 = report.refused.values().sum();
    ensure!(usize::try_from(report.schedules + refused)? == plans.len(), "{report}");
    for verb in ["hold", "vanish", "refuse", "hide"] {
        ensure!(report.verbs.contains_key(verb), "no plan has {verb}: {report}");
    }
    Ok(())
}
