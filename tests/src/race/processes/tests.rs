//! Some plans on real processes with every run of the suite; the command line plays more.

use anyhow::{Result, ensure};

use super::{Build, SCENARIOS, plans, run};

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
