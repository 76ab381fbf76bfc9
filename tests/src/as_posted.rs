//! `postonce import --as-posted`: what another integration has posted is taken over, and not sent.

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::Result;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::harness::{COLUMNS, Finished, Place, Sandbox, sample, wait_for};

/// Every so many documents of the old integration one repeats the one before it.
const REPEATS: u32 = 4;

/// The month that the old integration has posted, under a key of its own.
fn fill(sandbox: &Sandbox, count: u32) -> Result<()> {
    let fill = json!({
        "company_file": "books",
        "count": count,
        "from": "2024-03-01",
        "to": "2024-03-31",
        "duplicate_every": REPEATS,
    });
    sandbox.post("/sandbox/fill", &fill).map(drop)
}

/// The same month as the platform has it, each invoice with what `more` says of its column.
fn month(count: u32, more: impl Fn(u32) -> String) -> String {
    let mut file = format!("{COLUMNS},ledger_uid\n");
    for at in (0..count).filter(|at| !(at + 1).is_multiple_of(REPEATS)) {
        let (n, customer, uid) = (at + 1, at.rem_euclid(10) + 1, more(at));
        let cents = (at * 7919).rem_euclid(100_000) + 100;
        let (whole, part) = (cents.div_euclid(100), cents.rem_euclid(100));
        writeln!(
            file,
            "books,platform,fill-{n},F{n:08},2024-03-10,FILL0-{customer},Old {customer},,\
             1,,Filled,1,{whole}.{part:02},0,GST,0,false,,{uid}"
        )
        .expect("writing to a string cannot fail");
    }
    file
}

fn take_over(place: &Place, file: &str) -> Result<Finished> {
    place.write("month.csv", file.as_bytes())?;
    place.run(&["import", "month.csv", "--as-posted", "--reason", "moved", "--json"])
}

fn states(place: &Place) -> Result<Vec<(String, String)>> {
    let invoices = place.json(&["invoices", "--json"])?;
    let text = |invoice: &Value, key: &str| invoice[key].as_str().unwrap_or_default().to_owned();
    let list = invoices.as_array().cloned().unwrap_or_default();
    Ok(list.iter().map(|it| (text(it, "number"), text(it, "state"))).collect())
}

fn uids(sandbox: &Sandbox) -> Result<Vec<String>> {
    let books = sandbox.books()?;
    let uid = |invoice: &Value| invoice["uid"].as_str().unwrap_or_default().to_owned();
    Ok(books.invoices.iter().map(uid).collect())
}

#[test]
fn a_month_of_the_old_integration_is_taken_over_and_the_books_stay_as_they_are() -> Result<()> {
    let sandbox = Sandbox::start()?;
    fill(&sandbox, 40)?;
    let before = sandbox.books()?;
    assert_eq!((before.invoices.len(), before.duplicates.len()), (40, 10));

    let place = Place::new(&sandbox)?;
    let file = month(40, |_| String::new());
    let taken = take_over(&place, &file)?.expect(10)?.json()?;
    assert_eq!((&taken["created"], &taken["unchanged"]), (&30.into(), &0.into()), "{taken}");
    let doubles = taken["needs_human"].as_array().cloned().unwrap_or_default();
    assert_eq!(doubles.len(), 10, "{taken}");
    assert!(doubles.iter().all(|it| it["uids"].as_array().map(Vec::len) == Some(2)), "{taken}");
    let named: Vec<_> = doubles.iter().map(|it| it["number"].clone()).collect();
    let twice: Vec<_> = before.duplicates.iter().map(|it| it["number"].clone()).collect();
    assert_eq!(named, twice, "those that are in the books twice, and no others");
    let posted = states(&place)?.iter().filter(|(_, state)| state == "posted").count();
    assert_eq!(posted, 20);

    let again = take_over(&place, &file)?.expect(10)?.json()?;
    assert_eq!((&again["created"], &again["unchanged"]), (&0.into(), &30.into()), "{again}");
    let trail = place.json(&["audit", "show", "books:F00000001", "--json"])?;
    let notes = trail.as_array().or_else(|| trail["notes"].as_array()).map(Vec::len);
    assert_eq!(notes, Some(1), "a second time writes nothing: {trail}");

    let arguments = ["cutover", "books", "--through", "2024-03-31", "--reason", "x", "--yes"];
    place.run(&arguments)?.expect(65)?;
    for double in &doubles {
        let name = format!("books:{}", double["number"].as_str().unwrap_or_default());
        let verdict = format!("posted={}", double["uids"][0].as_str().unwrap_or_default());
        let resolve = ["in-doubt", "resolve", &name, "--as", &verdict, "--reason", "seen"];
        place.run(&resolve)?.expect(0)?;
    }
    let settled = take_over(&place, &file)?.expect(0)?.json()?;
    assert_eq!(settled["unchanged"], 30, "what a person has picked since stays: {settled}");
    place.run(&arguments)?.expect(0)?;
    assert_eq!(place.json(&["sync", "--json"])?["claimed"], 0);
    assert_eq!(sandbox.books()?.invoices, before.invoices, "nothing was sent");
    assert_eq!(sandbox.books()?.posts_received, before.posts_received);

    place.write("new.csv", sample("NEW", 6).replace("2026-03-01", "2024-04-01").as_bytes())?;
    place.run(&["import", "new.csv"])?.expect(0)?;
    assert_eq!(place.json(&["sync", "--json"])?["posted"], 6);
    let after = sandbox.books()?;
    assert_eq!(after.invoices[..40], before.invoices[..], "what was there is as it was");
    assert_eq!((after.invoices.len(), &after.duplicates), (46, &before.duplicates));
    Ok(())
}

