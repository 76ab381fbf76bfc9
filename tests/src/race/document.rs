//! What `docs/races.md` and `docs/race-pictures.md` show is what comes out.

use anyhow::{Context as _, Result, ensure};
use postonce_race_kit::{Plan, Timeline};

use super::memory::Memory;
use crate::documents;

/// The block after `mark`, between its fences.
fn block_after<'a>(document: &'a str, mark: &str) -> Result<&'a str> {
    let (_, rest) = document.split_once(mark).with_context(|| format!("no `{mark}`"))?;
    let (_, rest) = rest.split_once("```text\n").context("no block after it")?;
    Ok(rest.split_once("```").context("the block does not end")?.0)
}

/// What the plan draws, if it does what it says.
fn draw(plan: &str) -> Result<String> {
    let plan: Plan = plan.parse()?;
    let timeline = Timeline::of(&Memory, &plan).map_err(anyhow::Error::msg)?;
    ensure!(timeline.unexpected().is_none(), "{:?}", timeline.unexpected());
    Ok(timeline.text())
}

/// Sees that a document shows `drawn` where `written` is.
fn shows(name: &str, written: &str, drawn: &str) -> Result<()> {
    documents::says(name, &documents::text(name)?.replacen(written, drawn, 1))
}

#[test]
fn the_timeline_of_the_document_is_what_the_plan_draws() -> Result<()> {
    let text = documents::text("races.md")?;
    let drawn = draw(block_after(&text, "<!-- drawn below -->")?)?;
    shows("races.md", block_after(&text, "draws of it:")?, &drawn)
}

/// Each picture begins with its plan.
#[test]
fn every_picture_is_what_its_plan_draws() -> Result<()> {
    let text = documents::text("race-pictures.md")?;
    let blocks: Vec<&str> = text.split("```text\n").skip(1).collect();
    ensure!(blocks.len() == 3, "{} pictures", blocks.len());
    for block in blocks {
        let written = block.split_once("```").context("a picture does not end")?.0;
        let plan = written.split_once("\n\n").context("a picture has no plan")?.0;
        let drawn = draw(plan)?;
        ensure!(drawn.lines().count() <= 35, "a picture is longer than a page");
        shows("race-pictures.md", written, &drawn)?;
    }
    Ok(())
}
