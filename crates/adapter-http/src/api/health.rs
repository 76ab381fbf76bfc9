//! Whether it lives, whether it can work, and whether something waits for a person.

use http::StatusCode;
use jiff::Timestamp;
use postonce_domain::RunStatus;
use postonce_wire::time;
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::request::{Answer, Call, json};

/// How it stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HealthJson {
    /// `ok`, or `attention` if something waits for a person.
    status: &'static str,
    /// Each thing that was looked at, if that is wanted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    checks: Vec<CheckJson>,
}

/// One thing that was looked at.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CheckJson {
    name: &'static str,
    /// `ok` or `attention`.
    status: &'static str,
    value: String,
}

impl CheckJson {
    fn new(name: &'static str, is_fine: bool, value: impl Into<String>) -> Self {
        Self { name, status: if is_fine { "ok" } else { "attention" }, value: value.into() }
    }
}

fn fine() -> Answer {
    json(HealthJson { status: "ok", checks: Vec::new() })
}

pub(crate) fn livez() -> Answer {
    fine()
}

pub(crate) async fn readyz(call: Call) -> Answer {
    if call.app.stopping().is_cancelled() {
        let detail = "PostOnce is being stopped";
        let title = "it is being stopped";
        let status = StatusCode::SERVICE_UNAVAILABLE;
        return Err(Problem::new(status, "stopping", title, detail));
    }
    call.ports().store.installation().await?;
    fine()
}

/// How many of the newest runs are looked at for one that was completed.
const RUNS: u32 = 100;

pub(crate) async fn healthz(call: Call) -> Answer {
    let ports = call.ports();
    let status = call.app.parts.program.status().await?;
    let runs = ports.history.runs(RUNS).await?;
    let completed = runs
        .iter()
        .find(|run| matches!(run.status, RunStatus::Completed | RunStatus::CompletedWithErrors));
    let doubtful = ports.doubts.doubtful().await?;
    let oldest = doubtful.iter().map(|doubtful| doubtful.since).min();
    let connections = call.app.parts.program.connections().await?;
    let mut checks = vec![
        CheckJson::new("database", true, "answers"),
        CheckJson::new("lock", true, status.lock.state),
        CheckJson::new(
            "last_completed_run",
            completed.is_some() || runs.iter().all(|run| run.ended_at.is_none()),
            completed.map_or_else(
                || {
                    if runs.is_empty() {
                        "no run yet".to_owned()
                    } else {
                        "none of the newest".to_owned()
                    }
                },
                |run| {
                    format!("run {}, {}", run.id, run.ended_at.map(ago(&call)).unwrap_or_default())
                },
            ),
        ),
        CheckJson::new(
            "in_doubt",
            doubtful.is_empty(),
            oldest.map_or_else(
                || "none".to_owned(),
                |since| format!("{}, the oldest {}", doubtful.len(), ago(&call)(since)),
            ),
        ),
        CheckJson::new("alarms", status.alarms.is_empty(), status.alarms.len().to_string()),
        CheckJson::new(
            "whereabouts",
            status.moved.is_none(),
            if status.moved.is_none() { "same" } else { "moved" },
        ),
    ];
    checks.extend(connections.iter().map(|file| {
        let refreshed = file.last_refresh.as_deref().unwrap_or("no token yet");
        let value = match &file.last_error {
            Some(error) => format!("{}: {error}", file.company_file),
            None => format!("{}: last refresh {refreshed}", file.company_file),
        };
        CheckJson::new("connection", file.last_error.is_none(), value)
    }));
    let is_fine = checks.iter().all(|check| check.status == "ok");
    let is_verbose = call.query.is_asked("verbose");
    let checks = if is_verbose { checks } else { Vec::new() };
    json(HealthJson { status: if is_fine { "ok" } else { "attention" }, checks })
}

/// A time, and how long ago that is.
fn ago(call: &Call) -> impl Fn(Timestamp) -> String {
    let now = call.app.parts.clock.wall();
    move |at| format!("{} ({} s ago)", time(at), now.duration_since(at).as_secs())
}
