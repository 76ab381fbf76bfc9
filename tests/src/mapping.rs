//! What the platform's codes are in MYOB, through the command line: set, suggested, checked, moved
//! and copied, and what reaches the books.

mod moved;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::harness::{COLUMNS, Database, Finished, Place, Sandbox};

/// Makes a record in the sandbox, as another program does, and gives its UID.
fn record(sandbox: &Sandbox, resource: &str, body: &Value) -> Result<String> {
    call(sandbox, resource, Some(body))?;
    let list = call(sandbox, resource, None)?;
    let wanted = |item: &&Value| {
        let fields = body.as_object().into_iter().flatten();
        fields.filter(|(_, value)| value.is_string()).all(|(name, value)| item[name] == *value)
    };
    let found = list["Items"].as_array().into_iter().flatten().find(wanted);
    let uid = found.and_then(|item| item["UID"].as_str());
    Ok(uid.with_context(|| format!("{resource} {body}: not in {list}"))?.to_owned())
}

fn uid_of(sandbox: &Sandbox, resource: &str, field: &str, code: &str) -> Result<String> {
    let list = call(sandbox, resource, None)?;
    let mut items = list["Items"].as_array().into_iter().flatten();
    let found = items.find(|item| item[field] == code).and_then(|item| item["UID"].as_str());
    Ok(found.with_context(|| format!("no {code} in {list}"))?.to_owned())
}

fn call(sandbox: &Sandbox, resource: &str, body: Option<&Value>) -> Result<Value> {
    call_in(sandbox, "books", resource, body)
}

fn call_in(sandbox: &Sandbox, file: &str, resource: &str, body: Option<&Value>) -> Result<Value> {
    drop(rustls::crypto::ring::default_provider().install_default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = reqwest::Client::builder().no_proxy().build()?;
        let form = [
            ("client_id", "sandbox"),
            ("client_secret", "sandbox"),
            ("grant_type", "refresh_token"),
            ("refresh_token", "sandbox"),
        ];
        let url = format!("{}/oauth2/v1/authorize", sandbox.url());
        let tokens: Value = client.post(url).form(&form).send().await?.json().await?;
        let url = format!("{}/accountright/{file}/{resource}", sandbox.url());
        let request = match body {
            Some(body) => client.post(url).json(body),
            None => client.get(url),
        };
        let token = tokens["access_token"].as_str().unwrap_or_default();
        let request = request.bearer_auth(token).header("x-myobapi-key", "sandbox");
        let answer = request.header("x-myobapi-version", "v2").send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        ensure!(status.is_success(), "{resource}: {status}: {text}");
        Ok(if text.is_empty() { Value::Null } else { serde_json::from_str(&text)? })
    })
}

fn customer(sandbox: &Sandbox, code: &str, name: &str) -> Result<String> {
    let tax = json!({ "UID": uid_of(sandbox, "GeneralLedger/TaxCode", "Code", "GST")? });
    let selling = json!({ "TaxCode": tax, "FreightTaxCode": tax });
    let body = json!({ "DisplayID": code, "CompanyName": name, "IsIndividual": false,
        "SellingDetails": selling });
    record(sandbox, "Contact/Customer", &body)
}

fn account(sandbox: &Sandbox, code: &str) -> Result<String> {
    let body = json!({ "DisplayID": code, "Name": code, "Classification": "Income",
        "Type": "Income" });
    record(sandbox, "GeneralLedger/Account", &body)
}

/// A place that creates no customers, with one invoice of one line for each of `rows`: number,
/// customer's code and name, item and tax code.
fn place(sandbox: &Sandbox, rows: &[[&str; 5]]) -> Result<Place> {
    let mut place = Place::new(sandbox)?;
    place.set("LEDGER__MISSING_CUSTOMER", "block");
    import(&place, "books", rows)?;
    Ok(place)
}

