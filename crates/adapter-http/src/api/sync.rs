//! The buttons.

use axum::Json;
use axum::response::IntoResponse as _;
use http::StatusCode;
use http::header::LOCATION;
use postonce_domain::{CompanyFile, RunId, Side};
use postonce_ports::reader::Filter;
use postonce_wire::RefusedJson;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::problem::Problem;
use crate::request::{Answer, Call};
use crate::start::{Started, Wanted, start};

/// What a run is to be limited to.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sync {
    /// Only this company file; all if it is left out.
    company_file: Option<String>,
    /// Claims at most.
    #[schema(minimum = 1)]
    limit: Option<u64>,
}

/// A run that was started.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StartedJson {
    /// `started`.
    status: &'static str,
    run_id: i64,
    /// Where its progress is.
    link: String,
    /// Invoices that are not sent again.
    refused: Vec<RefusedJson>,
}

pub(crate) async fn sync(call: Call, side: Side) -> Answer {
    let wish: Sync = call.input()?;
    let run = start_sync(&call, wish, side).await?;
    Ok(accepted(&call.app, run, Vec::new()))
}

/// Starts a run, or says which one is in the way.
pub(crate) async fn start_sync(call: &Call, wish: Sync, side: Side) -> Result<RunId, Problem> {
    let company_file = match wish.company_file {
        Some(text) => Some(known_file(call, &text).await?),
        None => None,
    };
    if wish.limit == Some(0) {
        return Err(Problem::invalid("`limit` is 0; leave it out, or write how many at most"));
    }
    let wanted = Wanted::Due { company_file, limit: wish.limit };
    let actor = format!("{} ({})", call.caller.name(), side.as_str());
    match start(&call.app, wanted, &actor).await? {
        Started::Run(run) => Ok(run),
        Started::Busy(holder) => Err(Problem::busy(holder.as_ref(), |path| call.app.link(path))),
        Started::Refused(_) => Err(Problem::unexpected()),
    }
}

/// A misspelt alias would otherwise look like a file with nothing to do.
async fn known_file(call: &Call, text: &str) -> Result<CompanyFile, Problem> {
    let unknown =
        || Problem::invalid(format!("`company_file` = `{text}`: there is no such company file"));
    let file = CompanyFile::parse(text).map_err(|_| unknown())?;
    let filter = Filter { company_file: Some(file.clone()), limit: 1, ..Filter::default() };
    let known = call.app.parts.program.knows(&file).await?
        || !call.app.parts.reader.list(filter).await?.is_empty();
    known.then_some(file).ok_or_else(unknown)
}

/// The answer to whoever started a run.
pub(crate) fn accepted(
    app: &App,
    run: RunId,
    refused: Vec<RefusedJson>,
) -> axum::response::Response {
    let link = app.link(&format!("/runs/{run}"));
    let body = StartedJson { status: "started", run_id: run.0, link: link.clone(), refused };
    (StatusCode::ACCEPTED, [(LOCATION, link)], Json(body)).into_response()
}
