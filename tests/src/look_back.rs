//! Looking back through the command line: what MYOB has twice, how the two sides differ, and scans
//! that are interrupted.

mod bounds;
pub(crate) mod interrupted;
mod sides;

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::harness::{Place, Sandbox};
use crate::old_month::{Client, FILE, Old, old, post_month};

/// Gives the company file a past.
fn fill(sandbox: &Sandbox, count: u32, days: (&str, &str), twice_every: u32) -> Result<()> {
    let body = json!({
        "company_file": FILE,
        "count": count,
        "from": days.0,
        "to": days.1,
        "duplicate_every": twice_every,
    });
    sandbox.post("/sandbox/fill", &body).map(drop)
}

const YEAR: (&str, &str) = ("2025-01-01", "2025-12-31");

fn groups(found: &Value) -> Vec<Value> {
    found["groups"].as_array().cloned().unwrap_or_default()
}

/// How often a part of the list of invoices was asked for.
fn pages(sandbox: &Sandbox) -> Result<usize> {
    let requests = sandbox.get("/sandbox/requests")?;
    let requests = requests.as_array().context("requests are a list")?;
    let is_page = |it: &&Value| it["path"].as_str().is_some_and(|it| it.ends_with("/Sale/Invoice"));
    Ok(requests.iter().filter(is_page).count())
}

#[test]
fn duplicates_finds_exactly_the_doubles_that_an_old_integration_left_in_a_month() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let left = post_month(&Client::new(&sandbox)?, "OLD", 60, "2026-03")?;
    let posted = sandbox.books()?;
    assert_eq!((left.posted.len(), left.twice.len()), (72, 12));

    let place = Place::new(&sandbox)?;
    let found = place.run(&["duplicates", FILE, "--check", "--json"])?.expect(10)?.json()?;
    assert_eq!(found["scan"]["documents"], 72, "{found}");
    let wanted: BTreeSet<&str> = left.twice.iter().map(String::as_str).collect();
    let mut seen = BTreeSet::new();
    let groups = groups(&found);
    for group in &groups {
        assert_eq!(group["alike"], json!(["number", "reference", "sale"]), "{group}");
        let documents = group["documents"].as_array().context("documents")?;
        let [one, other] = documents.as_slice() else { panic!("two of them: {group}") };
        assert_eq!(one["number"], other["number"]);
        assert_ne!(one["uid"], other["uid"]);
        seen.insert(one["number"].as_str().unwrap_or_default());
    }
    assert_eq!(seen, wanted, "these and no others");
    assert_eq!(groups.len(), 12, "each once");
    let after = sandbox.books()?;
    assert_eq!(after.invoices, posted.invoices, "nothing is changed");
    assert_eq!(after.posts_received, posted.posts_received, "nothing is sent");
    Ok(())
}