fn import(place: &Place, file: &str, rows: &[[&str; 5]]) -> Result<()> {
    let row = |[number, customer, name, item, tax]: &[&str; 5]| {
        format!(
            "{file},platform,order {number},{number},2026-03-01,{customer},{name},,1,{item},\
             Binding,1,3.50,0,{tax},1.00,true,\n"
        )
    };
    let text: String = [format!("{COLUMNS}\n")].into_iter().chain(rows.iter().map(row)).collect();
    place.write("some.csv", text.as_bytes())?;
    place.run(&["import", "some.csv"])?.expect(0).map(drop)
}

fn mapping(place: &Place, arguments: &[&str]) -> Result<Finished> {
    let mut all = vec!["mapping"];
    all.extend(arguments);
    place.run(&all)
}

fn says(finished: &Finished, parts: &[&str]) {
    for part in parts {
        assert!(finished.stderr.contains(part), "{part}: {}", finished.stderr);
    }
}

/// The last request that posted an invoice, as MYOB got it.
fn last_post(sandbox: &Sandbox) -> Result<Value> {
    let seen = sandbox.get("/sandbox/requests")?;
    let seen = seen.as_array().context("a list")?.iter();
    let is_post = |it: &&Value| {
        it["method"] == "POST" && it["path"].as_str().is_some_and(|it| it.contains("Sale/Invoice"))
    };
    let seq = seen.filter(is_post).filter_map(|it| it["seq"].as_u64()).max().context("no post")?;
    let request = sandbox.get(&format!("/sandbox/requests/{seq}"))?;
    let body = request["request"]["body"].as_str().with_context(|| request.to_string())?;
    Ok(serde_json::from_str(body)?)
}

fn states(place: &Place) -> Result<Vec<String>> {
    let list = place.json(&["invoices", "--json"])?;
    let words = list.as_array().into_iter().flatten().map(|it| {
        let code = it["code"].as_str().map(|code| format!(" {code}")).unwrap_or_default();
        format!(
            "{} {}{code}",
            it["number"].as_str().unwrap_or_default(),
            it["state"].as_str().unwrap_or_default()
        )
    });
    Ok(words.collect())
}

#[test]
fn a_mapped_customer_in_another_currency_blocks() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let place = place(&sandbox, &[["N-1", "CUS1", "Ann", "", "GST"]])?;
    let body = json!({ "DisplayID": "USD1", "CompanyName": "Ann", "IsIndividual": false,
        "ForeignCurrency": { "Code": "USD" } });
    record(&sandbox, "Contact/Customer", &body)?;
    mapping(&place, &["set", "books", "customer", "CUS1", "USD1"])?.expect(0)?;
    let check = mapping(&place, &["check", "books", "--json"])?.expect(65)?.json()?;
    assert_eq!(check[0]["problem"], "foreign_currency", "{check}");
    place.run(&["sync"])?.expect(65)?;
    assert_eq!(states(&place)?, ["N-1 blocked foreign_currency"]);
    assert_eq!(sandbox.books()?.posts_received, 0);
    Ok(())
}

#[test]
fn what_is_mapped_reaches_the_books() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let place = place(&sandbox, &[["N-1", "CUS1", "Ann", "BIND", "SRV"]])?;
    let ann = customer(&sandbox, "C-9", "Ann Ltd")?;
    let own = account(&sandbox, "4-2000")?;
    let job = record(&sandbox, "GeneralLedger/Job", &json!({ "Number": "J1", "Name": "Jobs" }))?;
    let gst = uid_of(&sandbox, "GeneralLedger/TaxCode", "Code", "GST")?;
    let fre = uid_of(&sandbox, "GeneralLedger/TaxCode", "Code", "FRE")?;
    place.run(&["sync"])?.expect(65)?;
    assert_eq!(states(&place)?, ["N-1 blocked tax_code_missing"]);
    for [kind, code, target] in [
        ["customer", "CUS1", ann.as_str()],
        ["account", "BIND", "4-2000"],
        ["tax_code", "SRV", "GST"],
        ["job", "item:BIND", "J1"],
        ["freight_tax_code", "*", "FRE"],
    ] {
        mapping(&place, &["set", "books", kind, code, target])?.expect(0)?;
    }
    mapping(&place, &["check", "books"])?.expect(0)?;
    assert_eq!(place.json(&["sync", "--json"])?["posted"], 1);
    let sent = last_post(&sandbox)?;
    let line = &sent["Lines"][0];
    assert_eq!(sent["Customer"]["UID"], ann.as_str(), "{sent}");
    assert_eq!(sent["FreightTaxCode"]["UID"], fre.as_str(), "{sent}");
    assert_eq!(line["Account"]["UID"], own.as_str(), "{sent}");
    assert_eq!(line["TaxCode"]["UID"], gst.as_str(), "{sent}");
    assert_eq!(line["Job"]["UID"], job.as_str(), "{sent}");
    Ok(())
}

