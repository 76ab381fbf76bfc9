//! What goes in memory goes on a server.

use anyhow::{Result, ensure};
use postonce_race_kit::{self as kit, Plan, Replay};

use super::{LockKind, Mysql};
use crate::race::regressions::{plans_go_the_same, walks_go_the_same};
use crate::race::same::told;

#[test]
fn every_plan_goes_on_a_server_as_in_memory() -> Result<()> {
    let (named, lease) = (Mysql::new(LockKind::Named)?, Mysql::new(LockKind::Lease)?);
    plans_go_the_same(|plan| {
        let is_leased = plan.setting.lock == kit::LockKind::Lease;
        Box::new(if is_leased { lease.clone() } else { named.clone() })
    })
}

#[test]
fn walks_go_on_a_server_as_in_memory() -> Result<()> {
    let named = Mysql::new(LockKind::Named)?;
    walks_go_the_same(&named, &["later", "reprocess", "lost-answers", "restored"], 8)?;
    walks_go_the_same(&Mysql::new(LockKind::Lease)?, &["lease"], 8)
}

#[test]
fn every_time_grows_older() -> Result<()> {
    let mysql = Mysql::new(LockKind::Lease)?;
    let plan: Plan = crate::race::tables::EVENTFUL.parse()?;
    let told = told(&mysql, &plan.setting, &mut Replay::new(&plan.items));
    told.map_err(anyhow::Error::msg)?;
    for (column, question) in mysql.0.tables.forgotten() {
        let count = mysql.number(&question)?;
        ensure!(count == 0, "{column} holds times, and stays as it is");
    }
    Ok(())
}
