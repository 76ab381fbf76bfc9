//! Invoices of which MYOB made other amounts.

use anyhow::Result;
use serde_json::json;

use crate::harness::{Place, Sandbox};

/// Two invoices: MYOB keeps two decimals of a price, of which the second has four.
const INVOICES: &str = "\
company_file,side,external_id,number,date,customer_code,customer_name,customer_email,line,item_code,\
description,quantity,unit_price,discount_percent,tax_code,freight,tax_inclusive,memo
main,platform,o-1,F-1,2026-03-01,C1,Ada,,1,,Paper,3,0.35,0,GST,0,true,
main,platform,o-2,F-2,2026-03-01,C1,Ada,,1,,Screws,100,0.3333,0,GST,0,true,
";

#[test]
fn a_document_of_another_amount_that_a_person_takes_for_the_invoice_is_flagged() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let place = Place::new(&sandbox)?;
    place.write("two.csv", INVOICES.as_bytes())?;
    let fill =
        json!({"company_file": "main", "count": 1, "from": "2026-03-01", "to": "2026-03-31"});
    sandbox.post("/sandbox/fill", &fill)?;
    let uid = sandbox.books()?.invoices[0]["uid"].as_str().unwrap_or_default().to_owned();
    let number = sandbox.books()?.invoices[0]["number"].as_str().unwrap_or_default().to_owned();
    place.write("one.csv", INVOICES.replace("F-1", &number).as_bytes())?;
    place.run(&["import", "one.csv"])?.expect(0)?;
    place.run(&["sync"])?.expect(10)?;
    let (name, verdict) = (format!("main:{number}"), format!("posted={uid}"));
    let resolve = ["in-doubt", "resolve", &name, "--as", &verdict, "--reason", "seen"];
    place.run(&resolve)?.expect(0)?;
    let flags = place.json(&["flags", "--json"])?;
    assert_eq!(flags[0]["number"].as_str(), Some(number.as_str()), "{flags}");
    assert!(flags[0]["text"].to_string().contains("not 1.05"), "{flags}");
    Ok(())
}

#[test]
fn an_invoice_of_which_myob_made_another_amount_is_flagged_until_somebody_has_looked() -> Result<()>
{
    let sandbox = Sandbox::start()?;
    sandbox.switch(&json!({"price_decimals": 2}))?;
    let place = Place::new(&sandbox)?;
    place.write("two.csv", INVOICES.as_bytes())?;
    place.run(&["import", "two.csv"])?.expect(0)?;
    assert_eq!(place.json(&["flags", "--json"])?, json!([]));
    assert_eq!(place.json(&["sync", "--json"])?["posted"], 2);

    let flags = place.json(&["flags", "--json"])?;
    let words = "MYOB computed other amounts: line 1 is 33.00 there and 33.33 here; \
                 the total is 33.00 there and 33.33 here";
    assert_eq!(flags[0]["number"], "F-2");
    assert_eq!((&flags[0]["text"], &flags[0]["state"]), (&json!(words), &json!("posted")));
    assert_eq!(flags.as_array().map(Vec::len), Some(1), "{flags}");
    assert_eq!(place.json(&["show", "main:F-2", "--json"])?["flag"]["text"], words);
    assert_eq!(place.json(&["show", "main:F-1", "--json"])?["flag"], json!(null));
    assert_eq!(place.json(&["flags", "--company-file", "other", "--json"])?, json!([]));
    let shown = place.run(&["show", "main:F-2"])?.expect(0)?.stdout;
    assert!(shown.contains("flag") && shown.contains("33.00 there"), "{shown}");

    place.run(&["flags", "clear", "main:F-2"])?.expect(2)?;
    place.run(&["flags", "clear", "main:F-9", "--reason", "x"])?.expect(65)?;
    let clear = ["flags", "clear", "main:F-1", "main:F-2", "--reason", "told the customer"];
    let cleared = place.run(&clear)?.expect(0)?.stdout;
    assert!(cleared.contains("one flag is cleared"), "{cleared}");
    assert_eq!(place.json(&["flags", "--json"])?, json!([]));
    let shown = place.json(&["show", "main:F-2", "--json"])?;
    let last = shown["notes"].as_array().and_then(|notes| notes.last()).cloned();
    let text = last.map(|note| note["text"].to_string()).unwrap_or_default();
    assert!(text.contains("told the customer") && text.contains("33.00 there"), "{text}");
    Ok(())
}
