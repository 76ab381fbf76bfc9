//! What `docs/races.md` shows is what comes out.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use postonce_race_kit::{Plan, Timeline};

use super::memory::Memory;

/// The block after `mark`, between its fences.
fn block_after<'a>(document: &'a str, mark: &str) -> Result<&'a str> {
    let (_, rest) = document.split_once(mark).with_context(|| format!("no `{mark}`"))?;
    let (_, rest) = rest.split_once("```text\n").context("no block after it")?;
    Ok(rest.split_once("```").context("the block does not end")?.0)
}

const PLAN: &str = "<!-- drawn below -->";
const TIMELINE: &str = "draws of it:";

#[test]
fn the_timeline_of_the_document_is_what_the_plan_draws() -> Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/races.md");
    let mut document = std::fs::read_to_string(&path).context("docs/races.md is missing")?;
    let plan: Plan = block_after(&document, PLAN)?.parse()?;
    let timeline = Timeline::of(&Memory, &plan).map_err(anyhow::Error::msg)?;
    ensure!(timeline.unexpected().is_none(), "{:?}", timeline.unexpected());
    let drawn = timeline.text();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let start = document.find(TIMELINE).context("nothing to draw")?;
        let written = block_after(&document, TIMELINE)?.to_owned();
        let from = start + document[start..].find("```text\n").context("no block")? + 8;
        document.replace_range(from..from + written.len(), &drawn);
        std::fs::write(&path, &document)?;
    }
    let written = block_after(&document, TIMELINE)?;
    ensure!(written == drawn, "docs/races.md does not show what the plan draws:\n{drawn}");
    Ok(())
}
