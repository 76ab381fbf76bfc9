//! A thousand invoices, and every fifth POST goes wrong: what becomes of each by itself.
//!
//! The figures are written to `docs/thousand.md`; the test fails if the file says otherwise.
//! `UPDATE_DOCS=1 cargo xtask test -- thousand` writes it anew.

mod kinds;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt::Write as _;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::documents;
use crate::harness::{Place, Sandbox};
use crate::side_by_side::side_by_side;
use kinds::KINDS;

/// One of so many invoices is struck.
const ONE_IN: u32 = 5;

/// Seconds that a POST may take.
const POST_TIMEOUT_S: u32 = 2;

/// Longer than anything in the sandbox is late by.
const QUIET_S: &str = "8";

/// So many times the days go on, at most.
const DAYS_MAX: u32 = 60;

/// How one thousand is played.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) invoices: u32,
    /// `in_doubt.absent`.
    pub(crate) absent: &'static str,
    /// `lookup_before_post`.
    pub(crate) lookup: &'static str,
    pub(crate) seed: u64,
}

/// What became of the invoices of one kind.
#[derive(Clone, Copy, Default)]
struct Row {
    invoices: u32,
    /// Whose first POST met a fault.
    struck: u32,
    /// Whose first POST had its effect.
    arrived: u32,
    posted: u32,
    held: u32,
    sent_again: u32,
    double: u32,
}

/// What came of a plan: a row for each of [`KINDS`], and one for those that nothing was done to.
pub(crate) struct Played {
    rows: Vec<Row>,
}

#[test]
fn every_fifth_of_a_thousand_posts_goes_wrong_and_each_ends_once_or_held_by_itself() -> Result<()> {
    let keep = Plan { invoices: 1_000, absent: "keep", lookup: "in_doubt", seed: 1 };
    let repost = Plan { invoices: 310, absent: "repost", lookup: "in_doubt", seed: 2 };
    let fewer = Plan { invoices: 155, lookup: "always", ..keep };
    let plans =
        [keep, repost, Plan { seed: 3, ..fewer }, Plan { seed: 4, absent: "repost", ..fewer }];
    let played = side_by_side(&plans, plans.len(), |plan| -> Result<_> {
        let sandbox = Sandbox::start()?;
        let done = play(plan, &sandbox, Place::new(&sandbox)?);
        Ok((*plan, done.with_context(|| format!("{} {}", plan.absent, plan.lookup))?))
    });
    let played = played.into_iter().collect::<Result<Vec<_>>>()?;
    documents::says("thousand.md", &document(&played)?)
}

/// Plays a plan to where nothing moves any more, and sees that all is as it must be.
pub(crate) fn play(plan: &Plan, sandbox: &Sandbox, mut place: Place) -> Result<Played> {
    place.set("IN_DOUBT__ALLOW_SHORT_QUIET", "true");
    place.set("IN_DOUBT__QUIET_SECONDS", QUIET_S);
    place.set("IN_DOUBT__RECHECK_SECONDS", "1");
    place.set("LEDGER__POST_TIMEOUT_SECONDS", &POST_TIMEOUT_S.to_string());
    place.set("IN_DOUBT__ABSENT", plan.absent);
    place.set("LOOKUP_BEFORE_POST", plan.lookup);
    place.import("INV", plan.invoices)?;
    // A new company file is always searched before a POST, until its past is settled.
    place
        .run(&["cutover", "books", "--through", "2026-02-28", "--yes", "--reason", "new"])?
        .expect(0)?;

    let struck = struck(plan);
    let faults = struck.iter().flat_map(|(number, kind)| KINDS[*kind].faults(number)).collect();
    sandbox.post("/sandbox/faults", &Value::Array(faults))?;
    let mut before = Value::Null;
    for day in 1..=DAYS_MAX {
        let ended = place.run(&["sync", "--json"])?;
        ensure!(matches!(ended.code, Some(0 | 10 | 69)), "sync: {ended:?}");
        place.run(&["in-doubt", "check"])?;
        let now = standing(&place)?;
        if now == before && is_at_rest(plan, &now) {
            return judge(plan, sandbox, &place, &struck);
        }
        before = now;
        // Life goes on: without a later invoice a search that finds nothing proves nothing.
        place.import(&format!("DAY{day}"), 1)?;
        night();
    }
    anyhow::bail!("after {DAYS_MAX} days something still moves: {before}")
}

/// The days must last longer than the quiet period, however fast the machine is.
#[expect(clippy::disallowed_methods, reason = "a day of this test takes real time")]
fn night() {
    std::thread::sleep(Duration::from_millis(500));
}