#[test]
fn what_waits_for_review_blocks_until_a_person_has_looked() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let place = place(&sandbox, &[["N-1", "CUS1", "Ann & Co", "", "GST"]])?;
    customer(&sandbox, "C-9", "ann & co.")?;
    let found = place.json(&["mapping", "suggest", "books", "--kind", "customer", "--json"])?;
    assert_eq!((&found[0]["code"], &found[0]["found_by"]), (&"CUS1".into(), &"name".into()));
    assert_eq!(found[0]["candidates"][0]["ledger_code"], "C-9", "{found}");
    let none = place.json(&["mapping", "list", "books", "--json"])?;
    assert_eq!(none, json!([]), "a suggestion alone writes nothing");
    mapping(&place, &["suggest", "books", "--apply"])?.expect(0)?;
    let rows = place.json(&["mapping", "list", "books", "--json"])?;
    let words: Vec<String> = rows
        .as_array()
        .into_iter()
        .flatten()
        .map(|row| format!("{} {}", row["code"], row["state"]))
        .collect();
    assert_eq!(words, [r#""CUS1" "review""#, r#""GST" "confirmed""#], "what has its code is sure");
    let again = mapping(&place, &["suggest", "books", "--apply"])?.expect(0)?;
    assert!(again.stdout.contains("Every code has its row."), "{}", again.stdout);
    assert_eq!(place.json(&["mapping", "list", "books", "--json"])?, rows, "a guess stays one");
    let checked = mapping(&place, &["check", "books", "--json"])?.expect(65)?.json()?;
    assert_eq!((&checked[0]["problem"], &checked[0]["invoices"]), (&"review".into(), &1.into()));
    place.run(&["sync"])?.expect(65)?;
    assert_eq!(states(&place)?, ["N-1 blocked mapping_review"]);
    mapping(&place, &["set", "books", "customer", "CUS1", "--confirm"])?.expect(0)?;
    assert_eq!(mapping(&place, &["list", "books", "--review", "--json"])?.json()?, json!([]));
    assert_eq!(place.json(&["sync", "--json"])?["posted"], 1);
    Ok(())
}

#[test]
fn a_change_from_an_older_version_is_refused_and_wipes_nothing() -> Result<()> {
    let sandbox = Sandbox::start()?;
    older_versions(&sandbox, &place(&sandbox, &[["N-1", "CUS1", "Ann", "", "GST"]])?)
}

#[test]
fn a_change_from_an_older_version_is_refused_on_mysql_too() -> Result<()> {
    let (sandbox, database) = (Sandbox::start()?, Database::new()?);
    let place = Place::on(&database, &sandbox)?;
    import(&place, "books", &[["N-1", "CUS1", "Ann", "", "GST"]])?;
    older_versions(&sandbox, &place)
}

fn older_versions(sandbox: &Sandbox, place: &Place) -> Result<()> {
    customer(sandbox, "C-8", "Ann")?;
    customer(sandbox, "C-9", "Bob")?;
    for (code, target) in [("CUS1", "C-8"), ("CUS2", "C-8")] {
        mapping(place, &["set", "books", "customer", code, target])?.expect(0)?;
    }
    mapping(place, &["export", "books", "old.csv"])?.expect(0)?;
    mapping(place, &["set", "books", "customer", "CUS2", "C-9", "--version", "1"])?.expect(0)?;
    let before = place.json(&["mapping", "list", "books", "--json"])?;
    let late = mapping(place, &["set", "books", "customer", "CUS2", "C-8", "--version", "1"])?;
    says(&late.expect(65)?, &["customer `CUS2`", "is version 2", "made from version 1"]);
    let old = std::fs::read_to_string(place.path().join("old.csv"))?;
    let late = mapping(place, &["import", "old.csv"])?.expect(65)?;
    says(&late, &["old.csv:3: version: customer `CUS2`", "Nothing was imported"]);
    let head = old.lines().next().unwrap_or_default();
    let wiped = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        match cells.as_slice() {
            [file, "customer", code, _, theirs, name, _, version] => {
                format!("{file},customer,{code},,{theirs},{name},none,{version}")
            }
            _ => line.to_owned(),
        }
    };
    let edited: Vec<String> = old.lines().map(wiped).collect();
    place.write("wipe.csv", edited.join("\n").as_bytes())?;
    let late = mapping(place, &["import", "wipe.csv"])?.expect(65)?;
    says(&late, &["wipe.csv:3:"]);
    place.write("empty.csv", format!("{head}\n").as_bytes())?;
    mapping(place, &["import", "empty.csv"])?.expect(0)?;
    let after = place.json(&["mapping", "list", "books", "--json"])?;
    assert_eq!(after, before, "nothing was changed, and what a file does not name stays");
    mapping(place, &["export", "books", "new.csv"])?.expect(0)?;
    let done = mapping(place, &["import", "new.csv", "--json"])?.expect(0)?.json()?;
    assert_eq!((&done["changed"], &done["unchanged"]), (&0.into(), &2.into()), "{done}");
    mapping(place, &["set", "books", "customer", "CUS2", "--none"])?.expect(0)?;
    let rows = place.json(&["mapping", "list", "books", "--json"])?;
    let gone = (&rows[1]["state"], &rows[1]["ledger_uid"], &rows[1]["version"]);
    assert_eq!(gone, (&"none".into(), &Value::Null, &3.into()), "{rows}");
    Ok(())
}

