//! What an operator reads when access, settings or records are lost in the middle of a run.
//!
//! What was seen is written to `docs/mid-run.md`; the test fails if the file says otherwise.
//! `UPDATE_DOCS=1 cargo xtask test -- mid_run` writes it anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::browser::send;
use crate::documents;
use crate::harness::{Finished, Place, Sandbox, binary, sample, wait_for};

/// Invoices of a company file.
const INVOICES: u32 = 10;

/// The one whose POST is on its way when the trouble comes.
const ON_ITS_WAY: &str = "MID-4";

const OUR_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const THEIR_KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

/// How many invoices stand where, by company file and state.
type States = BTreeMap<(String, String), u32>;

/// A trouble, and what must come of it.
struct Trouble {
    title: &'static str,
    what: &'static str,
    then: &'static str,
    exit: i32,
    /// Company file, state, how many.
    states: &'static [(&'static str, &'static str, u32)],
    comes: fn(&Sandbox, &Place) -> Result<()>,
}

const TROUBLES: [Trouble; 6] = [
    Trouble {
        title: "The access token ends",
        what: "MYOB takes no access token any more that it has given; the consent stands.",
        then: "Nothing: the next one is got, and the run goes on.",
        exit: 0,
        states: &[("books", "posted", 10)],
        comes: |sandbox, _| expire(sandbox),
    },
    Trouble {
        title: "The consent is taken back",
        what: "An administrator takes the consent back in MYOB, and the access token ends.",
        then: "Connect it again, by the command that is named; then sync.",
        exit: 77,
        states: &[("books", "posted", 4), ("books", "ready", 6)],
        comes: |sandbox, _| {
            sandbox.post("/sandbox/tokens/revoke", &json!({}))?;
            expire(sandbox)
        },
    },
    Trouble {
        title: "The tokens are sealed with a key that this process does not have",
        what: "Another process was given a new `tokens.key`, and has renewed the tokens.",
        then: "Give both the same key; then sync. The company file's tokens are as good as before.",
        exit: 77,
        states: &[("books", "posted", 4), ("books", "ready", 6)],
        comes: another_key,
    },
    Trouble {
        title: "The business id is wrong",
        what: "MYOB does not know the business of one company file; the other one's is right.",
        then: "Correct the id, or connect that company file. The others are sent as usual.",
        exit: 77,
        states: &[("books", "ready", 10), ("other", "posted", 10)],
        comes: |_, _| Ok(()),
    },
    Trouble {
        title: "The period is locked",
        what: "Somebody locks the books up to a date after the invoices'.",
        then: "Unlock the period, or date the invoices anew; then `postonce reprocess --state rejected`.",
        exit: 65,
        states: &[("books", "posted", 4), ("books", "rejected", 6)],
        comes: |sandbox, _| sandbox.switch(&json!({ "lock_period_before": "2026-04-01" })),
    },
    Trouble {
        title: "A customer is deleted",
        what: "Somebody deletes the customer of an invoice that is still to be sent, after it was looked up.",
        then: "`postonce reprocess` the invoice: the customer is looked up again, and created if \
               `ledger.missing_customer` says so.",
        exit: 65,
        states: &[("books", "posted", 9), ("books", "rejected", 1)],
        comes: |sandbox, _| delete_customer(sandbox, "CUS1"),
    },
];

fn expire(sandbox: &Sandbox) -> Result<()> {
    sandbox.post("/sandbox/tokens/expire", &json!({})).map(drop)
}

fn another_key(sandbox: &Sandbox, place: &Place) -> Result<()> {
    expire(sandbox)?;
    let mut other = place.command(&binary("POSTONCE_BIN")?, &["connections", "check", "books"]);
    other.env("POSTONCE_TOKENS__KEY", THEIR_KEY).env("POSTONCE_TOKENS__OLD_KEY", OUR_KEY);
    let output = other.output()?;
    ensure!(output.status.success(), "{output:?}");
    Ok(())
}

fn delete_customer(sandbox: &Sandbox, code: &str) -> Result<()> {
    let form =
        "grant_type=refresh_token&client_id=sandbox&client_secret=sandbox&refresh_token=sandbox";
    let tokens = send("POST", &format!("{}/oauth2/v1/authorize", sandbox.url()), &[], form)?;
    let tokens: Value = serde_json::from_str(&tokens.body)?;
    let access = tokens["access_token"].as_str().context("an access token")?;
    let headers = [
        format!("Authorization: Bearer {access}"),
        "x-myobapi-key: sandbox".to_owned(),
        "x-myobapi-version: v2".to_owned(),
    ];
    let customers = format!("{}/accountright/books/Contact/Customer", sandbox.url());
    let list: Value = serde_json::from_str(&send("GET", &customers, &headers, "")?.body)?;
    let mut items = list["Items"].as_array().into_iter().flatten();
    let customer = items.find(|it| it["DisplayID"] == code).context("the customer")?;
    let uid = customer["UID"].as_str().context("a UID")?;
    let deleted = send("DELETE", &format!("{customers}/{uid}"), &headers, "")?;
    ensure!(deleted.status == 200, "{deleted:?}");
    Ok(())
}

