//! Cut-over through the command line: what is looked up before and after it, and its trail.

use std::fs;

use anyhow::Result;
use serde_json::{Value, json};

use crate::harness::{Finished, Place, Sandbox, sample};

/// So many of a file's oldest invoices are looked up in any run.
const OLDEST: usize = 4;

fn import(place: &Place, prefix: &str, count: u32, date: &str) -> Result<()> {
    place.write("some.csv", sample(prefix, count).replace("2026-03-01", date).as_bytes())?;
    place.run(&["import", "some.csv"])?.expect(0).map(drop)
}

fn cutover(place: &Place, arguments: &[&str]) -> Result<Finished> {
    let mut all = vec!["cutover"];
    all.extend(arguments);
    place.run(&all)
}

fn settle(place: &Place, through: &str) -> Result<Value> {
    let arguments = ["books", "--through", through, "--reason", "moved", "--yes", "--json"];
    cutover(place, &arguments)?.expect(0)?.json()
}

/// How many invoices of this prefix were searched before they were posted.
fn looked_up(sandbox: &Sandbox, prefix: &str, count: u32) -> Result<usize> {
    let requests = sandbox.get("/sandbox/requests")?;
    let requests = requests.as_array().cloned().unwrap_or_default();
    let is_searched = |n: u32| {
        let number = format!("{prefix}-{n}");
        let first = requests.iter().find(|it| it["number"] == number.as_str());
        first.is_some_and(|it| it["method"] == "GET")
    };
    Ok((1..=count).filter(|n| is_searched(*n)).count())
}

fn says(finished: &Finished, parts: &[&str]) {
    for part in parts {
        assert!(finished.stderr.contains(part), "{part}: {}", finished.stderr);
    }
}

#[test]
fn only_what_is_dated_up_to_the_cut_over_is_looked_up_after_it() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let mut place = Place::new(&sandbox)?;
    import(&place, "OLD", 8, "2024-03-10")?;
    assert_eq!(place.json(&["sync", "--json"])?["posted"], 8);
    assert_eq!(looked_up(&sandbox, "OLD", 8)?, 8, "before the cut-over: all");

    import(&place, "LATE", 8, "2024-03-31")?;
    let settled = settle(&place, "2024-03-31")?;
    assert_eq!((&settled["changed"], &settled["ready"]), (&true.into(), &8.into()), "{settled}");
    assert_eq!(place.json(&["sync", "--json"])?["posted"], 8);
    assert_eq!(looked_up(&sandbox, "LATE", 8)?, 8, "on the day of the cut-over: all");

    import(&place, "NEW", 8, "2024-04-01")?;
    assert_eq!(place.json(&["sync", "--json"])?["posted"], 8);
    assert_eq!(looked_up(&sandbox, "NEW", 8)?, OLDEST, "the day after: the oldest alone");

    place.set("LOOKUP_BEFORE_POST", "always");
    import(&place, "SURE", 8, "2024-04-01")?;
    assert_eq!(place.json(&["sync", "--json"])?["posted"], 8);
    assert_eq!(looked_up(&sandbox, "SURE", 8)?, 8, "by configuration: all");
    let listed = place.json(&["cutover", "--json"])?;
    assert_eq!(listed[0]["lookups_reason"], "lookup_before_post", "{listed}");

    place.set("LOOKUP_BEFORE_POST", "in_doubt");
    cutover(&place, &["books", "--undo", "--reason", "found another"])?.expect(0)?;
    import(&place, "BACK", 8, "2024-04-01")?;
    assert_eq!(place.json(&["sync", "--json"])?["posted"], 8);
    assert_eq!(looked_up(&sandbox, "BACK", 8)?, 8, "the cut-over taken back: all");
    assert_eq!(sandbox.books()?.duplicates.len(), 0);
    Ok(())
}

#[test]
fn what_another_integration_posted_stays_in_the_books_as_it_is() -> Result<()> {
    let sandbox = Sandbox::start()?;
    // The old integration: its own database, the same invoices, some of them twice.
    let old = Place::new(&sandbox)?;
    import(&old, "MONTH", 6, "2024-03-10")?;
    old.run(&["sync"])?.expect(0)?;
    let books = sandbox.books()?.invoices;

    let mut place = Place::new(&sandbox)?;
    place.short_quiet(20);
    import(&place, "MONTH", 8, "2024-03-10")?;
    // The run stops at the four oldest, which somebody else has posted; the next one goes on.
    place.run(&["sync"])?.expect(10)?;
    let rest = place.run(&["sync", "--json"])?.expect(10)?.json()?;
    assert_eq!((&rest["posted"], &rest["claimed"]), (&2.into(), &2.into()), "{rest}");
    let after = sandbox.books()?;
    assert_eq!(after.invoices[..6], books[..], "what was there is as it was");
    assert_eq!((after.invoices.len(), after.duplicates.len()), (8, 0));

    let refused = cutover(&place, &["books", "--through", "2024-03-31", "--reason", "x", "--yes"])?;
    says(&refused.expect(65)?, &["6 of its invoices", "MONTH-1 (needs_human)", "--keep-doubts"]);
    let arguments =
        ["books", "--through", "2024-03-31", "--reason", "x", "--yes", "--keep-doubts", "--json"];
    let settled = cutover(&place, &arguments)?.expect(0)?.json()?;
    assert_eq!((&settled["unsettled"], &settled["ended_alarm"]), (&6.into(), &true.into()));
    assert_eq!(place.json(&["sync", "--json"])?["claimed"], 0);
    assert_eq!(sandbox.books()?.invoices, after.invoices);
    Ok(())
}