#[test]
fn what_would_block_is_told_with_its_invoices() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let rows = [
        ["N-1", "CUS1", "Ann", "BIND", "GST"],
        ["N-2", "CUS1", "Ann", "", "SRV"],
        ["N-3", "CUS2", "Bob", "", "GST"],
    ];
    let mut place = place(&sandbox, &rows)?;
    place.set("LEDGER__DEFAULT_ACCOUNT", "4-7777");
    customer(&sandbox, "CUS2", "Bob")?;
    customer(&sandbox, "CUS2", "Bob again")?;
    let found = mapping(&place, &["check", "books", "--json"])?.expect(65)?.json()?;
    let told: Vec<String> = found
        .as_array()
        .into_iter()
        .flatten()
        .map(|it| format!("{} {} {} {}", it["kind"], it["code"], it["problem"], it["invoices"]))
        .map(|it| it.replace('"', ""))
        .collect();
    assert_eq!(
        told,
        [
            "customer CUS1 missing 2",
            "customer CUS2 ambiguous 1",
            "tax_code SRV missing 1",
            "account * missing 3",
        ]
    );
    place.set("LEDGER__DEFAULT_ACCOUNT", "4-1000");
    place.set("LEDGER__MISSING_CUSTOMER", "create");
    let bob = uid_of(&sandbox, "Contact/Customer", "CompanyName", "Bob")?;
    mapping(&place, &["set", "books", "customer", "CUS2", &bob])?.expect(0)?;
    mapping(&place, &["set", "books", "tax-code", "SRV", "FRE"])?.expect(0)?;
    let clear = mapping(&place, &["check", "books"])?.expect(0)?;
    assert!(clear.stdout.contains("Nothing would block an invoice."), "{}", clear.stdout);
    assert_eq!(place.json(&["sync", "--json"])?["posted"], 3);
    Ok(())
}

