//! Every value of every switch of the sandbox, on runs of the binary.
//!
//! What comes of each is written to `docs/switches.md`; the test fails if the file says otherwise.
//! `UPDATE_DOCS=1 cargo xtask test -- switched` writes it anew.

mod cases;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Map, Value, json};

use crate::documents;
use crate::harness::{COLUMNS, Place, Sandbox};
use crate::side_by_side::side_by_side;
use crate::trail::{cell, notes_of, stable};
use cases::{CASES, Case};

/// So many days go on after the first run, each with a new invoice.
const DAYS: u32 = 3;

/// The invoices of each run: what the document says of it, reference, number, lines (quantity and
/// unit price), memo, and what is done to its POST.
struct Sample {
    what: &'static str,
    reference: &'static str,
    number: &'static str,
    lines: &'static [(&'static str, &'static str)],
    memo: &'static str,
    fault: Option<&'static str>,
}

const fn sample(what: &'static str, number: &'static str, fault: Option<&'static str>) -> Sample {
    Sample { what, reference: number, number, lines: &[("1", "3.50")], memo: "sample", fault }
}

const LONG: &str = "sixty letters and more, so that a shorter limit of the ledger is in its way";

const SAMPLES: [Sample; 9] = [
    sample("plain", "SW-1", None),
    sample("answer lost", "Sw-2", Some("commit_then_drop")),
    sample("digits, answer lost", "123", Some("commit_then_drop")),
    Sample {
        reference: "O'Neil 4",
        ..sample("quote in the reference, answer lost", "SW-4", Some("commit_then_drop"))
    },
    sample("request lost", "SW-5", Some("drop")),
    sample("refused once for its rate", "SW-6", Some("rate_limit")),
    Sample { lines: &[("3", "0.3333"), ("7", "1.0049")], ..sample("four decimals", "SW-7", None) },
    Sample { lines: &[("1", "0.00")], ..sample("nothing to pay", "SW-8", None) },
    Sample { memo: LONG, ..sample("long memo", "SW-9", None) },
];

/// What came of one case.
struct Seen {
    exit: i32,
    /// What the run said, if it did not end as the default's.
    words: String,
    /// Where the invoices are in the end.
    states: String,
    once: usize,
    /// Totals that are others in the books.
    totals: Vec<String>,
    trail: BTreeMap<&'static str, Vec<String>>,
}

#[test]
fn every_value_of_every_switch_has_a_case() {
    for switch in postonce_myob_sandbox::switches() {
        let tried: Vec<&str> =
            CASES.iter().filter(|case| case.name == switch.name).map(|case| case.value).collect();
        assert!(!tried.is_empty(), "no case of the switch {}", switch.name);
        for value in switch.values.split('|') {
            let is_word = value != "n" && value != "YYYY-MM-DD" && value != switch.default;
            assert!(!is_word || tried.contains(&value), "no case of {} = {value}", switch.name);
        }
    }
}

#[test]
fn every_switch_ends_as_the_table_says() -> Result<()> {
    const AT_ONCE: usize = 6;
    let default = play(&Case::default()).context("the default")?;
    let mut page = String::from(
        "# What comes of each switch\n\n\
         Real runs of the binary against the sandbox with one of its [switches](sandbox.md#switches) set. The trail is told where\n\
         it is another than with the defaults; of a run that ends otherwise, its words. In no row is a\n\
         number in the books twice, and every posted invoice is in them under its UID.\n\
         This page is written by the test `every_switch_ends_as_the_table_says`.\n\n\
         Each run has the same invoices, one at a time, with `in_doubt.absent = \"repost\"` and no quiet\n\
         period; after the first `sync` three days go on, each with an invoice more, a `sync` and an\n\
         `in-doubt check`. The exit code is that of the first `sync`.\n\n",
    );
    for it in &SAMPLES {
        writeln!(page, "- `{}`: {}", it.number, it.what)?;
    }
    page.push_str("\n| switch | exit code | in the end | in the books once | the trail and the totals, where they differ |\n|---|---|---|---|---|\n");
    writeln!(
        page,
        "| all defaults | {} | {} | {} | – |",
        default.exit, default.states, default.once
    )?;
    for (case, seen) in CASES.iter().zip(side_by_side(&CASES, AT_ONCE, play)) {
        let seen = seen.with_context(|| case.title())?;
        let differs = differs(&seen, &default);
        let Seen { exit, states, once, .. } = seen;
        writeln!(page, "| {} | {exit} | {states} | {once} | {differs} |", case.title())?;
    }
    page.push_str("\nThe trail with the defaults:\n\n");
    for (number, notes) in &default.trail {
        writeln!(page, "- `{number}`: {}", cell(&notes.join("; ")))?;
    }
    documents::says("switches.md", &page)
}