#[test]
fn a_uid_says_which_document_it_is() -> Result<()> {
    let sandbox = Sandbox::start()?;
    fill(&sandbox, 8)?;
    let uids = uids(&sandbox)?;
    let place = Place::new(&sandbox)?;
    let named = |at: u32| uids[usize::try_from(at).unwrap_or_default()].to_uppercase();
    let taken = take_over(&place, &month(8, named))?.expect(0)?.json()?;
    assert_eq!((&taken["created"], &taken["needs_human"]), (&6.into(), &json!([])), "{taken}");
    let one = place.json(&["show", "books:F00000003", "--json"])?;
    let text = one.to_string();
    assert!(text.contains(&uids[2]), "{text}");
    assert!(text.contains(&format!("number or reference in {} too", uids[3])), "{text}");
    Ok(())
}

#[test]
fn what_is_not_there_is_named_and_nothing_is_taken_over() -> Result<()> {
    let sandbox = Sandbox::start()?;
    fill(&sandbox, 8)?;
    let uids = uids(&sandbox)?;
    let place = Place::new(&sandbox)?;
    let none = "0f8fad5b-d9cb-469f-a165-70867728950e";
    let named = |at: u32| match at {
        0 => none.to_owned(),
        1 => uids[0].clone(),
        _ => String::new(),
    };
    let file = month(8, named).replace("fill-7,F00000007", "fill-77,F00000077");
    let refused = take_over(&place, &file)?.expect(65)?;
    for (line, column, words) in [
        (2, "ledger_uid", format!("the ledger has no document {none} in books")),
        (3, "ledger_uid", "neither of which is the invoice's".to_owned()),
        (7, "number", "the ledger has no document with this number or reference".to_owned()),
    ] {
        let place = format!("month.csv:{line}: {column}: ");
        let said = refused.stderr.lines().find(|it| it.starts_with(&place)).unwrap_or_default();
        assert!(said.contains(&words), "{place}{words}: {}", refused.stderr);
    }
    assert_eq!(refused.json()?["errors"].as_array().map(Vec::len), Some(3));
    assert_eq!(states(&place)?, [], "nothing is taken over");

    for (wrong, column) in
        [("no-uid", "ledger_uid"), ("00000000-0000-0000-0000-000000000000", "ledger_uid")]
    {
        let refused = take_over(&place, &month(1, |_| wrong.to_owned()))?.expect(65)?;
        assert!(refused.stderr.contains(&format!("month.csv:2: {column}: ")), "{refused:?}");
    }
    place.write("month.csv", month(1, |_| String::new()).as_bytes())?;
    let plain = place.run(&["import", "month.csv"])?.expect(65)?;
    assert!(plain.stderr.contains("or import with --as-posted"), "{}", plain.stderr);
    place.run(&["import", "month.csv", "--as-posted"])?.expect(2)?;
    place.run(&["import", "month.csv", "--reason", "x"])?.expect(2)?;
    Ok(())
}

#[test]
fn after_a_hundred_refusals_no_more_documents_are_read() -> Result<()> {
    let sandbox = Sandbox::start()?;
    fill(&sandbox, 200)?;
    let place = Place::new(&sandbox)?;
    let wrong = |at: u32| format!("0f8fad5b-d9cb-469f-a165-{at:012}");
    let refused = take_over(&place, &month(200, wrong))?.expect(65)?;
    let json = refused.json()?;
    assert_eq!(json["errors"].as_array().map(Vec::len), Some(150), "each is refused");
    let errors = json["errors"].to_string();
    assert_eq!(errors.matches("the ledger has no document").count(), 100);
    assert_eq!(errors.matches("after 100 refusals no more documents are read").count(), 50);
    let requests = sandbox.get("/sandbox/requests")?;
    let asked = requests.as_array().map_or(usize::MAX, Vec::len);
    assert!(asked < 700, "{asked} requests: six for each of a hundred, and the searches");
    assert_eq!(states(&place)?, [], "nothing is taken over");
    Ok(())
}

