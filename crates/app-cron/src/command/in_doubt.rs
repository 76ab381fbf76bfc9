//! `postonce in-doubt list`, `check` and `resolve`.

use postonce_domain::InvoiceId;
use postonce_engine::{CheckedOutcome, Verdict};

use crate::args::InDoubt;
use crate::exit::{Exit, Failure};
use crate::json::{CheckedDoubtJson, CreationJson, DoubtJson, ResolvedJson};
use crate::output::talk;
use crate::selection::{Selector, find, find_one};
use crate::table::{self, Rows};
use crate::wiring::{Base, Context};

pub(crate) async fn run(context: &Context<'_>, args: InDoubt) -> Result<Exit, Failure> {
    match args {
        InDoubt::List { creations: false } => list(context).await,
        InDoubt::List { creations: true } => creations(context).await,
        InDoubt::Check { invoices } => check(context, &invoices).await,
        InDoubt::Resolve { invoice, verdict, reason } => {
            resolve(context, &invoice, verdict, &reason).await
        }
    }
}

async fn list(context: &Context<'_>) -> Result<Exit, Failure> {
    let base = Base::open(context).await?;
    let doubtful = base.ports_without_ledger().doubts.doubtful().await?;
    if context.output.is_json() {
        let list: Vec<DoubtJson> = doubtful.iter().map(DoubtJson::new).collect();
        context.output.value(&list);
        return Ok(Exit::Done);
    }
    let columns = [
        "id",
        "company file",
        "number",
        "since",
        "quiet until",
        "inquiries",
        "absent",
        "next check",
    ];
    let mut rows = Rows::new(&columns).numbers(&[0, 5]);
    for doubt in &doubtful {
        rows.add([
            doubt.invoice.to_string(),
            doubt.company_file.to_string(),
            doubt.number.to_string(),
            table::time(doubt.since),
            table::time(doubt.quiet_until),
            doubt.inquiries.to_string(),
            doubt.absent_confirmed_at.map(table::time).unwrap_or_default(),
            table::time(doubt.next_check),
        ]);
    }
    context.output.line(&rows.text("Nothing is in doubt."));
    if !doubtful.is_empty() {
        talk("Do not enter these by hand: they may be in MYOB. `postonce in-doubt check` asks.");
    }
    Ok(Exit::Done)
}

/// What is being created, or was and was never answered.
async fn creations(context: &Context<'_>) -> Result<Exit, Failure> {
    let base = Base::open(context).await?;
    let mut open = Vec::new();
    for creation in base.side.creations.open_creations().await? {
        // What has its UID on record is created, whatever became of the process that did it.
        let key = std::slice::from_ref(&creation.key);
        let rows = base.side.mappings.find(&creation.company_file, key).await?;
        if rows.iter().all(|row| row.uid.is_none()) {
            open.push(creation);
        }
    }
    if context.output.is_json() {
        let list: Vec<CreationJson> = open.iter().map(CreationJson::new).collect();
        context.output.value(&list);
        return Ok(Exit::Done);
    }
    let columns = ["company file", "kind", "code", "since", "quiet until", "not found", "claim"];
    let mut rows = Rows::new(&columns);
    for creation in &open {
        rows.add([
            creation.company_file.to_string(),
            creation.key.kind.to_string(),
            creation.key.code.to_string(),
            table::time(creation.since),
            table::time(creation.quiet_until),
            creation.missed_at.map(table::time).unwrap_or_default(),
            creation.claim.to_string(),
        ]);
    }
    context.output.line(&rows.text("No creation is in doubt."));
    if !open.is_empty() {
        talk("Do not create these by hand: they may be in MYOB, with the claim in their notes.");
    }
    Ok(Exit::Done)
}

/// What one result of a check means for the exit code.
fn exit_of(outcome: &CheckedOutcome) -> Exit {
    match outcome {
        CheckedOutcome::Adopted { .. }
        | CheckedOutcome::Reposted
        | CheckedOutcome::NotInDoubt(_) => Exit::Done,
        CheckedOutcome::NeedsHuman { .. } | CheckedOutcome::StillInDoubt { .. } => Exit::InDoubt,
        CheckedOutcome::NotFound => Exit::DataRefused,
        CheckedOutcome::Failed(error) => Exit::of_trouble(error),
    }
}

async fn check(context: &Context<'_>, invoices: &[Selector]) -> Result<Exit, Failure> {
    let base = Base::open(context).await?;
    let invoices: Vec<InvoiceId> = find(base.side.reader.as_ref(), invoices).await?;
    let engine = base.engine(base.ports().await?);
    let checked = Box::pin(engine.check(&invoices)).await?;
    let exit =
        checked.iter().map(|checked| exit_of(&checked.outcome)).fold(Exit::Done, Exit::or_graver);
    let shown: Vec<CheckedDoubtJson> = checked.iter().map(CheckedDoubtJson::new).collect();
    if context.output.is_json() {
        context.output.value(&shown);
        return Ok(exit);
    }
    let mut rows = Rows::new(&["id", "outcome", "uid", "remark"]).numbers(&[0]);
    for checked in shown {
        let again = checked.again_at.map(|at| format!(", not before {at}")).unwrap_or_default();
        let remark = checked.reason.unwrap_or_default() + &again;
        let uids = checked.uids.join(", ");
        rows.add([checked.invoice.to_string(), checked.outcome.to_owned(), uids, remark]);
    }
    context.output.line(&rows.text("Nothing is in doubt."));
    Ok(exit)
}

async fn resolve(
    context: &Context<'_>,
    invoice: &Selector,
    verdict: Verdict,
    reason: &str,
) -> Result<Exit, Failure> {
    let base = Base::open(context).await?;
    let invoice = find_one(base.side.reader.as_ref(), invoice).await?;
    let engine = base.engine(base.ports().await?);
    let resolved = Box::pin(engine.resolve(invoice, verdict, base.actor(), reason)).await?;
    if context.output.is_json() {
        context.output.value(&ResolvedJson::new(invoice, resolved));
    } else {
        let text = format!("invoice {invoice} is {}: {}", resolved.state, resolved.note);
        context.output.line(&table::plain(&text));
    }
    Ok(Exit::Done)
}
