//! What is measured, as collectors, alert rules and the board see it.

use std::collections::BTreeSet;

use anyhow::Result;
use postonce_metrics::{Family, Type};

use crate::harness::{Place, Sandbox};

const RULES: &str = include_str!("../../packaging/prometheus/postonce.rules.yml");
const BOARD: &str = include_str!("../../packaging/grafana/postonce.json");
const DOCUMENT: &str = include_str!("../../docs/metrics.md");

/// Every metric that `text` names, a histogram's series by the histogram's name.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let own = words.filter(|word| word.starts_with("postonce_"));
    let of_family = |word: &str| {
        let histograms = Family::ALL.into_iter().filter(|it| matches!(it.kind, Type::Histogram(_)));
        let series = histograms.flat_map(|it| {
            ["_bucket", "_sum", "_count"].map(|end| (format!("{}{end}", it.name), it.name))
        });
        let mut series = series.filter(|(name, _)| name == word);
        series.next().map_or_else(|| word.to_owned(), |(_, name)| name.to_owned())
    };
    own.map(of_family).collect()
}

fn families() -> BTreeSet<String> {
    Family::ALL.into_iter().map(|family| family.name.to_owned()).collect()
}

#[test]
fn rules_board_and_document_name_metrics_that_there_are() {
    let there = families();
    for (what, text) in [("rules", RULES), ("board", BOARD), ("document", DOCUMENT)] {
        let unknown: Vec<String> = named(text).difference(&there).cloned().collect();
        assert_eq!(unknown, Vec::<String>::new(), "the {what} name what is not measured");
    }
    assert_eq!(named(DOCUMENT), there, "docs/metrics.md has every metric");
    let shown: BTreeSet<String> = named(RULES).union(&named(BOARD)).cloned().collect();
    assert_eq!(shown, there, "every metric is on the board or in a rule");
}

#[test]
fn the_board_is_json_and_every_rule_has_words() -> Result<()> {
    let board: serde_json::Value = serde_json::from_str(BOARD)?;
    assert!(board["panels"].as_array().is_some_and(|panels| panels.len() >= 8));
    let count = |word: &str| RULES.matches(word).count();
    let alerts = count("- alert: ");
    assert!(alerts >= 8);
    assert_eq!((count("        expr: "), count("          summary: ")), (alerts, alerts));
    Ok(())
}

#[test]
fn the_command_prints_what_stands_in_the_database() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let place = Place::new(&sandbox)?;
    place.import("MEASURED", 3)?;
    let before = place.run(&["metrics"])?.expect(0)?.stdout;
    assert!(before.contains("\npostonce_invoices{state=\"ready\"} 3\n"), "{before}");
    place.run(&["sync"])?.expect(0)?;
    let text = place.run(&["metrics"])?.expect(0)?.stdout;
    for line in [
        "postonce_invoices{state=\"posted\"} 3",
        "postonce_lock_held 0",
        "postonce_claims_unpaired{open=\"false\"} 0",
    ] {
        assert!(text.lines().any(|shown| shown == line), "{line}\n{text}");
    }
    assert_eq!(named(&text), families(), "each has its two lines of explanation at least");
    assert!(text.contains("\npostonce_last_completed_run_timestamp_seconds 1"), "{text}");
    Ok(())
}