/// The numbers that are struck, by a seeded choice, and the kind of each; all kinds equally often.
fn struck(plan: &Plan) -> BTreeMap<String, usize> {
    let mut state = plan.seed;
    let mut struck = BTreeMap::new();
    let wanted = plan.invoices.div_euclid(ONE_IN);
    let mut kinds = (0..wanted).zip((0..KINDS.len()).cycle()).peekable();
    while let Some((_, kind)) = kinds.peek().copied() {
        // Knuth's generator; its upper half is random enough to choose by.
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let number = format!("INV-{}", (state >> 33) % u64::from(plan.invoices) + 1);
        if let Entry::Vacant(free) = struck.entry(number) {
            free.insert(kind);
            kinds.next();
        }
    }
    struck
}

/// Where the invoices of the plan stand, and what is known of those in doubt.
fn standing(place: &Place) -> Result<Value> {
    let mut invoices = Vec::new();
    for invoice in list(place.json(&["invoices", "--json"])?) {
        if text(&invoice, "number").starts_with("INV-") {
            invoices.push(json!([invoice["number"], invoice["state"], invoice["ledger_uid"]]));
        }
    }
    let doubtful = list(place.json(&["in-doubt", "list", "--json"])?);
    let doubtful = doubtful.iter().map(|it| json!([it["number"], it["absent_confirmed_at"]]));
    Ok(json!({"invoices": invoices, "doubtful": doubtful.collect::<Vec<_>>()}))
}

/// Whether nobody waits for a search or for the next run any more.
fn is_at_rest(plan: &Plan, standing: &Value) -> bool {
    let doubtful = standing["doubtful"].as_array().map_or(&[][..], Vec::as_slice);
    let is_known = doubtful.iter().all(|it| it[1] != Value::Null);
    let moves = |it: &Value| it[1] == "ready" || it[1] == "claimed";
    let is_done = !standing["invoices"].as_array().into_iter().flatten().any(moves);
    is_done && is_known && (plan.absent == "keep" || doubtful.is_empty())
}

fn judge(
    plan: &Plan,
    sandbox: &Sandbox,
    place: &Place,
    struck: &BTreeMap<String, usize>,
) -> Result<Played> {
    let trail = Trail::read(place)?;
    let books = sandbox.books()?;
    ensure!(books.duplicates.is_empty(), "duplicates: {:?}", books.duplicates);
    let mut booked: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for document in &books.invoices {
        booked.entry(text(document, "number")).or_default().push(text(document, "uid"));
    }
    let pairs = place.json(&["audit", "pairs", "--json"])?;
    ensure!(pairs["unpaired"] == json!([]) && pairs["claims"] == pairs["outcomes"], "{pairs}");
    let doubtful = list(place.json(&["in-doubt", "list", "--json"])?);
    let posts = posts(sandbox)?;
    let mut rows = vec![Row::default(); KINDS.len() + 1];
    for invoice in list(place.json(&["invoices", "--json"])?) {
        let number = text(&invoice, "number");
        if !number.starts_with("INV-") {
            continue;
        }
        let uids = booked.get(&number).map_or(&[][..], Vec::as_slice);
        let met = posts.get(&number).map_or(&[][..], Vec::as_slice);
        let kind = struck.get(&number).copied();
        let row = &mut rows[kind.unwrap_or(KINDS.len())];
        let first = met.first().with_context(|| format!("{number} was never sent"))?;
        if let Some(kind) = kind {
            let as_meant = first.fault.is_some() && first.committed == KINDS[kind].arrives;
            ensure!(as_meant, "{number} was to meet {}", KINDS[kind].name());
        }
        row.invoices += 1;
        row.struck += u32::from(first.fault.is_some());
        row.arrived += u32::from(first.committed);
        row.sent_again += u32::from(met.len() > 1);
        row.double += u32::from(uids.len() > 1);
        let ours = text(&invoice, "ledger_uid");
        match text(&invoice, "state").as_str() {
            "posted" => {
                ensure!(uids == [ours.clone()], "{number} is posted as {ours}, booked as {uids:?}");
                row.posted += 1;
            }
            "in_doubt" => {
                ensure!(plan.absent == "keep", "{number} is not sent again");
                ensure!(uids.is_empty(), "{number} is in doubt, and booked as {uids:?}");
                let known = doubtful.iter().find(|it| it["number"] == number.as_str());
                let at = known.map_or(&Value::Null, |it| &it["absent_confirmed_at"]);
                ensure!(at.is_string(), "{number} is in doubt without a proof: {known:?}");
                trail.has_proof(&invoice["id"]).with_context(|| number.clone())?;
                row.held += 1;
            }
            state => anyhow::bail!("{number} is {state}"),
        }
    }
    Ok(Played { rows })
}

