//! `postonce cron`, `postonce cron next` and `postonce cron fires`.

mod watcher;

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use postonce_adapter_host::{HostClock, Process, RandomIds, StopFlag};
use postonce_domain::{QuietParts, RunResult, Trigger};
use postonce_engine::{CronPolicy, CronPorts, Scheduler};
use postonce_ports::clock::{Clock, Ids as _, Stop as _};
use postonce_ports::cron::{Fire, Timetable as _};

use self::watcher::Told;
use super::run_end::{describe, summary, tell};
use crate::args::{Cron, CronVerb};
use crate::config::CronConfig;
use crate::exit::{Exit, Failure, chain};
use crate::json::{FireJson, NextJson, came_of, state_name};
use crate::output::talk;
use crate::schedule::Schedule;
use crate::service_manager;
use crate::signals::stop_flag;
use crate::table::{Rows, plain, time};
use crate::watch::{keep_watching, watch as people_to_tell};
use crate::wiring::{Base, Context, configuration};

/// A run that begins.
type Begun<'a> = Pin<Box<dyn Future<Output = Result<RunResult<String>, String>> + Send + 'a>>;

/// The name under which the fires of this schedule are on record.
const NAME: &str = "sync";

/// A scheduler that gives no word for so long is gone.
const LEASE: Duration = Duration::from_secs(30);

/// What a run needs to write down what came of its last requests, and to close its row.
const SETTLE: Duration = Duration::from_secs(20);

pub(crate) async fn run(context: &Context<'_>, args: Cron) -> Result<Exit, Failure> {
    match args.verb {
        None => watch(context).await,
        Some(CronVerb::Next { count }) => next(context, count),
        Some(CronVerb::Fires { limit }) => fires(context, limit).await,
    }
}

/// The schedule of the configuration, with what is doubtful about it told.
fn schedule(config: &CronConfig) -> Result<Schedule, Failure> {
    if let Some(doubt) = &config.zone_doubt {
        talk(&format!("warning: {doubt}"));
    }
    // Both were checked when the configuration was read.
    Schedule::new(&config.schedule, &config.time_zone).map_err(|why| {
        Failure::new(Exit::BadConfiguration, format!("`cron.schedule`, `cron.time_zone`: {why}"))
    })
}

async fn watch(context: &Context<'_>) -> Result<Exit, Failure> {
    let base = Base::open(context).await?;
    let schedule = schedule(&base.config.cron)?;
    // What would keep every run from starting is said now, not at night.
    drop(base.ports().await?);
    let stop = stop_flag()?;
    talk(&format!("Watching: {}.", schedule.words()));
    let told = Told::new(schedule.clone());
    let scheduler = scheduler(&base, schedule);
    let bound = base.config.ledger.post_timeout + QuietParts::SEND_WINDOW + SETTLE;
    let start = || -> Begun<'_> { Box::pin(begin(&base, &stop)) };
    // Whoever looks after the schedule tells of it too.
    let people = people_to_tell(&base).await?;
    let tell = async {
        if let Some(people) = &people {
            keep_watching(people, &*base.side.clock, &stop).await;
        }
    };
    let work = async { tokio::join!(Box::pin(scheduler.run(&start, &stop, &told)), tell).0 };
    let ended = tokio::select! {
        ended = Box::pin(work) => Some(ended),
        () = run_out(&stop, bound) => None,
    };
    if let Some(ended) = ended {
        ended?;
        talk("Stopped: nothing is in flight.");
        return Ok(Exit::Done);
    }
    talk(&format!(
        "Left after {} s. What was in flight is in doubt until the next run asks the ledger.",
        bound.as_secs()
    ));
    Ok(Exit::Unexpected)
}

fn scheduler(base: &Base<'_>, schedule: Schedule) -> Scheduler {
    let Process { host, pid, .. } = Process::current();
    let host: String = host.chars().take(64).collect();
    let cron = &base.config.cron;
    let policy = CronPolicy {
        schedule: NAME.to_owned(),
        taker: format!("process {pid} on {host} ({})", RandomIds.claim_id()),
        retry: cron.retry,
        catch_up: cron.catch_up,
        lease: LEASE,
        takes_max: 3,
    };
    let ports = CronPorts {
        fires: base.side.fires.clone(),
        clock: base.side.clock.clone(),
        timetable: Arc::new(schedule),
    };
    Scheduler::new(ports, policy)
}

/// One run, on an engine of its own: company files may have been connected since the last one.
async fn begin(base: &Base<'_>, stop: &StopFlag) -> Result<RunResult<String>, String> {
    let ports = base.ports().await.map_err(|failure| failure.message)?;
    let engine = base.engine(ports);
    let request = base.request(Trigger::Scheduled);
    let result = Box::pin(engine.sync(&request, stop)).await.map_err(|error| chain(&error))?;
    if let RunResult::Ran(end) = &result {
        talk(&summary(end));
        // Its exit code is nobody's; its advice is for the log.
        let _: Exit = tell(&result);
    }
    Ok(match result {
        RunResult::Ran(end) => RunResult::Ran(end),
        RunResult::Skipped(holder) => RunResult::Skipped(holder.as_ref().map(describe)),
    })
}

/// Returns so long after the wish to stop.
async fn run_out(stop: &StopFlag, bound: Duration) {
    const LOOK: Duration = Duration::from_millis(200);
    while !stop.requested() {
        HostClock.sleep(LOOK).await;
    }
    service_manager::stopping();
    HostClock.sleep(bound).await;
}

fn next(context: &Context<'_>, count: u32) -> Result<Exit, Failure> {
    let config = configuration(&context.sources)?;
    let schedule = schedule(&config.cron)?;
    let mut fires = Vec::new();
    let mut after = HostClock.wall();
    for _ in 0..count {
        let Some(at) = schedule.next(after) else { break };
        fires.push(schedule.show(at));
        after = at;
    }
    if context.output.is_json() {
        context.output.value(&NextJson::new(&schedule, &fires));
        return Ok(Exit::Done);
    }
    let mut rows = Rows::new(&["fire", "in utc", "daylight saving"]);
    for fire in &fires {
        let (local, utc) = (fire.local(), time(fire.at.timestamp()));
        rows.add([local, utc, fire.note.clone().unwrap_or_default()]);
    }
    context.output.line(&schedule.words());
    context.output.line(&rows.text("It never fires again."));
    Ok(Exit::Done)
}

async fn fires(context: &Context<'_>, limit: u32) -> Result<Exit, Failure> {
    let base = Base::open(context).await?;
    let fires = base.side.fires.fires(limit).await?;
    if context.output.is_json() {
        let list: Vec<FireJson<'_>> = fires.iter().map(FireJson::new).collect();
        context.output.value(&list);
    } else {
        context.output.line(&table(&fires));
    }
    Ok(Exit::Done)
}

fn table(fires: &[Fire]) -> String {
    let columns = ["planned", "state", "run", "takes", "taken", "ended", "reason"];
    let mut rows = Rows::new(&columns).numbers(&[2, 3]);
    for fire in fires {
        let (run, reason) = came_of(&fire.state);
        let reason = reason.map(plain);
        let reason = reason.unwrap_or_else(|| match fire.ended_at {
            None => fire.taker.name.clone(),
            Some(_) => String::new(),
        });
        rows.add([
            time(fire.planned.at),
            state_name(&fire.state).to_owned(),
            run.map(|run| run.to_string()).unwrap_or_default(),
            fire.takes.to_string(),
            time(fire.taken_at),
            fire.ended_at.map(time).unwrap_or_default(),
            reason,
        ]);
    }
    rows.text("There was no fire yet.")
}
