//! `postonce in-doubt list`, `check` and `resolve`.

use postonce_domain::InvoiceId;
use postonce_engine::{Checked, CheckedOutcome, Verdict};
use postonce_ports::doubt::Absence;
use serde::Serialize;

use crate::args::InDoubt;
use crate::exit::{Exit, Failure, chain};
use crate::json::{CreationJson, DoubtJson, time};
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

#[derive(Serialize)]
struct CheckedJson {
    invoice: i64,
    outcome: &'static str,
    uids: Vec<String>,
    reason: Option<String>,
    again_at: Option<String>,
    absent_confirmed_at: Option<String>,
}

impl CheckedJson {
    fn new(checked: &Checked) -> Self {
        let mut json = Self {
            invoice: checked.invoice.0,
            outcome: "adopted",
            uids: Vec::new(),
            reason: None,
            again_at: None,
            absent_confirmed_at: None,
        };
        match &checked.outcome {
            CheckedOutcome::Adopted { uid, differing_total } => {
                json.uids = vec![uid.to_string()];
                json.reason =
                    differing_total.as_ref().map(|total| format!("its total there is {total}"));
            }
            CheckedOutcome::NeedsHuman { uids, reason } => {
                json.outcome = "needs_human";
                json.uids = uids.iter().map(ToString::to_string).collect();
                json.reason = Some(reason.clone());
            }
            CheckedOutcome::StillInDoubt { absence } => {
                json.outcome = "in_doubt";
                json.note_absence(*absence);
            }
            CheckedOutcome::Reposted => json.outcome = "reposted",
            CheckedOutcome::NotInDoubt(state) => {
                json.outcome = "not_in_doubt";
                json.reason = Some(format!("it is {state}"));
            }
            CheckedOutcome::NotFound => json.outcome = "not_found",
            CheckedOutcome::Failed(why) => {
                json.outcome = "failed";
                json.reason = Some(chain(why));
            }
        }
        json
    }

    fn note_absence(&mut self, absence: Absence) {
        match absence {
            Absence::Unproven => {
                self.reason = Some("not found, which proves nothing yet".to_owned());
            }
            Absence::Once { again_at } => {
                self.reason = Some("not found once; a second search is needed".to_owned());
                self.again_at = Some(time(again_at));
            }
            Absence::Proven { at } => {
                self.reason = Some("confirmed absent; a person decides".to_owned());
                self.absent_confirmed_at = Some(time(at));
            }
        }
    }
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
    let shown: Vec<CheckedJson> = checked.iter().map(CheckedJson::new).collect();
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

#[derive(Serialize)]
struct ResolvedJson {
    invoice: i64,
    state: &'static str,
    note: String,
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
        let (state, note) = (resolved.state.as_str(), resolved.note);
        context.output.value(&ResolvedJson { invoice: invoice.0, state, note });
    } else {
        let text = format!("invoice {invoice} is {}: {}", resolved.state, resolved.note);
        context.output.line(&table::plain(&text));
    }
    Ok(Exit::Done)
}
