//! `postonce import --as-posted`: what another integration has posted is taken over.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use indicatif::ProgressBar;
use postonce_domain::{CompanyFile, NoteKind, StateName, TakenOver};
use postonce_engine::{Engine, Offered, Weighed};
use postonce_ports::intake::{Imported, PostedInvoice};
use postonce_ports::store::Note;

use super::import::{offered, refused};
use crate::exit::{Exit, Failure};
use crate::import::{Format, LEDGER_UID, Placed, Problems, read_posted, refusals};
use crate::json::{AsPostedJson, NeedsHumanJson};
use crate::output::{is_watched, talk};
use crate::signals::Signals;
use crate::table::plain;
use crate::wiring::{Base, Context};

/// Invoices looked up at once.
const AT_ONCE: usize = 100;

/// Invoices in need of a person that are told, at most.
const TOLD: usize = 20;

pub(crate) async fn run(
    context: &Context<'_>,
    file: &Path,
    (input, format): (impl Read, Format),
    reason: &str,
) -> Result<Exit, Failure> {
    let base = Base::open(context).await?;
    let placed = match read_posted(input, format) {
        Ok(placed) => placed,
        Err(problems) => return Ok(tell_refused(context, file, &problems)),
    };
    let engine = base.engine(base.ports().await?);
    let mut signals = Signals::listen()?;
    let weighed = tokio::select! {
        weighed = weigh(&base, &engine, &placed) => weighed?,
        () = signals.next() => {
            talk("Stopped. Nothing was imported.");
            return Ok(Exit::Interrupted);
        }
    };
    let lines = offered(&placed);
    let posted = match posted(placed, weighed, (base.actor(), reason)) {
        Ok(posted) => posted,
        Err(problems) => return Ok(tell_refused(context, file, &problems)),
    };
    let doubles = doubles(&posted);
    match base.side.posted.import_posted(posted).await? {
        Imported::Refused(list) => Ok(tell_refused(context, file, &refusals(&lines, &list))),
        Imported::Done { created, replaced, unchanged } => {
            let needs_human = needs_human(&base, doubles).await?;
            let done = AsPostedJson { created, replaced, unchanged, needs_human, errors: &[] };
            Ok(tell(context, &done))
        }
    }
}

/// What the ledger says of each.
async fn weigh(
    base: &Base<'_>,
    engine: &Engine,
    placed: &[Placed],
) -> Result<Vec<Option<Weighed>>, Failure> {
    let mut by_file: BTreeMap<&CompanyFile, Vec<usize>> = BTreeMap::new();
    for (index, one) in placed.iter().enumerate() {
        by_file.entry(&one.invoice.parts().company_file).or_default().push(index);
    }
    let bar = if is_watched() {
        ProgressBar::new(u64::try_from(placed.len()).unwrap_or(u64::MAX))
    } else {
        ProgressBar::hidden()
    };
    let mut weighed: Vec<Option<Weighed>> = placed.iter().map(|_| None).collect();
    let mut refused = 0;
    for indices in by_file.values().flat_map(|indices| indices.chunks(AT_ONCE)) {
        let offered: Vec<Offered> = indices
            .iter()
            .filter_map(|index| placed.get(*index))
            .map(|one| Offered { invoice: one.invoice.clone(), uid: one.uid.clone() })
            .collect();
        let known = (base.side.reader.as_ref(), base.side.mappings.as_ref());
        let answers = engine.weigh(known, &offered, refused).await?;
        refused += answers.iter().filter(|it| matches!(it, Weighed::Refused(_))).count();
        for (index, answer) in indices.iter().zip(answers) {
            if let Some(place) = weighed.get_mut(*index) {
                *place = Some(answer);
            }
        }
        bar.inc(u64::try_from(indices.len()).unwrap_or_default());
    }
    bar.finish_and_clear();
    Ok(weighed)
}

