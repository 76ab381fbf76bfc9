//! What a request says: its query and its body.

use std::collections::BTreeMap;

use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::problem::Problem;

/// The field of a form that no other site knows.
pub(crate) const FORM_KEY: &str = "form_key";

/// The same as a header, for scripts.
pub(crate) const FORM_KEY_HEADER: HeaderName = HeaderName::from_static("x-postonce-form-key");

const FORM: &str = "application/x-www-form-urlencoded";

/// The query of a request: each name is known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query(BTreeMap<String, Vec<String>>);

impl Query {
    /// Refuses names that are not among `known`: what is misspelt would otherwise be left out.
    pub(crate) fn parse(raw: &str, known: &[&str]) -> Result<Self, Problem> {
        let mut query = BTreeMap::<String, Vec<String>>::new();
        for (name, value) in form_urlencoded::parse(raw.as_bytes()) {
            if !known.contains(&name.as_ref()) {
                let mend = if known.is_empty() {
                    "this path takes no query".to_owned()
                } else {
                    format!("it takes {}", known.join(", "))
                };
                return Err(Problem::bad_request(format!(
                    "`{name}` is no query of this path; {mend}"
                )));
            }
            let values = query.entry(name.into_owned()).or_default();
            // A form's field that was left empty.
            if !value.is_empty() {
                values.push(value.into_owned());
            }
        }
        Ok(Self(query))
    }

    /// Whether a name stands there, with a value or without.
    pub(crate) fn is_asked(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The query as text, with another value of one name.
    pub(crate) fn with(&self, name: &str, value: &str) -> String {
        let mut text = form_urlencoded::Serializer::new(String::new());
        for (known, values) in self.0.iter().filter(|(known, _)| *known != name) {
            text.extend_pairs(values.iter().map(|value| (known, value)));
        }
        text.append_pair(name, value).finish()
    }

    /// Every value of a name.
    pub(crate) fn all(&self, name: &str) -> &[String] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    /// The value of a name, read by `parse`, which says what is wrong with it.
    pub(crate) fn one<T>(
        &self,
        name: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, Problem> {
        let value = match self.all(name) {
            [] => return Ok(None),
            [value] => value,
            [..] => return Err(Problem::bad_request(format!("`{name}` stands there twice"))),
        };
        let read = parse(value).map(Some);
        read.map_err(|why| Problem::bad_request(format!("`{name}` = `{value}`: {why}")))
    }
}

/// A whole number within bounds.
pub(crate) fn whole(least: i64, most: i64) -> impl Fn(&str) -> Result<i64, String> {
    move |text| {
        let number = text.parse().ok().filter(|number| (least..=most).contains(number));
        number.ok_or_else(|| format!("write a whole number from {least} to {most}"))
    }
}

/// What kind of body a request has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Nothing,
    Json,
    Form,
}

/// The kind of a body, by its header.
pub(crate) fn kind(headers: &HeaderMap, body: &[u8]) -> Result<Kind, Problem> {
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return if body.is_empty() { Ok(Kind::Nothing) } else { Err(unsupported(None)) };
    };
    let text = value.to_str().unwrap_or_default();
    let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        "application/json" => Ok(Kind::Json),
        FORM => Ok(Kind::Form),
        _ if body.is_empty() => Ok(Kind::Nothing),
        _ => Err(unsupported(Some(value))),
    }
}

fn unsupported(value: Option<&HeaderValue>) -> Problem {
    let what = value.map_or_else(
        || "the body has no Content-Type".to_owned(),
        |value| format!("the Content-Type {value:?} is not read here"),
    );
    let detail = format!("{what}; send application/json, or a form as {FORM}");
    let title = "the body is of another kind";
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported", title, detail)
}

/// The body as a value. No body is an empty object.
pub(crate) fn read<T: DeserializeOwned>(kind: Kind, body: &[u8]) -> Result<T, Problem> {
    match kind {
        Kind::Nothing => of_json(b"{}"),
        Kind::Json => of_json(body),
        Kind::Form => of_form(body),
    }
}

fn of_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| match error.classify() {
        Category::Data => Problem::invalid(error.to_string()),
        Category::Io | Category::Syntax | Category::Eof => {
            Problem::bad_request(format!("the body is no JSON: {error}"))
        }
    })
}

fn of_form<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let pairs: Vec<_> = form_urlencoded::parse(body)
        .filter(|(name, value)| name != FORM_KEY && !value.is_empty())
        .collect();
    let text = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    serde_urlencoded::from_str(&text).map_err(|error| Problem::invalid(error.to_string()))
}

/// The key that a form carries.
pub(crate) fn form_key(kind: Kind, body: &[u8]) -> Option<String> {
    if kind != Kind::Form {
        return None;
    }
    let mut pairs = form_urlencoded::parse(body);
    pairs.find(|(name, _)| name == FORM_KEY).map(|(_, value)| value.into_owned())
}