#[test]
fn a_document_that_is_not_quite_the_invoice_needs_a_person() -> Result<()> {
    let sandbox = Sandbox::start()?;
    fill(&sandbox, 3)?;
    let place = Place::new(&sandbox)?;
    // The first has the same amount, which is with tax on the platform and without in MYOB.
    let file = month(3, |_| String::new())
        .replacen(",false,", ",true,", 1)
        .replace(",FILL0-2,", ",OTHER,")
        .replace(",159.38,", ",159.39,");
    let taken = take_over(&place, &file)?.expect(10)?.json()?;
    let reasons: Vec<_> = taken["needs_human"].as_array().cloned().unwrap_or_default();
    assert_eq!(reasons.len(), 3, "{taken}");
    let mode = "1.00 without tax (the invoice's is with tax), not 1.00";
    assert!(reasons[0]["reason"].to_string().contains(mode), "{taken}");
    assert!(reasons[1]["reason"].to_string().contains("`FILL0-2`, not `OTHER`"), "{taken}");
    assert!(reasons[2]["reason"].to_string().contains("159.38, not 159.39"), "{taken}");
    Ok(())
}

#[test]
fn a_customer_is_the_one_that_the_mapping_says() -> Result<()> {
    let sandbox = Sandbox::start()?;
    fill(&sandbox, 3)?;
    let place = Place::new(&sandbox)?;
    place.write("postonce.toml", b"[company_file.books]\nbusiness_id = \"books\"\n")?;
    for (code, theirs) in [("OURS-1", "FILL0-1"), ("FILL0-2", "FILL0-3")] {
        place.run(&["mapping", "set", "books", "customer", code, theirs])?.expect(0)?;
    }
    let file = month(3, |_| String::new()).replace(",FILL0-1,", ",OURS-1,");
    let taken = take_over(&place, &file)?.expect(10)?.json()?;
    let reasons: Vec<_> = taken["needs_human"].as_array().cloned().unwrap_or_default();
    assert_eq!(reasons.len(), 1, "the code alone does not count where there is a row: {taken}");
    assert!(reasons[0]["reason"].to_string().contains("by the mapping"), "{taken}");
    assert_eq!(reasons[0]["number"], "F00000002", "{taken}");
    Ok(())
}

#[test]
fn what_is_known_here_is_taken_over_unless_a_claim_tells_more() -> Result<()> {
    let sandbox = Sandbox::start()?;
    fill(&sandbox, 3)?;
    let place = Place::new(&sandbox)?;
    let file = month(3, |_| String::new());
    let plain = file.replace(",ledger_uid", "").replace("false,,", "false,");
    place.write("plain.csv", plain.as_bytes())?;
    place.run(&["import", "plain.csv"])?.expect(0)?;
    let taken = take_over(&place, &file)?.expect(0)?.json()?;
    assert_eq!((&taken["created"], &taken["replaced"]), (&0.into(), &3.into()), "{taken}");

    // One that is in doubt: its claim may be what posted it.
    sandbox.fault(json!({"action": "commit_then_drop"}))?;
    place.import("MINE", 1)?;
    let run = place.run(&["sync"])?;
    assert_eq!(run.code, Some(10), "{run:?}");
    let mine = sample("MINE", 1);
    let refused = take_over(&place, &mine)?.expect(65)?;
    let words = "month.csv:2: external_id: invoice MINE-1: the invoice is in_doubt here";
    assert!(refused.stderr.contains(words), "{}", refused.stderr);
    assert_eq!(states(&place)?[3].1, "in_doubt", "it stays as it was");
    Ok(())
}

#[test]
fn a_take_over_that_is_interrupted_has_taken_nothing() -> Result<()> {
    let sandbox = Sandbox::slow(Duration::from_millis(300))?;
    fill(&sandbox, 400)?;
    let place = Place::new(&sandbox)?;
    place.write("month.csv", month(400, |_| String::new()).as_bytes())?;
    let running = place.start(&["import", "month.csv", "--as-posted", "--reason", "moved"])?;
    wait_for("a first look-up", || {
        let requests = sandbox.get("/sandbox/requests")?;
        Ok(requests.as_array().filter(|all| all.len() >= 2).map(drop))
    })?;
    running.signal(Signal::INT)?;
    let stopped = running.finish()?.expect(130)?;
    assert!(stopped.stderr.contains("Nothing was imported."), "{}", stopped.stderr);
    assert_eq!(states(&place)?, [], "nothing is taken over");
    Ok(())
}

#[test]
fn many_are_looked_up_in_few_requests() -> Result<()> {
    let sandbox = Sandbox::start()?;
    fill(&sandbox, 2_000)?;
    let place = Place::new(&sandbox)?;
    let taken = take_over(&place, &month(2_000, |_| String::new()))?.expect(10)?.json()?;
    assert_eq!(taken["created"], 1_500, "{taken}");
    let requests = sandbox.get("/sandbox/requests")?;
    let asked = requests.as_array().map_or(usize::MAX, Vec::len);
    assert!(asked.saturating_mul(5) <= 1_500, "{asked} requests for 1,500 invoices");
    Ok(())
}
