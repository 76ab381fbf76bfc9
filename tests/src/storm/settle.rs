//! The end of a storm: nobody is in the way any more, and every doubt is resolved.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::report::Report;
use super::world::{QUIET, World, pause};
use crate::harness::wait_for;

impl World {
    /// Wakes who sleeps, lets the quiet periods pass, and does what an operator does.
    pub(super) fn settle(&mut self, report: &mut Report) -> Result<()> {
        self.sandbox.clear_faults()?;
        self.wake(true, report)?;
        self.sync_until_nothing_is_ready()?;
        pause(QUIET);
        // Documents that were posted after every doubt, to try the search on.
        self.place.import("LAST", 2)?;
        self.sync_until_nothing_is_ready()?;
        let absent = self.resolve_doubts()?;
        self.sync_until_nothing_is_ready()?;
        self.add_up(&absent, report)
    }

    fn sync_until_nothing_is_ready(&self) -> Result<()> {
        wait_for("a sync that leaves nothing ready", || {
            self.place.run(&["sync", "--json"])?;
            let status = self.place.json(&["status", "--json"])?;
            let left = ["ready", "claimed"].map(|state| status["invoices"][state].clone());
            Ok((left == [json!(0), json!(0)]).then_some(()))
        })
    }

    /// Asks until every doubtful invoice is found or proven absent; the absent ones are resolved
    /// by a person. Answers their ids.
    fn resolve_doubts(&self) -> Result<BTreeSet<i64>> {
        let proven = wait_for("the end of all doubt", || {
            self.place.run(&["in-doubt", "check", "--json"])?;
            let doubtful = self.place.json(&["in-doubt", "list", "--json"])?;
            let doubtful = doubtful.as_array().cloned().unwrap_or_default();
            let proven = doubtful.iter().all(|it| it["absent_confirmed_at"].is_string());
            if !proven {
                // Two misses must be a second apart.
                pause(std::time::Duration::from_secs(1));
            }
            Ok(proven.then_some(doubtful))
        })?;
        let mut absent = BTreeSet::new();
        for doubtful in proven {
            let id = doubtful["invoice"].as_i64().context("an id")?;
            let text = id.to_string();
            let resolve =
                ["in-doubt", "resolve", &text, "--as", "absent", "--reason", "proven absent"];
            self.place.run(&resolve)?.expect(0)?;
            absent.insert(id);
        }
        Ok(absent)
    }

    /// Compares every invoice with the ledger's books.
    fn add_up(&self, absent: &BTreeSet<i64>, report: &mut Report) -> Result<()> {
        let mut booked: BTreeMap<String, usize> = BTreeMap::new();
        for number in self.sandbox.books()?.numbers() {
            *booked.entry(number).or_default() += 1;
        }
        report.duplicates = booked.values().filter(|times| **times > 1).count();
        let pairs = self.place.json(&["audit", "pairs", "--json"])?;
        ensure!(pairs["unpaired"] == json!([]), "claims without an outcome: {pairs}");
        let notes = self.place.run(&["audit", "export"])?.expect(0)?.stdout;
        let adopted = adopted(&notes)?;
        let invoices = self.place.json(&["invoices", "--limit", "1000000", "--json"])?;
        for invoice in invoices.as_array().context("a list")? {
            report.invoices += 1;
            let id = invoice["id"].as_i64().context("an id")?;
            let is_booked = booked.contains_key(invoice["number"].as_str().unwrap_or_default());
            match (invoice["state"].as_str(), is_booked) {
                (Some("posted"), true) if absent.contains(&id) => report.absent += 1,
                (Some("posted"), true) if adopted.contains(&id) => report.adopted += 1,
                (Some("posted"), true) => report.posted += 1,
                (Some("posted"), false) => report.lost += 1,
                _ => report.open += 1,
            }
        }
        let imported = invoices.as_array().map_or(0, Vec::len);
        ensure!(booked.len() <= imported, "the ledger has invoices that nobody imported");
        Ok(())
    }
}

/// The invoices that an inquiry has found.
fn adopted(notes: &str) -> Result<BTreeSet<i64>> {
    let mut adopted = BTreeSet::new();
    for line in notes.lines() {
        let note: Value = serde_json::from_str(line).with_context(|| line.to_owned())?;
        if note["text"].as_str().is_some_and(|text| text.contains("found in the ledger")) {
            adopted.insert(note["invoice"].as_i64().context("an id")?);
        }
    }
    Ok(adopted)
}
