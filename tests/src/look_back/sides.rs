//! Both sides by month, and each way in which they differ.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::harness::{Place, Sandbox};
use crate::old_month::{Client, FILE, old};

fn uid_of(place: &Place, number: &str) -> Result<String> {
    let shown = place.json(&["show", &format!("{FILE}:{number}"), "--json"])?;
    let uid = shown["ledger_uid"].as_str().or_else(|| shown["invoice"]["ledger_uid"].as_str());
    Ok(uid.with_context(|| shown.to_string())?.to_owned())
}

/// The numbers of the invoices or documents that differ in this way.
fn differing(found: &Value, kind: &str) -> Vec<String> {
    let differences = found["differences"].as_array().cloned().unwrap_or_default();
    let number = |it: &Value| {
        let side = if it["invoice"].is_null() { &it["document"] } else { &it["invoice"] };
        side["number"].as_str().unwrap_or_default().to_owned()
    };
    differences.iter().filter(|it| it["difference"] == kind).map(number).collect()
}

#[test]
fn parity_is_of_one_mind_after_a_sync() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let place = Place::new(&sandbox)?;
    place.import("SAME", 30)?;
    place.run(&["sync"])?.expect(0)?;
    let found = place.run(&["parity", FILE, "--check", "--json"])?.expect(0)?.json()?;
    assert_eq!(found["differences"], json!([]), "{found}");
    let tally = json!({"count": 30, "total": "180.00", "unreadable": 0});
    assert_eq!(found["months"], json!([{"month": "2026-03", "here": tally, "there": tally}]));
    let table = place.run(&["parity", FILE])?.expect(0)?;
    assert!(table.stdout.contains("The two sides do not differ."), "{}", table.stdout);
    let twice = place.run(&["duplicates", FILE, "--json"])?.expect(0)?.json()?;
    assert_eq!(twice["scan"]["documents"], 30, "{twice}");
    Ok(())
}

#[test]
fn parity_tells_each_way_in_which_the_sides_differ() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let mut place = Place::new(&sandbox)?;
    place.set("LEDGER__LAYOUT", "service");
    place.import("P", 8)?;
    let lost = json!({"match": {"method": "POST", "path_prefix": "/Sale/Invoice", "number": "P-8"},
        "action": "commit_then_drop"});
    sandbox.fault(lost)?;
    place.run(&["sync"])?.expect(10)?;

    let client = Client::new(&sandbox)?;
    client.delete(&uid_of(&place, "P-1")?)?;
    client.change(&uid_of(&place, "P-2")?, |it| it["Lines"][0]["UnitPrice"] = json!(100))?;
    client.change(&uid_of(&place, "P-3")?, |it| it["Date"] = json!("2026-04-01T00:00:00"))?;
    client.post(&old("HAND", 1, "2026-03-09"))?;
    client.post(&old("LATE", 1, "2026-05-09"))?;

    let arguments =
        ["parity", FILE, "--until", "2026-04-30", "--csv", "parity.csv", "--check", "--json"];
    let found = place.run(&arguments)?.expect(10)?.json()?;
    assert_eq!(differing(&found, "only_there"), ["HAND-1"], "{found}");
    assert_eq!(differing(&found, "only_here"), ["P-1"], "{found}");
    assert_eq!(differing(&found, "total_differs"), ["P-2"], "{found}");
    assert_eq!(differing(&found, "date_differs"), ["P-3"], "{found}");
    assert_eq!(differing(&found, "in_doubt_here"), ["P-8"], "{found}");
    assert_eq!(found["difference_count"], 5);
    let doubt = &found["differences"][4];
    assert!(doubt["document"]["uid"].is_string(), "its document bears the marker: {doubt}");
    let months = found["months"].as_array().context("months")?;
    let counts: Vec<_> = months
        .iter()
        .map(|it| (&it["month"], &it["here"]["count"], &it["there"]["count"]))
        .collect();
    let (march, april) = (json!("2026-03"), json!("2026-04"));
    let (zero, one, seven) = (json!(0), json!(1), json!(7));
    assert_eq!(counts, [(&march, &seven, &seven), (&april, &zero, &one)], "{found}");

    let csv = std::fs::read_to_string(place.path().join("parity.csv"))?;
    assert_eq!(csv.lines().count(), 6, "{csv}");
    assert!(csv.contains("only_there,HAND-1,,2026-03-09,,6.00,,"), "{csv}");
    assert!(csv.contains("date_differs,P-3,2026-03-01,2026-04-01,6.00,6.00,posted,"), "{csv}");
    let table = place.run(&["parity", FILE, "--last"])?.expect(0)?;
    assert!(table.stdout.contains("2026-03-01, there 2026-04-01"), "{}", table.stdout);
    Ok(())
}

/// Lists may leave the memo out; then a document in doubt is not known by its marker.
#[test]
fn what_is_posted_is_ours_by_its_uid_where_lists_leave_the_memo_out() -> Result<()> {
    let sandbox = Sandbox::start_with(&["--switch", "list_memo=absent"])?;
    let place = Place::new(&sandbox)?;
    place.import("UID", 3)?;
    place.run(&["sync"])?.expect(0)?;
    place.run(&["parity", FILE, "--check"])?.expect(0).map(drop)
}