/// Sends the invoices one by one; the trouble comes while the fourth is on its way.
fn play(trouble: &Trouble) -> Result<(Finished, States)> {
    let two = trouble.states.iter().any(|(file, ..)| *file == "other");
    let more: &[&str] = if two { &["--switch", "files=listed"] } else { &[] };
    let sandbox = Sandbox::start_with(more)?;
    let mut place = Place::new(&sandbox)?;
    place.set("LEDGER__CONCURRENCY", "1");
    place.set("TOKENS__KEY", OUR_KEY);
    place.import("MID", INVOICES)?;
    if two {
        sandbox.post("/sandbox/files", &json!({ "company_file": "other" }))?;
        let text = sample("TOO", INVOICES).replace("books,", "other,");
        place.write("other.csv", text.as_bytes())?;
        place.run(&["import", "other.csv"])?.expect(0)?;
    }
    let held = json!({"method": "POST", "number": ON_ITS_WAY});
    sandbox.fault(json!({"action": "delay", "delay_ms": 4_000, "match": held}))?;
    let run = place.start(&["sync"])?;
    if !two {
        wait_for("the fourth invoice on its way", || {
            let requests = sandbox.get("/sandbox/requests")?;
            let mut requests = requests.as_array().into_iter().flatten();
            let held = |it: &&Value| it["method"] == "POST" && it["number"] == ON_ITS_WAY;
            Ok(requests.find(held).map(drop))
        })?;
        (trouble.comes)(&sandbox, &place)?;
    }
    let mut ended = run.finish()?;
    ended.stderr = plain(&ended.stderr, sandbox.url());
    let mut states = States::new();
    let invoices = place.json(&["invoices", "--json"])?;
    for invoice in invoices.as_array().into_iter().flatten() {
        let text = |key: &str| invoice[key].as_str().unwrap_or_default().to_owned();
        *states.entry((text("company_file"), text("state"))).or_insert(0) += 1;
    }
    ensure!(sandbox.books()?.duplicates.is_empty(), "{}: an invoice is there twice", trouble.title);
    Ok((ended, states))
}

/// What is the same each time.
fn plain(text: &str, url: &str) -> String {
    let mut parts = text.split(" (request ");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str(part.split_once(')').map_or(part, |(_, rest)| rest));
    }
    plain.replace(url, "http://127.0.0.1:8080")
}

const HEAD: &str = "\
# In the middle of a run

What an operator reads, and where the invoices stand, if access, settings or records are lost while a run is
under way. Ten invoices are sent one by one, and the trouble comes while the fourth is on its way; only a
wrong business id is there from the start. No invoice is in MYOB twice in the end, and none is lost.

The test `troubles_in_the_middle_of_a_run_are_told_with_their_mend` plays each with the real binary and the
[sandbox](sandbox.md), and fails if this page says something else (`UPDATE_DOCS=1 cargo xtask test -- mid_run`
writes it).
";

#[test]
fn troubles_in_the_middle_of_a_run_are_told_with_their_mend() -> Result<()> {
    let mut text = HEAD.to_owned();
    for trouble in &TROUBLES {
        let (ended, states) = play(trouble)?;
        let wanted = trouble.states.iter();
        let wanted: BTreeMap<_, _> = wanted
            .map(|(file, state, n)| (((*file).to_owned(), (*state).to_owned()), *n))
            .collect();
        ensure!(states == wanted, "{}: {states:?}: {ended:?}", trouble.title);
        let ended = ended.expect(trouble.exit).context(trouble.title)?;
        write!(text, "\n## {}\n\n{}\n\n", trouble.title, trouble.what)?;
        let stand = |(file, state, n): &(&str, &str, u32)| format!("{n} of `{file}` {state}");
        let stand: Vec<String> = trouble.states.iter().map(stand).collect();
        write!(text, "Exit code {}; {}.\n\n", trouble.exit, stand.join(", "))?;
        if !ended.stderr.trim().is_empty() {
            write!(text, "```text\n{}\n```\n\n", ended.stderr.trim())?;
        }
        writeln!(text, "{}", trouble.then)?;
    }
    documents::says("mid-run.md", &text)
}