#[test]
fn duplicates_are_a_table_a_csv_file_and_json() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let client = Client::new(&sandbox)?;
    let one = |number: &str, reference: &str, amount| Old {
        number: number.to_owned(),
        reference: reference.to_owned(),
        amount,
        ..old("ANY", 1, "2026-03-02")
    };
    for old in [
        one("sp-1", "=SUM(A1)", 10),
        one("SP-1", "another", 11),
        one("R-1", "-1+1 \"quoted\"", 12),
        one("R-2", "-1+1 \"quoted\"", 13),
        one("S-1", "", 14),
        one("S-2", "", 14),
        one("U-1", "alone", 15),
    ] {
        client.post(&old)?;
    }
    let place = Place::new(&sandbox)?;
    let table = place.run(&["duplicates", FILE, "--csv", "twice.csv"])?.expect(0)?;
    assert!(table.stdout.contains("sp-1") && table.stdout.contains("SP-1"), "{}", table.stdout);
    assert!(!table.stdout.contains("U-1"), "{}", table.stdout);
    assert!(table.stderr.contains("3 groups of 6 documents, in 7"), "{}", table.stderr);

    let csv = std::fs::read_to_string(place.path().join("twice.csv"))?;
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 7, "{csv}");
    let columns = "group,alike,number,reference,customer,date,amount,uid,layout,foreign,ours";
    assert_eq!(lines[0], columns);
    assert_eq!(csv.matches("1,number,").count(), 2, "{csv}");
    assert_eq!(csv.matches(",'=SUM(A1),CUS1,2026-03-02,10.00,").count(), 1, "{csv}");
    assert_eq!(csv.matches("2,reference,R-").count(), 2, "{csv}");
    assert_eq!(csv.matches(",\"'-1+1 \"\"quoted\"\"\",").count(), 2, "{csv}");
    assert_eq!(csv.matches("3,sale,S-").count(), 2, "{csv}");

    let asked = pages(&sandbox)?;
    let last = place.json(&["duplicates", FILE, "--last", "--json"])?;
    let alike: Vec<Value> = groups(&last).iter().map(|it| it["alike"].clone()).collect();
    assert_eq!(alike, [json!(["number"]), json!(["reference"]), json!(["sale"])], "{last}");
    assert_eq!(last["group_count"], 3);
    let by = ["duplicates", FILE, "--last", "--by", "number", "--by", "sale", "--json"];
    assert_eq!(place.json(&by)?["group_count"], 2);
    assert_eq!(pages(&sandbox)?, asked, "the last scan asks MYOB nothing");

    let march = ["duplicates", FILE, "--since", "2026-03-03", "--check"];
    let none = place.run(&march)?.expect(0)?;
    assert_eq!(none.stdout.trim(), "Nothing is there twice in 0 documents.");
    Ok(())
}

/// More documents of one day than MYOB shows at once, beside days with few.
#[test]
fn a_day_with_more_invoices_than_a_page_is_read_to_its_end() -> Result<()> {
    let sandbox = Sandbox::start()?;
    fill(&sandbox, 2_300, ("2025-06-30", "2025-06-30"), 100)?;
    fill(&sandbox, 300, ("2025-06-28", "2025-07-02"), 100)?;
    let place = Place::new(&sandbox)?;
    let found = place.json(&["duplicates", FILE, "--json"])?;
    assert_eq!(found["scan"]["documents"], 2_600, "{}", found["scan"]);
    assert_eq!(found["scan"]["unsure"], json!([]));
    assert_eq!((&found["group_count"], groups(&found).len()), (&json!(26), 26));
    let day = ["duplicates", FILE, "--since", "2025-06-30", "--until", "2025-06-30", "--json"];
    let found = place.json(&day)?;
    assert_eq!(found["scan"]["documents"], 2_300 + 75, "{}", found["scan"]);
    Ok(())
}

#[test]
fn a_scan_that_cannot_be_made_is_refused_with_its_mend() -> Result<()> {
    let mut sandbox = Sandbox::start()?;
    let mut place = Place::new(&sandbox)?;
    let says = |arguments: &[&str], code, part: &str| -> Result<()> {
        let ended = place.run(arguments)?.expect(code)?;
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
        Ok(())
    };
    says(&["duplicates", FILE, "--last"], 65, "no scan of `books` was ever finished")?;
    let backwards = ["parity", FILE, "--since", "2025-02-01", "--until", "2025-01-31"];
    says(&backwards, 2, "--since 2025-02-01 is later than --until 2025-01-31")?;
    says(&["duplicates", FILE, "--last", "--fresh"], 2, "cannot be used with")?;
    says(&["duplicates"], 2, "<ALIAS>")?;
    says(&["duplicates", "no/file"], 2, "alias")?;
    says(&["duplicates", FILE, "--csv", "nowhere/a.csv"], 66, "nowhere/a.csv cannot be written")?;
    place.set("LEDGER__REFRESH_TOKEN", "wrong");
    place.run(&["parity", FILE])?.expect(77)?;
    sandbox.stop()?;
    let gone = place.run(&["parity", FILE])?.expect(69)?;
    assert!(gone.stderr.contains("what was read is kept"), "{}", gone.stderr);
    Ok(())
}
