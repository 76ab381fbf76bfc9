//! What is asked for, one file per thing; here what is only read.

pub(crate) mod health;
pub(crate) mod in_doubt;
pub(crate) mod invoices;
pub(crate) mod mapping;
pub(crate) mod runs;
pub(crate) mod session;
pub(crate) mod sync;

use http::HeaderValue;
use http::header::LINK;
use postonce_domain::CompanyFile;
use postonce_wire::{FileNoteJson, NoteJson, PairsJson};
use serde::Serialize;

use crate::document::document;
use crate::input::{Query, whole};
use crate::problem::Problem;
use crate::request::{Answer, Call, json};

/// Lines of a page, if nobody says how many.
const PAGE: i64 = 100;

/// The most lines of a page.
const PAGE_MAX: i64 = 500;

/// How many lines are wanted.
pub(crate) fn limit(query: &Query) -> Result<u32, Problem> {
    let limit = query.one("limit", whole(1, PAGE_MAX))?.unwrap_or(PAGE);
    Ok(u32::try_from(limit).unwrap_or(u32::MAX))
}

/// Behind which id the page begins.
pub(crate) fn after(query: &Query) -> Result<Option<i64>, Problem> {
    query.one("after", whole(0, i64::MAX))
}

/// The company file that is asked for.
pub(crate) fn company_file(query: &Query) -> Result<Option<CompanyFile>, Problem> {
    query.one("company_file", |text| {
        CompanyFile::parse(text).map_err(|error| format!("the alias {error}"))
    })
}

/// A page of a list; a full one names where the next begins.
pub(crate) fn page<T: Serialize>(
    call: &Call,
    path: &str,
    lines: Vec<T>,
    last: Option<i64>,
) -> Answer {
    let is_full =
        u32::try_from(lines.len()).is_ok_and(|count| Ok(count) == limit(&call.query).map_err(drop));
    let mut response = json(lines)?;
    if let Some(last) = last.filter(|_| is_full) {
        let query = call.query.with("after", &last.to_string());
        let link = format!("<{}?{query}>; rel=\"next\"", call.app.link(path));
        if let Ok(link) = HeaderValue::try_from(link) {
            response.headers_mut().insert(LINK, link);
        }
    }
    Ok(response)
}

pub(crate) fn openapi(call: &Call) -> Answer {
    json(document(&call.app.settings.base_path))
}

pub(crate) async fn status(call: Call) -> Answer {
    json(call.app.parts.program.status().await?)
}

pub(crate) async fn connections(call: Call) -> Answer {
    json(call.app.parts.program.connections().await?)
}

pub(crate) async fn pairs(call: Call) -> Answer {
    json(PairsJson::new(&call.app.parts.reader.pairs().await?))
}

pub(crate) async fn notes(call: Call) -> Answer {
    let after = after(&call.query)?.unwrap_or_default();
    let notes = call.app.parts.reader.notes(None, after, limit(&call.query)?).await?;
    let last = notes.last().map(|note| note.id);
    page(&call, "/audit/notes", notes.iter().map(NoteJson::new).collect(), last)
}

pub(crate) async fn files(call: Call) -> Answer {
    let after = after(&call.query)?.unwrap_or_default();
    let file = company_file(&call.query)?;
    let notes = call.app.parts.notes.list(file, after, limit(&call.query)?).await?;
    let last = notes.last().map(|note| note.id);
    page(&call, "/audit/files", notes.iter().map(FileNoteJson::new).collect(), last)
}
