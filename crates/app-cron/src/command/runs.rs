//! `postonce runs`.

use postonce_ports::history::Run;

use crate::args::Runs;
use crate::exit::{Exit, Failure};
use crate::json::RunJson;
use crate::table::{Rows, time};
use crate::wiring::{Base, Context};

pub(crate) async fn run(context: &Context<'_>, args: &Runs) -> Result<Exit, Failure> {
    let base = Base::open(context).await?;
    let runs = base.ports_without_ledger().history.runs(args.limit).await?;
    if context.output.is_json() {
        let list: Vec<RunJson> = runs.iter().map(RunJson::new).collect();
        context.output.value(&list);
    } else {
        context.output.line(&table(&runs));
    }
    Ok(Exit::Done)
}

fn table(runs: &[Run]) -> String {
    let columns = [
        "run", "status", "trigger", "by", "started", "claimed", "posted", "rejected", "not sent",
        "in doubt", "blocked", "reason",
    ];
    let mut rows = Rows::new(&columns).numbers(&[0, 5, 6, 7, 8, 9, 10]);
    for run in runs {
        let counts = &run.counts;
        rows.add([
            run.id.to_string(),
            run.status.to_string(),
            run.new.trigger.to_string(),
            run.new.actor.clone(),
            time(run.started_at),
            counts.claimed.to_string(),
            counts.posted.to_string(),
            counts.rejected.to_string(),
            counts.not_sent.to_string(),
            counts.in_doubt.to_string(),
            counts.blocked.to_string(),
            run.reason.clone(),
        ]);
    }
    rows.text("There was no run yet.")
}