#[test]
fn an_item_to_be_created_needs_an_account() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let mut place = place(&sandbox, &[["N-1", "CUS1", "Ann", "BIND", "GST"]])?;
    place.set("LEDGER__LAYOUT", "item");
    place.set("LEDGER__MISSING_ITEM", "create");
    place.set("LEDGER__MISSING_CUSTOMER", "create");
    place.set("LEDGER__DEFAULT_ACCOUNT", "4-7777");
    let check = || -> Result<String> {
        let found = mapping(&place, &["check", "books", "--json"])?.expect(65)?.json()?;
        assert_eq!(found.as_array().map(Vec::len), Some(1), "{found}");
        let it = &found[0];
        let words = format!("{} {} {} {}", it["kind"], it["code"], it["problem"], it["invoices"]);
        Ok(words.replace('"', ""))
    };
    assert_eq!(check()?, "account * missing 1");
    let head = "company_file,kind,code,ledger_uid,ledger_code,ledger_name,state,version";
    let own = account(&sandbox, "4-2000")?;
    let row = format!("{head}\nbooks,account,BIND,{own},4-2000,,review,\n");
    place.write("own.csv", row.as_bytes())?;
    mapping(&place, &["import", "own.csv"])?.expect(0)?;
    assert_eq!(check()?, "account BIND review 1");
    place.run(&["sync"])?.expect(65)?;
    assert_eq!(states(&place)?, ["N-1 blocked mapping_review"]);
    mapping(&place, &["set", "books", "account", "BIND", "--confirm"])?.expect(0)?;
    mapping(&place, &["check", "books"])?.expect(0)?;
    assert_eq!(place.json(&["sync", "--json"])?["posted"], 1);
    let item = call(&sandbox, "Inventory/Item", None)?["Items"][0].clone();
    assert_eq!(item["IncomeAccount"]["UID"], own.as_str(), "{item}");
    Ok(())
}

#[test]
fn what_would_be_wrong_is_refused_with_its_mend() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let place = place(&sandbox, &[["N-1", "CUS1", "Ann", "", "GST"]])?;
    customer(&sandbox, "C-9", "Ann")?;
    customer(&sandbox, "C-9", "Ann")?;
    let refused = |arguments: &[&str], parts: &[&str]| -> Result<()> {
        says(&mapping(&place, arguments)?.expect(65)?, parts);
        Ok(())
    };
    refused(&["list", "bokos"], &["there is no company file `bokos`"])?;
    refused(&["clone", "books", "bokos"], &["there is no company file `bokos`"])?;
    refused(&["clone", "books", "books"], &["to be copied to itself"])?;
    refused(&["set", "books", "customer", "CUS1", "C-1"], &["no customer with the code `C-1`"])?;
    refused(&["set", "books", "customer", "CUS1", "C-9"], &["stands 2 times", "by its UID"])?;
    let nobody = "00000000-0000-4000-8000-000000000001";
    refused(&["set", "books", "customer", "CUS1", nobody], &["no customer with the UID"])?;
    refused(&["set", "books", "job", "CUS1", "J1"], &["`item:CODE`"])?;
    refused(&["set", "books", "customer", "CUS1", "--confirm"], &["nothing to confirm"])?;
    place.write("bad.csv", b"company_file,kind\nbooks,client\n")?;
    refused(&["import", "bad.csv"], &["bad.csv:1: code: the column is missing"])?;
    mapping(&place, &["import", "none.csv"])?.expect(66)?;
    assert_eq!(place.json(&["mapping", "list", "books", "--json"])?, json!([]));
    says(&mapping(&place, &["export", "books", "--json"])?.expect(2)?, &["mapping list books"]);
    let late = ["set", "books", "tax_code", "GST", "GST", "--version", "4"];
    refused(&late, &["look at it with `postonce mapping list books`"])?;
    let talk = mapping(&place, &["suggest", "books", "--apply"])?.expect(0)?;
    says(&talk, &["`postonce mapping list books --review`"]);
    Ok(())
}

