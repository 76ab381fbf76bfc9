//! Which statements were sent, by the driver's own word.
//!
//! The bare loop is only a measure if it sends what the engine sends. Both are run once with every
//! statement written down, and the lists are compared. While time is measured nothing is written.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Result, ensure};
use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};

/// How far both may be apart, in percent of the invoices.
const APART_PERCENT: u64 = 5;

static WRITES: AtomicBool = AtomicBool::new(false);
static SENT: Mutex<BTreeMap<String, u64>> = Mutex::new(BTreeMap::new());

/// Statements and how often each was sent.
pub(crate) type Texts = BTreeMap<String, u64>;

/// Sees to it that every connection that is made from now on tells what it sends.
pub(crate) fn listen() -> Result<()> {
    Ok(set_default_instrumentation(|| {
        let hear: Box<dyn Instrumentation> =
            Box::new(|event: InstrumentationEvent<'_>| hear(&event));
        Some(hear)
    })?)
}

fn hear(event: &InstrumentationEvent<'_>) {
    if let InstrumentationEvent::StartQuery { query, .. } = event
        && WRITES.load(Ordering::Relaxed)
    {
        *sent().entry(plain(&query.to_string())).or_default() += 1;
    }
}

/// The words alone: no values, no quotes around names, one blank between words.
fn plain(text: &str) -> String {
    let words = text.split(" -- binds: ").next().unwrap_or_default().replace('`', "");
    words.split_whitespace().filter_map(without_value).collect::<Vec<_>>().join(" ")
}

/// A word without a number or a text that is written out in it; `None` if nothing is left.
fn without_value(word: &str) -> Option<String> {
    const INTRODUCER: &str = "_utf8mb4";
    if word.ends_with(INTRODUCER) || word.starts_with("X'") {
        return None;
    }
    Some(word.chars().filter(|it| !it.is_ascii_digit()).collect())
}

fn sent() -> MutexGuard<'static, Texts> {
    SENT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether statements are written down from now on.
pub(crate) fn write(wanted: bool) {
    WRITES.store(wanted, Ordering::Relaxed);
}

/// What was sent since the last call, if it was written down.
pub(crate) fn take() -> Texts {
    std::mem::take(&mut *sent())
}

/// Fails unless both have sent the same for each of so many invoices.
pub(crate) fn compare(engine: &Texts, bare: &Texts, invoices: u32) -> Result<()> {
    let allowed = u64::from(invoices) * APART_PERCENT / 100;
    let mut differing = Vec::new();
    for text in engine.keys().chain(bare.keys().filter(|it| !engine.contains_key(*it))) {
        let of = |texts: &Texts| texts.get(text).copied().unwrap_or_default();
        if of(engine).abs_diff(of(bare)) > allowed {
            differing.push(format!("engine {}, bare {}: {text}", of(engine), of(bare)));
        }
    }
    ensure!(
        differing.is_empty(),
        "the bare loop does not send what the engine sends, for {invoices} invoices:\n{}",
        differing.join("\n")
    );
    let total = |texts: &Texts| texts.values().sum::<u64>();
    let (ours, theirs) = (total(engine), total(bare));
    ensure!(
        ours.abs_diff(theirs) <= theirs * APART_PERCENT / 100,
        "the engine sends {ours} statements for {invoices} invoices, the bare loop {theirs}"
    );
    println!(
        "sameness: for {invoices} invoices the engine sends {ours} statements, the bare loop {theirs}"
    );
    Ok(())
}
