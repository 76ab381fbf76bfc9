//! `postonce reprocess`.

use postonce_adapter_host::HostClock;
use postonce_domain::{InvoiceId, RunResult, StateName, Trigger};
use postonce_engine::Reprocessed;
use postonce_ports::clock::Clock as _;
use postonce_ports::reader::{Filter, InvoiceReader};

use super::run_end::{summary, tell};
use crate::args::Reprocess;
use crate::exit::{Exit, Failure};
use crate::json::{RefusedJson, ReprocessJson, SyncJson};
use crate::output::talk;
use crate::progress::drawn;
use crate::selection::find;
use crate::signals::stop_flag;
use crate::wiring::{Base, Context, millis_since};

pub(crate) async fn run(context: &Context<'_>, args: Reprocess) -> Result<Exit, Failure> {
    let base = Base::open(context).await?;
    let reader = base.side.reader.as_ref();
    let invoices = match args.state {
        Some(_) => rejected(reader, &args).await?,
        None => find(reader, &args.invoices).await?,
    };
    let mut ports = base.ports().await?;
    let stop = stop_flag()?;
    ports.history = drawn(ports.history);
    let engine = base.engine(ports);
    let request = base.request(Trigger::Reprocess);
    let start = HostClock.boot();
    let done = Box::pin(engine.reprocess(&invoices, &args.reason, &request, &stop)).await?;
    Ok(report(context, &done, millis_since(start)))
}

fn report(context: &Context<'_>, done: &Reprocessed, duration_ms: u64) -> Exit {
    let output = &context.output;
    for (invoice, why) in &done.refused {
        talk(&format!("invoice {invoice} is not reprocessed: {why}"));
    }
    let json = match &done.run {
        Some(RunResult::Ran(end)) => {
            if !output.is_json() {
                output.line(&summary(end));
            }
            SyncJson::ran(end)
        }
        Some(RunResult::Skipped(holder)) => SyncJson::skipped(holder.as_ref(), duration_ms),
        None => SyncJson::refused(),
    };
    if output.is_json() {
        let refused = done.refused.iter().map(RefusedJson::new);
        output.value(&ReprocessJson { run: json, refused: refused.collect() });
    } else if done.run.is_none() && done.refused.is_empty() {
        output.line("No such invoice is rejected.");
    }
    let refused = if done.refused.is_empty() { Exit::Done } else { Exit::DataRefused };
    done.run.as_ref().map_or(Exit::Done, tell).or_graver(refused)
}

/// Every rejected invoice that passes the filter.
async fn rejected(reader: &dyn InvoiceReader, args: &Reprocess) -> Result<Vec<InvoiceId>, Failure> {
    const PAGE: u32 = 500;
    let mut invoices = Vec::new();
    let mut after = None;
    loop {
        let filter = Filter {
            states: vec![StateName::Rejected],
            code: args.code.clone(),
            since: args.since,
            after,
            limit: PAGE,
            ..Filter::default()
        };
        let page = reader.list(filter).await?;
        let Some(last) = page.last() else { return Ok(invoices) };
        after = Some(last.id);
        // A held one waits for a person, and is no mistake of this one.
        invoices.extend(page.iter().filter(|summary| !summary.held).map(|summary| summary.id));
    }
}
