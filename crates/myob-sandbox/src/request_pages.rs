//! `/sandbox/requests`: what arrived, as JSON for programs and as a plain page for people.

use std::fmt::Write as _;

use axum::response::{Html, IntoResponse as _, Response};
use serde_json::json;

use crate::answers::{ApiError, ok};
use crate::call::Call;
use crate::control::bad;
use crate::form;
use crate::request_detail::{Detail, Half};
use crate::requests::Entry;

/// How many requests a page shows unless asked otherwise.
const PAGE: usize = 200;

/// `GET /sandbox/requests`: the last requests of this process, oldest first; on a page for people
/// newest first.
pub(crate) async fn list(call: Call) -> Result<Response, ApiError> {
    let number = |key: &str| match form::value(&call.query, key) {
        None => Ok(None),
        Some(text) => match text.parse::<u64>() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(bad(format!("{key}: `{text}` is not a whole number"))),
        },
    };
    let after = number("after")?.unwrap_or(0);
    let limit = number("limit")?.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX));
    // What is due takes effect first, and shows as committed.
    drop(call.app.session());
    let requests = call.app.requests();
    let entries = requests.entries();
    let first = entries.partition_point(|entry| entry.seq <= after);
    let found = entries.range(first..);
    if !call.wants_html {
        return Ok(ok(&found.take(limit.unwrap_or(usize::MAX)).collect::<Vec<_>>()));
    }
    let shown: Vec<&Entry> = found.rev().take(limit.unwrap_or(PAGE)).collect();
    Ok(page("Requests", &table(&shown)))
}

/// `GET /sandbox/requests/{seq}`: one request with headers and bodies.
pub(crate) async fn show(call: Call) -> Result<Response, ApiError> {
    let seq = call.param("seq").parse().map_err(|_| ApiError::not_found())?;
    drop(call.app.session());
    let requests = call.app.requests();
    let entry = requests.entry(seq).ok_or_else(ApiError::not_found)?;
    let detail = requests.detail(seq);
    if call.wants_html {
        return Ok(page(&format!("Request {seq}"), &sheet(entry, detail)));
    }
    let none = Detail::default();
    let Detail { request, answer } = detail.unwrap_or(&none);
    let kept = detail.is_some();
    Ok(ok(&json!({ "entry": entry, "kept": kept, "request": request, "answer": answer })))
}

fn page(title: &str, body: &str) -> Response {
    let style = "body{font:14px sans-serif;margin:1.5em}td,th{text-align:left;padding:2px 10px \
                 2px 0}pre{background:#f4f4f4;padding:1em;overflow:auto}";
    Html(format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\
         <style>{style}</style><h1>{title}</h1>{body}</html>"
    ))
    .into_response()
}

fn table(entries: &[&Entry]) -> String {
    let mut rows = String::new();
    for entry in entries {
        let mut cells = String::new();
        let status = entry.status.map_or_else(|| "none".to_owned(), |status| status.to_string());
        let took = entry.took_ms.map(|took| took.to_string()).unwrap_or_default();
        let committed = if entry.committed { "yes" } else { "" };
        let number = entry.number.as_deref().unwrap_or_default();
        let fault = entry.fault.unwrap_or_default();
        for text in [&*entry.at, &*entry.method, &*entry.path, number, &*status, committed, fault] {
            write!(cells, "<td>{}</td>", escaped(text)).expect("a string takes it");
        }
        let seq = entry.seq;
        let link = format!("<a href=\"/sandbox/requests/{seq}\">{seq}</a>");
        write!(rows, "<tr><td>{link}</td>{cells}<td>{took}</td></tr>").expect("a string takes it");
    }
    let heads = ["seq", "at", "method", "path", "number", "status", "committed", "fault", "ms"];
    let heads: String = heads.map(|head| format!("<th>{head}</th>")).concat();
    format!("<table><tr>{heads}</tr>{rows}</table>")
}

fn sheet(entry: &Entry, detail: Option<&Detail>) -> String {
    let entry = serde_json::to_string_pretty(entry).unwrap_or_default();
    let mut sheet = format!(
        "<p><a href=\"/sandbox/requests\">All requests</a></p><pre>{}</pre>",
        escaped(&entry)
    );
    match detail {
        None => sheet.push_str("<p>Its headers and bodies are no longer kept.</p>"),
        Some(Detail { request, answer }) => {
            sheet.push_str(&half("Request", request));
            match answer {
                Some(answer) => sheet.push_str(&half("Answer", answer)),
                None => sheet.push_str("<h2>Answer</h2><p>None was given.</p>"),
            }
        }
    }
    sheet
}

fn half(title: &str, half: &Half) -> String {
    let mut text = String::new();
    for (name, value) in &half.headers {
        writeln!(text, "{name}: {value}").expect("a string takes it");
    }
    let pretty = serde_json::from_str(&half.body)
        .and_then(|body: serde_json::Value| serde_json::to_string_pretty(&body));
    let body = pretty.unwrap_or_else(|_| half.body.clone());
    format!("<h2>{title}</h2><pre>{}\n{}</pre>", escaped(&text), escaped(&body))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