#[test]
fn a_cut_over_that_would_be_wrong_is_refused_with_its_mend() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let place = Place::new(&sandbox)?;
    import(&place, "SOME", 2, "2024-03-10")?;
    let settle = |file: &str, through: &str| {
        cutover(&place, &[file, "--through", through, "--reason", "moved", "--yes"])
    };
    says(&settle("bokos", "2024-03-31")?.expect(65)?, &["`bokos`", "there are: books"]);
    says(&settle("books", "9000-01-01")?.expect(65)?, &["9000-01-01 is in the future", "today is"]);
    let asked = cutover(&place, &["books", "--through", "2024-03-31", "--reason", "moved"])?;
    says(&asked.expect(2)?, &["2 ready invoices", "nobody is here to ask", "--yes"]);
    for wrong in [
        &["books", "--through", "2024-03-31"][..],
        &["--through", "2024-03-31", "--reason", "x"],
        &["books", "--reason", "x"],
        &["books", "--undo"],
        &["books", "--undo", "--through", "2024-03-31", "--reason", "x"],
        &["books", "--through", "2024-03-31", "--reason", " "],
        &["books", "--through", "2024-02-30", "--reason", "x"],
    ] {
        let refused = cutover(&place, wrong)?;
        assert_eq!(refused.code, Some(2), "{wrong:?}: {refused:?}");
    }
    assert_eq!(place.json(&["audit", "files", "--json"])?, json!([]), "nothing was changed");
    assert_eq!(place.json(&["cutover", "books", "--json"])?[0]["through"], Value::Null);
    settle("books", "2024-03-31")?.expect(0)?;
    let earlier = settle("books", "2024-03-30")?.expect(65)?;
    says(&earlier, &["settled through 2024-03-31, which is later", "--undo"]);
    assert_eq!(place.json(&["cutover", "books", "--json"])?[0]["through"], "2024-03-31");
    Ok(())
}

#[test]
fn of_two_cut_overs_at_once_one_leaves_a_line() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let place = Place::new(&sandbox)?;
    import(&place, "SOME", 1, "2024-03-10")?;
    let arguments =
        ["cutover", "books", "--through", "2024-03-31", "--reason", "moved", "--yes", "--json"];
    let both = [place.start(&arguments)?, place.start(&arguments)?];
    let mut changed = 0;
    for one in both {
        changed += usize::from(one.finish()?.expect(0)?.json()?["changed"] == true);
    }
    let lines = place.json(&["audit", "files", "--json"])?;
    assert_eq!((changed, lines.as_array().map(Vec::len)), (1, Some(1)), "{lines}");
    Ok(())
}

#[test]
fn the_trail_of_a_company_file_shows_cut_overs_and_take_overs() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let place = Place::new(&sandbox)?;
    place.import("SOME", 1)?;
    place.run(&["sync"])?.expect(0)?;
    settle(&place, "2024-03-31")?;
    cutover(&place, &["books", "--undo", "--reason", "found another"])?.expect(0)?;
    fs::copy(place.path().join("postonce.db"), place.path().join("backup.db"))?;
    fs::rename(place.path().join("backup.db"), place.path().join("postonce.db"))?;
    place.run(&["connect", "--take-over", "--yes"])?.expect(0)?;
    let quiet = cutover(&place, &["books", "--through", "2024-03-31", "--reason", "x", "--yes"])?;
    says(&quiet.expect(65)?, &["the alarm of `books` is quiet until", "say it again then"]);

    let trail = place.json(&["audit", "files", "books", "--json"])?;
    let trail = trail.as_array().cloned().unwrap_or_default();
    let kinds: Vec<_> = trail.iter().map(|line| line["kind"].clone()).collect();
    assert_eq!(kinds, ["cut_over", "cut_over", "take_over"], "{trail:?}");
    assert!(trail.iter().all(|line| line["actor"] == "tester"), "{trail:?}");
    let text = |n: usize| trail[n]["text"].as_str().unwrap_or_default().to_owned();
    assert_eq!(text(0), "settled through 2024-03-31, before not at all: moved");
    assert_eq!(text(1), "not settled any more: found another");
    assert!(text(2).starts_with("taken over: the database was file "), "{}", text(2));
    let table = place.run(&["audit", "files"])?.expect(0)?;
    assert!(table.stdout.contains("not settled any more: found another"), "{}", table.stdout);
    assert_eq!(place.json(&["audit", "files", "other", "--json"])?, json!([]));
    Ok(())
}