#[test]
fn a_record_that_is_gone_puts_its_row_up_for_review() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let place = place(&sandbox, &[["N-1", "CUS1", "Ann", "", "GST"]])?;
    let head = "company_file,kind,code,ledger_uid,ledger_code,ledger_name,state,version";
    let gone = "00000000-0000-4000-8000-00000000000A";
    let row = format!("{head}\nbooks,customer,CUS1,{gone},C-9,Ann,confirmed,\n");
    place.write("gone.csv", row.as_bytes())?;
    mapping(&place, &["import", "gone.csv"])?.expect(0)?;
    let found = mapping(&place, &["check", "books", "--json"])?.expect(65)?.json()?;
    assert_eq!(found[0]["problem"], "gone", "{found}");
    place.run(&["sync"])?.expect(65)?;
    assert_eq!(states(&place)?, ["N-1 rejected 150"]);
    let rows = place.json(&["mapping", "list", "books", "--review", "--json"])?;
    assert_eq!((&rows[0]["code"], &rows[0]["version"]), (&"CUS1".into(), &2.into()), "{rows}");
    assert!(rows[0]["reason"].as_str().is_some_and(|it| it.contains("error 150")), "{rows}");
    place.run(&["reprocess", "--state", "rejected"])?.expect(65)?;
    assert_eq!(states(&place)?, ["N-1 blocked mapping_review"]);
    Ok(())
}

#[test]
fn what_is_created_is_marked_and_on_record() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let mut place = place(&sandbox, &[["N-1", "CUS1", "Ann", "BIND", "GST"]])?;
    place.set("LEDGER__LAYOUT", "item");
    place.run(&["sync"])?.expect(65)?;
    assert_eq!(states(&place)?, ["N-1 blocked item_missing"]);
    place.set("LEDGER__MISSING_ITEM", "create");
    place.set("LEDGER__MISSING_CUSTOMER", "create");
    mapping(&place, &["check", "books"])?.expect(0)?;
    assert_eq!(place.json(&["sync", "--json"])?["posted"], 1);
    let customer = call(&sandbox, "Contact/Customer", None)?["Items"][0].clone();
    let item = call(&sandbox, "Inventory/Item", None)?["Items"][0].clone();
    for (record, field) in [(&customer, "Notes"), (&item, "Description")] {
        let words = record[field].as_str().unwrap_or_default();
        assert!(words.starts_with("PostOnce "), "{record}");
    }
    let rows = place.json(&["mapping", "list", "books", "--json"])?;
    let mapped: Vec<&Value> =
        rows.as_array().into_iter().flatten().map(|it| &it["ledger_uid"]).collect();
    assert_eq!(mapped, [&customer["UID"], &item["UID"]], "{rows}");
    assert_eq!(place.json(&["in-doubt", "list", "--creations", "--json"])?, json!([]));
    Ok(())
}

#[test]
fn a_creation_without_an_answer_is_listed_until_a_search_finds_it() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let mut place = Place::new(&sandbox)?;
    place.short_quiet(20);
    import(&place, "books", &[["N-1", "CUS1", "Ann", "", "GST"]])?;
    sandbox.fault(json!({ "match": { "method": "POST", "path_prefix": "/Contact/Customer" },
        "action": "commit_then_drop" }))?;
    place.run(&["sync"])?.expect(65)?;
    assert_eq!(states(&place)?, ["N-1 blocked customer_in_doubt"]);
    let open = place.json(&["in-doubt", "list", "--creations", "--json"])?;
    assert_eq!(
        (&open[0]["kind"], &open[0]["code"]),
        (&"customer".into(), &"CUS1".into()),
        "{open}"
    );
    let shown = place.run(&["in-doubt", "list", "--creations"])?.expect(0)?;
    assert!(shown.stdout.contains("CUS1"), "{}", shown.stdout);
    says(&shown, &["Do not create these by hand"]);
    assert_eq!(place.json(&["sync", "--json"])?["posted"], 1);
    assert_eq!(place.json(&["in-doubt", "list", "--creations", "--json"])?, json!([]));
    let there = call(&sandbox, "Contact/Customer", None)?;
    assert_eq!(there["Items"].as_array().map(Vec::len), Some(1), "{there}");
    let rows = place.json(&["mapping", "list", "books", "--json"])?;
    assert_eq!(rows[0]["ledger_uid"], there["Items"][0]["UID"], "{rows}");
    Ok(())
}
