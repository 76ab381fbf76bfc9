//! Poison among good invoices costs itself and nothing else.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::harness::{Database, Guarded, Place, Sandbox, binary};

#[test]
fn poisoned_invoices_cost_none_of_a_hundred_good_ones() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let database = Database::new()?;
    let place = Place::on(&database, &sandbox)?;
    place.import("POISON", 103)?;
    // One that the ledger does not know, one whose row is broken, and one that meets a bug.
    sandbox.fault(json!({
        "match": {"method": "POST", "number": "POISON-7"}, "action": "not_found", "times": 0
    }))?;
    database.execute("UPDATE postonce_invoice SET line_count = 9 WHERE number = 'POISON-8'")?;
    let mut command = place.command(&binary("POSTONCE_HELD_BIN")?, &["sync", "--json"]);
    command.env("PANIC_AT", "before_claim:50");
    let ended = Guarded::start(&mut command)?.finish()?.expect(65)?;

    ensure!(ended.stderr.contains("wants a panic"), "nothing panicked: {}", ended.stderr);
    // The one that met the bug is tried again by the same run.
    let result = ended.json()?;
    assert_eq!((&result["posted"], &result["in_doubt"]), (&json!(101), &json!(0)), "{result}");
    let books = sandbox.books()?;
    assert_eq!((books.invoices.len(), books.duplicates.len()), (101, 0));
    assert_eq!(place.json(&["status", "--json"])?["invoices"]["blocked"], 2);

    // What was poisoned from outside goes through as soon as it is mended.
    sandbox.clear_faults()?;
    database.execute("UPDATE postonce_invoice SET line_count = 2 WHERE number = 'POISON-8'")?;
    let next = place.run(&["sync", "--json"])?.expect(0)?.json()?;
    assert_eq!(next["posted"], 2, "{next}");
    assert_eq!(sandbox.books()?.duplicates.len(), 0);
    Ok(())
}
