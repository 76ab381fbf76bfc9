//! Trouble that must cost no more than it touches, told by real processes.

use std::path::Path;

use anyhow::{Context as _, Result};
use diesel::Connection as _;
use diesel::connection::SimpleConnection as _;
use diesel::sqlite::SqliteConnection;
use postonce_domain::BlockCode;
use serde_json::json;

use crate::documents;
use crate::harness::{Place, Sandbox};

/// A connection to the database from outside, as another application has one.
fn outside(place: &Place) -> Result<SqliteConnection> {
    let path = place.path().join("postonce.db");
    Ok(SqliteConnection::establish(&path.to_string_lossy())?)
}

fn set_up() -> Result<(Sandbox, Place)> {
    let sandbox = Sandbox::start()?;
    let place = Place::new(&sandbox)?;
    Ok((sandbox, place))
}

#[test]
fn a_writer_that_takes_long_does_not_keep_others_from_reading() -> Result<()> {
    let (_sandbox, place) = set_up()?;
    place.import("LONG", 3)?;
    let mut writer = outside(&place)?;
    writer.batch_execute("BEGIN IMMEDIATE; UPDATE postonce_invoice SET memo = 'x'")?;
    assert_eq!(place.json(&["status", "--json"])?["invoices"]["ready"], 3);
    assert_eq!(place.json(&["invoices", "--json"])?.as_array().map(Vec::len), Some(3));
    writer.batch_execute("ROLLBACK")?;
    Ok(())
}

#[test]
fn an_unreadable_invoice_costs_itself_and_nothing_else() -> Result<()> {
    let (sandbox, place) = set_up()?;
    place.import("ROWS", 5)?;
    outside(&place)?.batch_execute(
        "UPDATE postonce_invoice SET line_count = 9 WHERE number = 'ROWS-2';
         UPDATE postonce_invoice_line SET tax_code = 'TOO LONG' WHERE invoice_id = 4",
    )?;
    let first = place.run(&["sync", "--json"])?.expect(65)?.json()?;
    assert_eq!((&first["posted"], &first["blocked"]), (&json!(3), &json!(2)), "{first}");
    let second = place.run(&["sync", "--json"])?.expect(65)?.json()?;
    assert_eq!((&second["posted"], &second["blocked"]), (&json!(0), &json!(2)), "{second}");
    // The reason is written once, not in every run.
    let shown = place.json(&["audit", "show", "books:ROWS-2", "--json"])?;
    assert_eq!(shown.as_array().map(Vec::len), Some(1), "{shown}");

    outside(&place)?
        .batch_execute("UPDATE postonce_invoice SET line_count = 2 WHERE number = 'ROWS-2'")?;
    assert_eq!(place.run(&["sync", "--json"])?.expect(65)?.json()?["posted"], 1);
    assert_eq!(sandbox.books()?.invoices.len(), 4);
    Ok(())
}

#[test]
fn an_unreadable_invoice_in_doubt_keeps_no_other_from_being_sent() -> Result<()> {
    let (sandbox, mut place) = set_up()?;
    place.short_quiet(20);
    place.import("DOUBT", 3)?;
    sandbox.fault(json!({"action": "drop", "match": {"method": "POST", "number": "DOUBT-1"}}))?;
    place.run(&["sync"])?.expect(10)?;
    outside(&place)?.batch_execute(
        "UPDATE postonce_invoice_line SET tax_code = 'TOO LONG' WHERE invoice_id = 1",
    )?;
    place.import("OTHER", 2)?;
    let ended = place.run(&["sync", "--json"])?.expect(1)?;
    assert_eq!(ended.json()?["posted"], 2);
    assert!(ended.stderr.contains("postonce_invoice"), "names no row: {}", ended.stderr);
    let forget = ["in-doubt", "resolve", "1", "--as", "forgotten", "--reason", "unreadable"];
    place.run(&forget)?.expect(0)?;
    place.run(&["sync"])?.expect(0)?;
    Ok(())
}

#[test]
fn a_company_file_that_nobody_configured_is_blocked_with_the_reason() -> Result<()> {
    let (_sandbox, mut place) = set_up()?;
    place.import("ALIAS", 2)?;
    place.set("LEDGER__BASE_URL", "https://ledger.invalid/accountright");
    place.set("TOKENS__KEY", "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=");
    let result = place.run(&["sync", "--json"])?.expect(65)?.json()?;
    assert_eq!(result["blocked"], 2, "{result}");
    let shown = place.json(&["show", "books:ALIAS-1", "--json"])?;
    assert_eq!(shown["state"], "blocked");
    Ok(())
}

