//! The runs that were.

use postonce_domain::RunId;
use postonce_ports::history::Run;
use postonce_wire::RunJson;

use super::limit;
use crate::problem::Problem;
use crate::request::{Answer, Call, json};

/// How far back one run is looked for.
const BACK_MAX: u32 = 10_000;

pub(crate) async fn list(call: Call) -> Answer {
    let runs = call.ports().history.runs(limit(&call.query)?).await?;
    json(runs.iter().map(RunJson::new).collect::<Vec<_>>())
}

pub(crate) async fn show(call: Call) -> Answer {
    let id = RunId(call.number("a run")?);
    let run = find(&call, id).await?;
    let run = run.ok_or_else(|| {
        Problem::not_found(format!("there is no run {id}; GET /runs lists the newest"))
    })?;
    json(RunJson::new(&run))
}

/// One run. Ids rise, so it is not farther from the newest than their ids are.
pub(crate) async fn find(call: &Call, id: RunId) -> Result<Option<Run>, Problem> {
    let history = call.ports().history;
    let newest = history.runs(1).await?.pop();
    let Some(newest) = newest.filter(|newest| newest.id >= id) else { return Ok(None) };
    let back = u32::try_from(newest.id.0 - id.0).unwrap_or(u32::MAX).saturating_add(1);
    let runs = history.runs(back.min(BACK_MAX)).await?;
    Ok(runs.into_iter().find(|run| run.id == id))
}
