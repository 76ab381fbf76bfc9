//! A short storm for every run of the suite.

use anyhow::Result;

use super::{Settings, run};

#[test]
fn a_storm_of_forty_rounds_posts_nothing_twice_and_loses_nothing() -> Result<()> {
    let report = run(Settings { rounds: 40, seed: 20 })?;
    println!("{report}");
    report.verdict()
}