/// The page that tells of it all.
fn document(played: &[(Plan, Played)]) -> Result<String> {
    let mut page = format!(
        "# A thousand invoices, every fifth POST struck\n\n\
         Real runs of the binary against the sandbox. A fifth of the invoices, by a seeded choice, has\n\
         something done to its POST; nothing is done to the others. Then the days go on, each with an\n\
         invoice more, a `sync` and an `in-doubt check`, until nothing moves any more, and nobody resolves\n\
         anything by hand. In the end every invoice is in the books at most once; every one that arrived is\n\
         posted with the UID that it has there; every one that did not is either posted, sent again\n\
         (`in_doubt.absent = \"repost\"`), or in doubt (`\"keep\"`) with its absence confirmed and each search\n\
         in the trail; every claim has its pair. The quiet period is {QUIET_S} seconds, which covers everything\n\
         that is late here, and a POST may take {POST_TIMEOUT_S}.\n\
         This page is written by the test\n\
         `every_fifth_of_a_thousand_posts_goes_wrong_and_each_ends_once_or_held_by_itself`; on MariaDB\n\
         `on_a_server_every_fifth_post_goes_wrong_and_each_ends_once_or_held_by_itself` sees the same.\n\n\
         | invoices | `in_doubt.absent` | `lookup_before_post` | struck | of these arrived | posted | held as \
         absent | sent again | double |\n|---|---|---|---|---|---|---|---|---|\n"
    );
    for (plan, done) in played {
        let Plan { invoices, absent, lookup, .. } = plan;
        let all = done.rows.iter().fold(Row::default(), Row::with);
        let unhurt = done.rows.last().copied().unwrap_or_default();
        let arrived = all.arrived - unhurt.arrived;
        let Row { struck, posted, held, sent_again, double, .. } = all;
        writeln!(
            page,
            "| {invoices} | `{absent}` | `{lookup}` | {struck} | {arrived} | {posted} | {held} | \
             {sent_again} | {double} |"
        )?;
    }
    for (plan, done) in played.iter().take(2) {
        let Plan { invoices, absent, .. } = plan;
        write!(
            page,
            "\n## {invoices} invoices, `in_doubt.absent = \"{absent}\"`\n\n\
             | done to the POST | invoices | arrived | posted | held as absent | sent again | double |\n\
             |---|---|---|---|---|---|---|\n"
        )?;
        let names = KINDS.iter().map(kinds::Kind::name).chain(["nothing".to_owned()]);
        for (name, row) in names.zip(&done.rows) {
            let Row { invoices, arrived, posted, held, sent_again, double, .. } = row;
            writeln!(
                page,
                "| {name} | {invoices} | {arrived} | {posted} | {held} | {sent_again} | {double} |"
            )?;
        }
    }
    Ok(page)
}

impl Row {
    fn with(self, other: &Self) -> Self {
        Self {
            invoices: self.invoices + other.invoices,
            struck: self.struck + other.struck,
            arrived: self.arrived + other.arrived,
            posted: self.posted + other.posted,
            held: self.held + other.held,
            sent_again: self.sent_again + other.sent_again,
            double: self.double + other.double,
        }
    }
}

/// A POST of an invoice, as the sandbox saw it.
struct Post {
    fault: Option<String>,
    committed: bool,
}

/// The POSTs of each number, oldest first.
fn posts(sandbox: &Sandbox) -> Result<BTreeMap<String, Vec<Post>>> {
    let mut posts: BTreeMap<String, Vec<Post>> = BTreeMap::new();
    for request in list(sandbox.get("/sandbox/requests")?) {
        if request["method"] == "POST" && text(&request, "path").contains("/Sale/Invoice/") {
            let fault = request["fault"].as_str().map(str::to_owned);
            let committed = request["committed"] == true;
            posts.entry(text(&request, "number")).or_default().push(Post { fault, committed });
        }
    }
    Ok(posts)
}

/// Every note there is.
struct Trail(Vec<Value>);

impl Trail {
    /// Reads it; fails if a person has moved anything.
    fn read(place: &Place) -> Result<Self> {
        let export = place.run(&["audit", "export"])?.expect(0)?;
        let notes: Result<Vec<Value>, _> =
            export.stdout.lines().map(serde_json::from_str).collect();
        let notes = notes?;
        ensure!(!notes.is_empty(), "no trail");
        let by_hand = notes.iter().find(|note| note["actor"] != "postonce");
        ensure!(by_hand.is_none(), "a person had to help: {by_hand:?}");
        Ok(Self(notes))
    }

    /// Fails unless it tells of an invoice why it is taken to be absent: each search, and that
    /// two of them were complete.
    fn has_proof(&self, invoice: &Value) -> Result<()> {
        let notes: Vec<_> = self
            .0
            .iter()
            .filter(|note| note["invoice"] == *invoice)
            .map(|it| text(it, "text"))
            .collect();
        let misses = notes.iter().filter(|text| text.contains("a document that was posted later"));
        let proven = notes.iter().any(|text| text.contains("by two complete searches"));
        ensure!(misses.count() >= 2 && proven, "no proof in the trail: {notes:?}");
        Ok(())
    }
}

fn list(value: Value) -> Vec<Value> {
    if let Value::Array(list) = value { list } else { Vec::new() }
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}
