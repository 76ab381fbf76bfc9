//! `postonce sync`.

use postonce_adapter_host::HostClock;
use postonce_domain::{CompanyFile, RunResult, StateName, Trigger};
use postonce_engine::{Engine, Preview, PreviewOutcome, SyncRequest};
use postonce_ports::clock::{Clock as _, Stop as _};
use postonce_ports::reader::Filter;
use serde::Serialize;

use super::run_end::{summary, tell};
use crate::args::Sync;
use crate::exit::{Exit, Failure};
use crate::json::SyncJson;
use crate::output::talk;
use crate::progress::drawn;
use crate::signals::stop_flag;
use crate::table::Rows;
use crate::wiring::{Base, Context, millis_since};

pub(crate) async fn run(context: &Context<'_>, args: Sync) -> Result<Exit, Failure> {
    let base = Base::open(context).await?;
    if let Some(file) = &args.company_file {
        refuse_unknown(&base, file).await?;
    }
    let mut ports = base.ports().await?;
    if args.dry_run {
        return preview(context, &base.engine(ports), &args).await;
    }
    let stop = stop_flag()?;
    ports.history = drawn(ports.history);
    let engine = base.engine(ports);
    let request = SyncRequest {
        company_file: args.company_file,
        limit: args.limit,
        wait: args.wait,
        ..base.request(Trigger::Manual)
    };
    let start = HostClock.boot();
    let result = Box::pin(engine.sync(&request, &stop)).await?;
    let output = &context.output;
    match &result {
        RunResult::Ran(end) if output.is_json() => output.value(&SyncJson::ran(end)),
        RunResult::Skipped(holder) if output.is_json() => {
            output.value(&SyncJson::skipped(holder.as_ref(), millis_since(start)));
        }
        RunResult::Ran(end) => output.line(&summary(end)),
        RunResult::Skipped(_) => {}
    }
    let exit = tell(&result);
    if let RunResult::Ran(end) = &result
        && end.counts.in_doubt == 0
        && end.counts.needs_human == 0
    {
        tell_standing(&base).await?;
    }
    // Whoever broke off the wait knows that it was busy.
    let broken_off = exit == Exit::LockBusy && stop.requested();
    Ok(if broken_off { Exit::Interrupted } else { exit })
}

/// What earlier runs have left, and whoever died: the exit code speaks of this run only.
async fn tell_standing(base: &Base<'_>) -> Result<(), Failure> {
    let counts = base.side.reader.counts().await?;
    let is_open = |state| matches!(state, StateName::InDoubt | StateName::NeedsHuman);
    let open = counts.by_state.iter().filter(|(state, _)| is_open(*state));
    let open: u64 = open.map(|(_, count)| count).sum();
    if open > 0 {
        talk(&format!(
            "{open} of earlier runs may be in MYOB already: do not enter them by hand. See \
             `postonce in-doubt list` and `postonce invoices --state needs_human`."
        ));
    }
    Ok(())
}

/// A misspelt alias would otherwise look like a file with nothing to do.
async fn refuse_unknown(base: &Base<'_>, file: &CompanyFile) -> Result<(), Failure> {
    let filter = Filter { company_file: Some(file.clone()), limit: 1, ..Filter::default() };
    let known = base.config.company_files.contains_key(file)
        || !base.side.reader.list(filter).await?.is_empty();
    if known {
        return Ok(());
    }
    let why =
        format!("there is no invoice of company file `{file}`; `postonce invoices` names them");
    Err(Failure::new(Exit::DataRefused, why))
}

#[derive(Serialize)]
struct PreviewJson<'a> {
    invoice: i64,
    number: &'a str,
    outcome: &'static str,
    reason: Option<String>,
    uids: Vec<String>,
}

impl<'a> PreviewJson<'a> {
    fn new(preview: &'a Preview) -> Self {
        let (outcome, reason, uids) = match &preview.outcome {
            PreviewOutcome::WouldPost => ("would_post", None, Vec::new()),
            PreviewOutcome::Blocked(reason) => ("blocked", Some(reason.to_string()), Vec::new()),
            PreviewOutcome::AlreadyThere { uids } => {
                ("already_there", None, uids.iter().map(ToString::to_string).collect())
            }
            PreviewOutcome::Unavailable { words, .. } => {
                ("unavailable", Some(words.clone()), Vec::new())
            }
            PreviewOutcome::Withheld { words, .. } => ("withheld", Some(words.clone()), Vec::new()),
        };
        Self { invoice: preview.invoice.0, number: &preview.number, outcome, reason, uids }
    }
}

async fn preview(context: &Context<'_>, engine: &Engine, args: &Sync) -> Result<Exit, Failure> {
    let previews = Box::pin(engine.preview(args.company_file.as_ref(), args.limit)).await?;
    let shown: Vec<PreviewJson<'_>> = previews.iter().map(PreviewJson::new).collect();
    let gravest = previews
        .iter()
        .filter_map(|preview| match &preview.outcome {
            PreviewOutcome::Unavailable { cause, .. } | PreviewOutcome::Withheld { cause, .. } => {
                Some(*cause)
            }
            PreviewOutcome::WouldPost
            | PreviewOutcome::Blocked(_)
            | PreviewOutcome::AlreadyThere { .. } => None,
        })
        .min();
    if context.output.is_json() {
        context.output.value(&shown);
    } else {
        let mut rows = Rows::new(&["id", "number", "outcome", "reason"]).numbers(&[0]);
        for preview in shown {
            let reason = preview.reason.unwrap_or_else(|| preview.uids.join(", "));
            let number = preview.number.to_owned();
            rows.add([preview.invoice.to_string(), number, preview.outcome.to_owned(), reason]);
        }
        context.output.line(&rows.text("Nothing is due."));
    }
    Ok(gravest.map_or(Exit::Done, Exit::of_stop))
}
