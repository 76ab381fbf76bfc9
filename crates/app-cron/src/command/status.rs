//! `postonce status`.

use postonce_domain::StateName;
use postonce_ports::history::Run;
use postonce_ports::lock::LockState;
use postonce_ports::reader::StateCounts;

use super::run_end::describe;
use crate::args::Status;
use crate::exit::{Exit, Failure};
use crate::json::{CountsJson, HolderJson, LockJson, RunJson, StatusJson};
use crate::table::{Rows, plain, time};
use crate::wiring::{Base, Context};

pub(crate) async fn run(context: &Context<'_>, args: &Status) -> Result<Exit, Failure> {
    let base = Base::open(context)?;
    let ports = base.ports_without_ledger();
    let lock = ports.lock.state().await?;
    let counts = base.side.reader.counts().await?;
    let last = ports.history.runs(1).await?.into_iter().next();
    let exit = if args.check { standing(&counts, &lock) } else { Exit::Done };
    if context.output.is_json() {
        let (state, holder) = match &lock {
            LockState::Free => ("free", None),
            LockState::Held(holder) => ("held", holder.as_ref().map(HolderJson::new)),
        };
        context.output.value(&StatusJson {
            lock: LockJson { state, holder },
            invoices: CountsJson(counts),
            last_run: last.as_ref().map(RunJson::new),
        });
    } else {
        context.output.line(&text(&lock, &counts, last.as_ref()));
    }
    Ok(exit)
}

/// The exit code of what stands, whoever left it behind.
fn standing(counts: &StateCounts, lock: &LockState) -> Exit {
    let of = |wanted| {
        let counts = counts.by_state.iter().filter(|(state, _)| *state == wanted);
        counts.map(|(_, count)| count).sum::<u64>()
    };
    // A claim without a run behind it is in doubt as soon as the next run looks.
    let left_behind = if *lock == LockState::Free { of(StateName::Claimed) } else { 0 };
    if of(StateName::InDoubt) + of(StateName::NeedsHuman) + left_behind > 0 {
        Exit::InDoubt
    } else if of(StateName::Rejected) + of(StateName::Blocked) > 0 {
        Exit::DataRefused
    } else {
        Exit::Done
    }
}

fn text(lock: &LockState, counts: &StateCounts, last: Option<&Run>) -> String {
    let lock = match lock {
        LockState::Free => "free".to_owned(),
        LockState::Held(None) => "held; by whom is not known".to_owned(),
        LockState::Held(Some(holder)) => format!("held by {}", describe(holder)),
    };
    let last = last.map_or_else(
        || "none".to_owned(),
        |run| {
            let (id, status, started) = (run.id, run.status, time(run.started_at));
            format!("run {id} ({}), {status}, started {started}", run.new.trigger)
        },
    );
    let mut rows = Rows::new(&["state", "invoices"]).numbers(&[1]);
    for (state, count) in &counts.by_state {
        rows.add([state.to_string(), count.to_string()]);
    }
    rows.add(["(held)".to_owned(), counts.held.to_string()]);
    format!("lock: {}\nlast run: {last}\n\n{}", plain(&lock), rows.text(""))
}

#[cfg(test)]
mod tests;
