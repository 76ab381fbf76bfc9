//! What a request is about, as far as counters and faults want to know.

use bytes::Bytes;
use http::Method;
use http::request::Parts;
use serde::Deserialize;

use crate::events::Target;
use crate::faults::Facts;
use crate::filter::Filter;
use crate::form;
use crate::invoice::{Layout, NUMBER};
use crate::invoice_view::SCHEMA;
use crate::record::Resource;
use crate::switches::Escape;

/// What stands where a company file's id would stand, and is none.
const NO_FILES: [&str; 3] = ["Info", "info", "DataScopes"];

/// A request that arrived whole.
#[derive(Debug)]
pub(crate) struct Arrival {
    /// What faults look at.
    pub(crate) facts: Facts,
    /// Whether it is a POST to `/Sale/Invoice/…`.
    pub(crate) invoice_post: bool,
    /// What a POST creates, if its path says so.
    pub(crate) target: Option<Target>,
}

/// Looks at a request's path, query and body.
pub(crate) fn arrival(parts: &Parts, body: &Bytes) -> Arrival {
    let path = parts.uri.path();
    let file = company_file(path);
    let rest = file.as_ref().map_or("", |(_, rest)| rest.as_str());
    let post = parts.method == Method::POST;
    let writes = post || parts.method == Method::PUT;
    let facts = Facts {
        method: parts.method.as_str().to_owned(),
        path: path.to_owned(),
        number: if writes { number(body) } else { None },
        searched: searched(parts.uri.query().unwrap_or_default()),
        file: file.clone(),
    };
    Arrival {
        facts,
        invoice_post: post && rest.starts_with("/Sale/Invoice/"),
        target: if post { target(rest) } else { None },
    }
}

/// The company file of a path, and the path behind it.
fn company_file(path: &str) -> Option<(String, String)> {
    let inside = path.strip_prefix("/accountright/")?;
    let (file, rest) = inside.split_at(inside.find('/').unwrap_or(inside.len()));
    let named = !file.is_empty() && !NO_FILES.contains(&file);
    named.then(|| (form::decode(&file.replace('+', "%2B")), rest.to_owned()))
}

fn target(rest: &str) -> Option<Target> {
    if let Some(layout) = rest.strip_prefix("/Sale/Invoice/") {
        return Layout::parse(layout).map(Target::Invoice);
    }
    let path = rest.strip_prefix('/')?;
    Resource::ALL.into_iter().find(|resource| resource.path() == path).map(Target::Record)
}

/// The `Number` in a body, if it can be read.
fn number(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Numbered {
        #[serde(rename = "Number")]
        number: Option<String>,
    }
    let numbered: Numbered = serde_json::from_slice(body).ok()?;
    numbered.number.filter(|number| !number.is_empty())
}

/// The numbers that a query's filter asks for.
fn searched(query: &str) -> Vec<String> {
    let pairs = form::pairs(query);
    let filter =
        form::value(&pairs, "$filter").map(|text| Filter::parse(text, SCHEMA, Escape::Both));
    match filter {
        Some(Ok(filter)) => filter.texts_of(NUMBER).into_iter().map(str::to_owned).collect(),
        Some(Err(_)) | None => Vec::new(),
    }
}
