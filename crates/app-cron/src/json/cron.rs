//! Schedules and their fires.

use postonce_domain::RunId;
use postonce_ports::cron::{Fire, FireEnd, FireState, Timetable as _};
use serde::Serialize;

use super::time;
use crate::schedule::{Schedule, Shown};

/// A fire on record.
#[derive(Debug, Serialize)]
pub(crate) struct FireJson<'a> {
    schedule: &'a str,
    planned_at: String,
    state: &'static str,
    run_id: Option<i64>,
    reason: Option<&'a str>,
    timetable: &'a str,
    taker: &'a str,
    takes: u32,
    taken_at: String,
    ended_at: Option<String>,
}

impl<'a> FireJson<'a> {
    pub(crate) fn new(fire: &'a Fire) -> Self {
        let (run, reason) = came_of(&fire.state);
        Self {
            schedule: &fire.planned.schedule,
            planned_at: time(fire.planned.at),
            state: state_name(&fire.state),
            run_id: run.map(|run| run.0),
            reason,
            timetable: &fire.taker.timetable,
            taker: &fire.taker.name,
            takes: fire.takes,
            taken_at: time(fire.taken_at),
            ended_at: fire.ended_at.map(time),
        }
    }
}

/// The run of a fire, and why there was none or it stopped.
pub(crate) fn came_of(state: &FireState) -> (Option<RunId>, Option<&str>) {
    match state {
        FireState::Taken | FireState::Left => (None, None),
        FireState::Ended(FireEnd::Ran { run }) => (Some(*run), None),
        FireState::Ended(FireEnd::Skipped { holder }) => (None, Some(holder)),
        FireState::Ended(FireEnd::Failed { run, reason }) => (*run, Some(reason)),
        FireState::Ended(FireEnd::Missed { reason }) => (None, Some(reason)),
    }
}

/// The state of a fire in one word.
pub(crate) fn state_name(state: &FireState) -> &'static str {
    match state {
        FireState::Taken => "taken",
        FireState::Left => "left",
        FireState::Ended(FireEnd::Ran { .. }) => "ran",
        FireState::Ended(FireEnd::Skipped { .. }) => "skipped",
        FireState::Ended(FireEnd::Failed { .. }) => "failed",
        FireState::Ended(FireEnd::Missed { .. }) => "missed",
    }
}

/// When a schedule fires next.
#[derive(Debug, Serialize)]
pub(crate) struct NextJson<'a> {
    schedule: &'a str,
    time_zone: &'a str,
    words: String,
    fires: Vec<NextFireJson<'a>>,
}

#[derive(Debug, Serialize)]
struct NextFireJson<'a> {
    at: String,
    local: String,
    note: Option<&'a str>,
}

impl<'a> NextJson<'a> {
    pub(crate) fn new(schedule: &'a Schedule, fires: &'a [Shown]) -> Self {
        let fires = fires.iter().map(|fire| NextFireJson {
            at: time(fire.at.timestamp()),
            local: fire.at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
            note: fire.note.as_deref(),
        });
        Self {
            schedule: schedule.expression(),
            time_zone: schedule.zone_name(),
            words: schedule.words(),
            fires: fires.collect(),
        }
    }
}