#[test]
fn a_company_files_business_does_not_change_under_its_claims() -> Result<()> {
    let (sandbox, place) = set_up()?;
    place.import("BUSY", 2)?;
    place.run(&["sync"])?.expect(0)?;
    // Until now the alias was its own business, since nobody said otherwise.
    place.write("postonce.toml", b"[company_file.books]\nbusiness_id = \"elsewhere\"\n")?;
    place.import("MORE", 1)?;
    let ended = place.run(&["sync"])?.expect(78)?;
    assert!(ended.stderr.contains("business_id"), "{}", ended.stderr);
    // Nor may a second alias stand for the same business.
    place.write("postonce.toml", b"[company_file.other]\nbusiness_id = \"books\"\n")?;
    place.run(&["sync"])?.expect(78)?;
    assert_eq!(sandbox.books()?.posts_received, 2);
    place.write("postonce.toml", b"[company_file.books]\nbusiness_id = \"books\"\n")?;
    place.run(&["sync"])?.expect(0)?;
    Ok(())
}

#[test]
fn two_databases_with_the_same_invoices_post_them_once_if_one_comes_after_the_other() -> Result<()>
{
    let sandbox = Sandbox::start()?;
    let (first, mut second) = (Place::new(&sandbox)?, Place::new(&sandbox)?);
    second.short_quiet(20);
    for place in [&first, &second] {
        place.import("TWICE", 5)?;
    }
    first.run(&["sync"])?.expect(0)?;
    // The oldest four raise an alarm, and the next run goes on.
    for _ in 0..2 {
        second.run(&["sync"])?.expect(10)?;
    }
    let books = sandbox.books()?;
    assert_eq!((books.invoices.len(), books.duplicates.len()), (5, 0));
    let status = second.json(&["status", "--json"])?;
    assert_eq!(status["invoices"]["needs_human"], 5, "{status}");
    second.run(&["status", "--check"])?.expect(10)?;
    Ok(())
}

#[test]
fn a_database_that_went_back_finds_its_documents_again() -> Result<()> {
    let (sandbox, mut place) = set_up()?;
    place.short_quiet(20);
    place.import("BACK", 5)?;
    let copy = |from: &str, to: &str| -> Result<()> {
        let path = |name: &str| place.path().join(name);
        std::fs::copy(path(from), path(to)).with_context(|| format!("{from} to {to}"))?;
        Ok(())
    };
    outside(&place)?.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")?;
    copy("postonce.db", "backup.db")?;
    place.run(&["sync"])?.expect(0)?;
    for name in ["postonce.db-wal", "postonce.db-shm"] {
        let path = place.path().join(name);
        if Path::exists(&path) {
            std::fs::remove_file(path)?;
        }
    }
    copy("backup.db", "postonce.db")?;
    // The oldest four raise an alarm, and the next run finds the fifth.
    place.run(&["sync"])?.expect(10)?;
    place.run(&["sync"])?.expect(0)?;
    let books = sandbox.books()?;
    assert_eq!((books.posts_received, books.duplicates.len()), (5, 0));
    assert_eq!(place.json(&["status", "--json"])?["invoices"]["posted"], 5);
    Ok(())
}

#[test]
fn every_reason_that_blocks_stands_in_the_operators_guide() -> Result<()> {
    let guide = documents::text("operating.md")?;
    let (_, table) = guide.split_once("| what stands in the way |").context("the table")?;
    let table = table.split("\n\n").next().unwrap_or_default();
    for code in BlockCode::ALL {
        assert!(table.contains(&format!("`{}`", code.as_str())), "{}", code.as_str());
    }
    let told = table.matches("`, `").count() + table.matches("\n| `").count();
    assert_eq!(told, BlockCode::ALL.len(), "a code that there is no more");
    Ok(())
}

#[test]
fn what_a_locked_period_refused_is_reprocessed_by_its_code() -> Result<()> {
    let (sandbox, place) = set_up()?;
    place.import("LOCK", 3)?;
    sandbox.switch(&json!({"lock_period_before": "2030-01-01"}))?;
    place.run(&["sync"])?.expect(65)?;
    let refused = place.json(&["invoices", "--code", "DateInLockPeriod", "--json"])?;
    assert_eq!(refused.as_array().map(Vec::len), Some(3), "MYOB gives a name and no code");
    sandbox.switch(&json!({"lock_period_before": "none"}))?;
    let by_code = ["reprocess", "--state", "rejected", "--code", "DateInLockPeriod", "--json"];
    place.run(&by_code)?.expect(0)?;
    assert_eq!(place.json(&["status", "--json"])?["invoices"]["posted"], 3);
    Ok(())
}