fn play(case: &Case) -> Result<Seen> {
    let sandbox = Sandbox::start()?;
    let mut place = Place::new(&sandbox)?;
    place.short_quiet(10);
    place.set("IN_DOUBT__ABSENT", "repost");
    place.set("LEDGER__CONCURRENCY", "1");
    let switches: Map<String, Value> =
        case.switches().map(|(name, value)| (name.to_owned(), case_value(value))).collect();
    sandbox.switch(&Value::Object(switches))?;
    for sample in &SAMPLES {
        if let Some(action) = sample.fault {
            let matches = json!({"method": "POST", "number": sample.number});
            sandbox.fault(json!({"action": action, "match": matches}))?;
        }
    }
    place.write("invoices.csv", invoices().as_bytes())?;
    place.run(&["import", "invoices.csv"])?.expect(0)?;
    let ended = place.run(&["sync"])?;
    for day in 1..=DAYS {
        place.import(&format!("DAY{day}"), 1)?;
        place.run(&["sync"])?;
        place.run(&["in-doubt", "check"])?;
    }
    see(&sandbox, &place, (ended.code.unwrap_or(-1), stable(&ended.stderr)))
}

fn see(sandbox: &Sandbox, place: &Place, (exit, words): (i32, String)) -> Result<Seen> {
    let books = sandbox.books()?;
    ensure!(books.duplicates.is_empty(), "twice in the books: {:?}", books.duplicates);
    let pairs = place.json(&["audit", "pairs", "--json"])?;
    ensure!(pairs["unpaired"] == json!([]), "pairs: {pairs}");
    let known = place.json(&["invoices", "--json"])?;
    let mut states: BTreeMap<String, u32> = BTreeMap::new();
    let (mut once, mut trail, mut totals) = (0, BTreeMap::new(), Vec::new());
    for sample in &SAMPLES {
        let invoice =
            known.as_array().into_iter().flatten().find(|it| it["number"] == sample.number);
        let invoice = invoice.with_context(|| format!("{} is lost", sample.number))?;
        let state = invoice["state"].as_str().unwrap_or_default();
        let documents: Vec<_> =
            books.invoices.iter().filter(|it| it["reference"] == sample.reference).collect();
        ensure!(documents.len() <= 1, "{} is in the books twice: {documents:?}", sample.number);
        let uid = documents.first().map_or(&Value::Null, |it| &it["uid"]);
        let is_true = state != "posted" || invoice["ledger_uid"] == *uid;
        ensure!(
            is_true,
            "{} is posted as {}, and booked as {uid}",
            sample.number,
            invoice["ledger_uid"]
        );
        let (ours, theirs) = (&invoice["total"], documents.first().map(|it| &it["total"]));
        if let Some(theirs) = theirs.filter(|theirs| *theirs != ours) {
            totals.push(format!("`{}` {theirs} and not {ours}", sample.number).replace('"', ""));
        }
        *states.entry(state.to_owned()).or_default() += 1;
        once += documents.len();
        trail.insert(sample.number, notes_of(place, &format!("books:{}", sample.number))?);
    }
    let states: Vec<_> = states.iter().map(|(state, count)| format!("{count} {state}")).collect();
    Ok(Seen { exit, words, states: states.join(", "), once, totals, trail })
}

/// What a run's trail says that the default's does not, and its last words if it ended otherwise.
fn differs(seen: &Seen, default: &Seen) -> String {
    let mut lines: Vec<String> = Vec::new();
    if seen.exit != default.exit {
        lines.push(format!("it says: {}", cell(&seen.words)));
    }
    if !seen.totals.is_empty() {
        lines.push(format!("totals in the books: {}", seen.totals.join(", ")));
    }
    let mut told: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (number, notes) in &seen.trail {
        let usual = default.trail.get(number).map_or(&[][..], Vec::as_slice);
        if notes != usual {
            let new: Vec<_> = notes.iter().filter(|note| !usual.contains(note)).cloned().collect();
            let new = if new.is_empty() && notes.is_empty() {
                "nothing".to_owned()
            } else if new.is_empty() {
                notes.join("; ")
            } else {
                new.join("; ")
            };
            told.entry(cell(&new)).or_default().push(number);
        }
    }
    lines.extend(told.iter().map(|(new, numbers)| format!("`{}`: {new}", numbers.join("`, `"))));
    if lines.is_empty() { "–".to_owned() } else { lines.join("<br>") }
}

/// A number as a number, anything else as a text.
fn case_value(value: &str) -> Value {
    value.parse::<u64>().map_or_else(|_| json!(value), |number| json!(number))
}

fn invoices() -> String {
    let line = |sample: &Sample, index: usize| {
        let Sample { reference, number, lines, memo, .. } = sample;
        let (quantity, price) = lines[index];
        format!(
            "books,platform,{reference},{number},2026-03-01,CUS1,Customer,,{},,Paper,{quantity},{price},\
             0,GST,0.00,true,\"{memo}\"\n",
            index + 1
        )
    };
    let all = SAMPLES.iter().flat_map(|it| (0..it.lines.len()).map(move |index| line(it, index)));
    [format!("{COLUMNS}\n")].into_iter().chain(all).collect()
}
