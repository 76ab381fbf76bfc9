//! Rows that are moved: copied to another company file, and taken in from a file.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::{call_in, customer, import, mapping, place, says, states, uid_of};
use crate::harness::Sandbox;

/// Makes a customer in another company file.
fn customer_in(sandbox: &Sandbox, file: &str, code: &str, name: &str) -> Result<()> {
    let codes = call_in(sandbox, file, "GeneralLedger/TaxCode", None)?;
    let mut items = codes["Items"].as_array().into_iter().flatten();
    let gst = items.find(|item| item["Code"] == "GST").context("no GST")?;
    let tax = json!({ "UID": gst["UID"] });
    let selling = json!({ "TaxCode": tax, "FreightTaxCode": tax });
    let body = json!({ "DisplayID": code, "CompanyName": name, "IsIndividual": false,
        "SellingDetails": selling });
    call_in(sandbox, file, "Contact/Customer", Some(&body)).map(drop)
}

#[test]
fn a_copy_is_to_be_reviewed_row_by_row() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let place = place(&sandbox, &[["N-1", "CUS1", "Ann", "", "GST"]])?;
    import(&place, "branch", &[["B-1", "CUS1", "Ann", "", "GST"]])?;
    customer(&sandbox, "C-9", "Ann")?;
    for [kind, code, target] in
        [["customer", "CUS1", "C-9"], ["customer", "CUS2", "C-9"], ["tax_code", "GST", "GST"]]
    {
        mapping(&place, &["set", "books", kind, code, target])?.expect(0)?;
    }
    mapping(&place, &["set", "books", "customer", "CUS2", "--none"])?.expect(0)?;
    let counts = place.json(&["mapping", "clone", "books", "branch", "--json"])?;
    let wanted = json!([
        { "kind": "customer", "review": 1, "kept": 0 },
        { "kind": "tax_code", "review": 1, "kept": 0 },
    ]);
    assert_eq!(counts, wanted, "what was taken out is not copied");
    let rows = place.json(&["mapping", "list", "branch", "--review", "--json"])?;
    assert_eq!(rows.as_array().map(Vec::len), Some(2), "{rows}");
    assert_eq!((&rows[0]["ledger_uid"], &rows[0]["ledger_code"]), (&Value::Null, &"C-9".into()));
    let nothing = mapping(&place, &["set", "branch", "customer", "CUS1", "--confirm"])?;
    says(&nothing.expect(65)?, &["there is nothing to confirm"]);
    place.run(&["sync", "--company-file", "branch"])?.expect(65)?;
    assert!(states(&place)?.contains(&"B-1 blocked mapping_review".to_owned()));
    mapping(&place, &["suggest", "branch", "--apply"])?.expect(0)?;
    let rows = place.json(&["mapping", "list", "branch", "--json"])?;
    assert_eq!((&rows[0]["state"], &rows[1]["state"]), (&"review".into(), &"confirmed".into()));
    let other = uid_of(&sandbox, "GeneralLedger/TaxCode", "Code", "GST")?;
    assert_ne!(rows[1]["ledger_uid"], other.as_str(), "its own tax code, by the same code");
    let again = place.json(&["mapping", "clone", "books", "branch", "--json"])?;
    assert_eq!((&again[0]["review"], &again[0]["kept"]), (&0.into(), &1.into()), "{again}");
    Ok(())
}

#[test]
fn a_copy_confirms_no_guess_and_brings_back_nothing_that_was_taken_out() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let place = place(&sandbox, &[["N-1", "CUS1", "Ann", "", "GST"]])?;
    import(&place, "branch", &[["B-1", "CUS1", "Ann", "", "GST"]])?;
    customer(&sandbox, "C-9", "ann.")?;
    mapping(&place, &["suggest", "books", "--apply"])?.expect(0)?;
    mapping(&place, &["set", "branch", "tax_code", "GST", "FRE"])?.expect(0)?;
    mapping(&place, &["set", "branch", "tax_code", "GST", "--none"])?.expect(0)?;
    let counts = place.json(&["mapping", "clone", "books", "branch", "--json"])?;
    let wanted = json!([
        { "kind": "customer", "review": 1, "kept": 0 },
        { "kind": "tax_code", "review": 0, "kept": 1 },
    ]);
    assert_eq!(counts, wanted, "what was taken out there stays so");
    let rows = place.json(&["mapping", "list", "branch", "--json"])?;
    let guess = (&rows[0]["state"], &rows[0]["ledger_code"], &rows[1]["state"]);
    assert_eq!(guess, (&"review".into(), &"".into(), &"none".into()), "{rows}");
    customer_in(&sandbox, "branch", "C-9", "Somebody else")?;
    mapping(&place, &["suggest", "branch", "--kind", "customer", "--apply"])?.expect(0)?;
    let rows = place.json(&["mapping", "list", "branch", "--json"])?;
    let guess = (&rows[0]["state"], &rows[0]["ledger_uid"]);
    assert_eq!(guess, (&"review".into(), &Value::Null), "nobody confirmed C-9: {rows}");
    Ok(())
}

#[test]
fn an_import_names_what_is_no_company_file_and_no_uid() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let place = place(&sandbox, &[["N-1", "CUS1", "Ann", "", "GST"]])?;
    let head = "company_file,kind,code,ledger_uid,ledger_code,ledger_name,state,version";
    let uid = "0b0e5be6-8dc1-4a03-abd6-af9684954625";
    let rows = format!(
        "{head}\nbooks,customer,CUS1,{uid},,,confirmed,\nbokos,customer,CUS1,{uid},,,confirmed,\n\
         bokos,customer,CUS2,{uid},,,confirmed,\n"
    );
    place.write("files.csv", rows.as_bytes())?;
    let files = mapping(&place, &["import", "files.csv"])?.expect(65)?;
    let why = "company_file: there is no company file `bokos`";
    says(&files, &[&format!("files.csv:3: {why}"), &format!("files.csv:4: {why}")]);
    says(&files, &["Nothing was imported."]);
    for wrong in ["C-9", "00000000-0000-0000-0000-000000000000"] {
        let row = format!("{head}\nbooks,customer,CUS1,{wrong},,,confirmed,\n");
        place.write("uids.csv", row.as_bytes())?;
        let uids = mapping(&place, &["import", "uids.csv"])?.expect(65)?;
        says(&uids, &["uids.csv:2: ledger_uid: is no UID of MYOB"]);
    }
    assert_eq!(place.json(&["mapping", "list", "books", "--json"])?, json!([]));
    let many = "books,customer,CUS1,C-9,,,confirmed,\n".repeat(100_001);
    place.write("many.csv", format!("{head}\n{many}").as_bytes())?;
    let many = mapping(&place, &["import", "many.csv"])?.expect(65)?;
    says(&many, &["There is more: only 100000 problems are listed."]);
    Ok(())
}
