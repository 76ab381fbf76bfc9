//! What goes in memory goes on a file.

use anyhow::{Result, ensure};
use postonce_race_kit::{Plan, Replay};

use super::Sqlite;
use crate::race::regressions::{plans_go_the_same, walks_go_the_same};
use crate::race::same::told;

#[test]
fn every_plan_goes_on_sqlite_as_in_memory() -> Result<()> {
    let sqlite = Sqlite::new()?;
    plans_go_the_same(|_| Box::new(sqlite.clone()))
}

#[test]
fn walks_go_on_sqlite_as_in_memory() -> Result<()> {
    walks_go_the_same(&Sqlite::new()?, &["later", "reprocess", "lost-answers", "restored"], 5)
}

#[test]
fn every_time_grows_older() -> Result<()> {
    let sqlite = Sqlite::new()?;
    let plan: Plan = crate::race::tables::EVENTFUL.parse()?;
    let told = told(&sqlite, &plan.setting, &mut Replay::new(&plan.items));
    told.map_err(anyhow::Error::msg)?;
    for (column, question) in sqlite.0.tables.forgotten() {
        let count = sqlite.number(&question)?;
        ensure!(count == 0, "{column} holds times, and stays as it is");
    }
    Ok(())
}