/// What is to be taken over, or what is wrong with which line.
fn posted(
    placed: Vec<Placed>,
    weighed: Vec<Option<Weighed>>,
    (actor, reason): (&str, &str),
) -> Result<Vec<PostedInvoice>, Problems> {
    let mut problems = Problems::default();
    let mut posted = Vec::with_capacity(placed.len());
    for (Placed { line, invoice, uid }, weighed) in placed.into_iter().zip(weighed) {
        let number = &invoice.parts().number;
        let (past, words) = match weighed {
            Some(Weighed::There { past, words }) => (past, words),
            Some(Weighed::Refused(why)) => {
                let (column, mend) = match uid {
                    Some(_) => {
                        (LEDGER_UID, "put the UID of its own document, or leave the line out")
                    }
                    None => ("number", "what was never posted is imported without --as-posted"),
                };
                problems.push(line, column, format!("invoice {number}: {why}; {mend}"));
                continue;
            }
            None => {
                problems.push(line, "number", format!("invoice {number}: it was not looked up"));
                continue;
            }
        };
        let (kind, text) = (NoteKind::Person, format!("{words}: {reason}"));
        let note = Note { kind, claim: None, actor: actor.to_owned(), text };
        posted.push(PostedInvoice { invoice, past, note });
    }
    if problems.list().is_empty() {
        return Ok(posted);
    }
    problems.sort();
    Err(problems)
}

/// Those of which more than one document was found, or one that is not quite the invoice.
fn doubles(posted: &[PostedInvoice]) -> Vec<PostedInvoice> {
    let is_double = |it: &&PostedInvoice| matches!(it.past, TakenOver::NeedsHuman { .. });
    posted.iter().filter(is_double).cloned().collect()
}

/// Those of them that need a person still: somebody may have settled one since an earlier import.
async fn needs_human(
    base: &Base<'_>,
    doubles: Vec<PostedInvoice>,
) -> Result<Vec<NeedsHumanJson>, Failure> {
    let mut left = Vec::new();
    for PostedInvoice { invoice, .. } in doubles {
        let parts = invoice.parts();
        let id = base.side.reader.find(&parts.company_file, &parts.number).await?;
        let Some(id) = id else { continue };
        let Some(summary) = base.side.reader.summary(id).await? else { continue };
        if summary.state == StateName::NeedsHuman {
            left.push(NeedsHumanJson {
                company_file: parts.company_file.to_string(),
                number: parts.number.to_string(),
                reason: summary.reason.unwrap_or_default(),
                uids: summary.uids.iter().map(ToString::to_string).collect(),
            });
        }
    }
    Ok(left)
}

fn tell_refused(context: &Context<'_>, file: &Path, problems: &Problems) -> Exit {
    refused(file, problems);
    if context.output.is_json() {
        let errors = problems.list();
        context.output.value(&AsPostedJson { errors, ..AsPostedJson::default() });
    }
    Exit::DataRefused
}

fn tell(context: &Context<'_>, done: &AsPostedJson<'_>) -> Exit {
    let AsPostedJson { created, replaced, unchanged, needs_human, .. } = done;
    for one in needs_human.iter().take(TOLD) {
        let NeedsHumanJson { company_file, number, reason, uids } = one;
        let uids = uids.join(", ");
        talk(&plain(&format!("{company_file}:{number} needs a person: {reason}: {uids}")));
    }
    if let more @ 1.. = needs_human.len().saturating_sub(TOLD) {
        talk(&format!("{more} more need a person; `postonce invoices --state needs_human`"));
    }
    if context.output.is_json() {
        context.output.value(done);
    } else {
        context.output.line(&format!(
            "{} taken over ({created} new, {replaced} known before), {unchanged} unchanged, \
             {} in need of a person",
            created + replaced,
            needs_human.len()
        ));
    }
    if needs_human.is_empty() { Exit::Done } else { Exit::InDoubt }
}
