//! Every error as problem details (RFC 9457): what is wrong, and the mend.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use postonce_ports::error::StoreError;
use postonce_ports::lock::{Holder, LockError};
use postonce_ports::reader::Summary;
use postonce_wire::{HolderJson, InvoiceJson};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::program::{Trouble, TroubleKind};

/// The media type.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// What is said of a run that another one keeps from starting.
pub(crate) const BUSY: &str = "another sync run is currently in progress";

/// After how many seconds it is worth asking again.
const RETRY_SECONDS: u64 = 10;

/// An error as it is answered.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The status.
    pub status: StatusCode,
    /// What programs tell it by; its `type` is `urn:postonce:` and this.
    pub kind: &'static str,
    /// What is wrong, the same whenever it happens.
    pub title: &'static str,
    /// What is wrong this time, and the mend.
    pub detail: String,
    more: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
    nothing_done: bool,
}

impl Problem {
    pub(crate) fn new(
        status: StatusCode,
        kind: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        let (more, headers) = (Map::new(), Vec::new());
        Self { status, kind, title, detail: detail.into(), more, headers, nothing_done: false }
    }

    /// With a field of its own.
    pub(crate) fn with(mut self, name: &str, value: impl Serialize) -> Self {
        let value = serde_json::to_value(value).unwrap_or(Value::Null);
        self.more.insert(name.to_owned(), value);
        self
    }

    fn header(mut self, name: HeaderName, value: impl Into<HeaderValue>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn retry_after(self, seconds: u64) -> Self {
        self.header(RETRY_AFTER, seconds)
    }

    /// Whether the request did nothing, so that the same one may be sent again under its key.
    pub(crate) fn nothing_done(&self) -> bool {
        self.nothing_done || self.status.is_server_error()
    }

    /// A field of its own.
    pub fn field(&self, name: &str) -> Option<&Value> {
        self.more.get(name)
    }

    /// Another run has the lock.
    pub(crate) fn busy(holder: Option<&Holder>, link: impl Fn(&str) -> String) -> Self {
        let who = holder.map_or_else(|| "who runs it is not known".to_owned(), describe);
        let run = match holder {
            Some(Holder::Run(run)) => Some(run.run.0),
            Some(Holder::Session(_)) | None => None,
        };
        let detail = format!("{BUSY}: {who}. Nothing was sent; look at it, or try again later");
        let link = run.map_or_else(|| link("/runs"), |run| link(&format!("/runs/{run}")));
        let problem = Self::new(StatusCode::CONFLICT, "busy", BUSY, detail)
            .with("run_id", run)
            .with("holder", holder.map(HolderJson::new))
            .with("link", link)
            .retry_after(RETRY_SECONDS);
        Self { nothing_done: true, ..problem }
    }

    /// An invoice is not what it was when somebody decided on it.
    pub(crate) fn stale(now: &Summary, seen: i64) -> Self {
        let detail = format!(
            "invoice {} has moved on: you saw version {seen}, and it is version {} now, {}. Nothing \
             was changed; look at it again, and decide again",
            now.number, now.version.0, now.state
        );
        Self::new(StatusCode::CONFLICT, "stale", "the invoice has moved on", detail)
            .with("seen", seen)
            .with("invoice", InvoiceJson::new(now))
    }

    /// It would be wrong, and nothing was changed.
    pub(crate) fn refused(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "refused", "this cannot be done", detail)
    }

    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "there is no such thing", detail)
    }

    pub(crate) fn no_invoice(id: i64) -> Self {
        Self::not_found(format!("there is no invoice {id}; GET /invoices lists them"))
    }

    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", "the request is not understood", detail)
    }

    /// The body can be read and does not say what is needed.
    pub(crate) fn invalid(detail: impl Into<String>) -> Self {
        let title = "the request does not say what is needed";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", title, detail)
    }

    pub(crate) fn unauthorized(detail: impl Into<String>) -> Self {
        let title = "you are not logged in";
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", title, detail)
            .header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"postonce\""))
    }

    pub(crate) fn forbidden(kind: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, kind, "you may not do this", detail)
    }

    pub(crate) fn unexpected() -> Self {
        let detail = "something went wrong that should not; the log of `postonce serve` tells more. \
                      Look how things stand before you try again";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "unexpected", "something went wrong", detail)
    }

    /// The body.
    pub fn to_json(&self) -> Value {
        let mut body = Map::new();
        body.insert("type".to_owned(), json!(format!("urn:postonce:{}", self.kind)));
        body.insert("title".to_owned(), json!(self.title));
        body.insert("status".to_owned(), json!(self.status.as_u16()));
        body.insert("detail".to_owned(), json!(self.detail));
        body.extend(self.more.clone());
        Value::Object(body)
    }
}

/// A holder in words.
fn describe(holder: &Holder) -> String {
    match holder {
        Holder::Run(run) => format!(
            "run {} ({}, by {}), since {}, {} of {} done",
            run.run, run.trigger, run.actor, run.since, run.done, run.total
        ),
        Holder::Session(session) => format!(
            "connection {} of the database server, of which no run is on record, or not yet",
            session.connection_id
        ),
    }
}

impl From<Trouble> for Problem {
    fn from(trouble: Trouble) -> Self {
        let (status, kind, title) = match trouble.kind {
            TroubleKind::Refused => return Self::refused(trouble.words),
            TroubleKind::Database => {
                (StatusCode::SERVICE_UNAVAILABLE, "database", "the database does not answer")
            }
            TroubleKind::Ledger => (StatusCode::BAD_GATEWAY, "ledger", "MYOB does not let us in"),
            TroubleKind::Configuration => {
                let title = "the configuration is not in order";
                (StatusCode::INTERNAL_SERVER_ERROR, "configuration", title)
            }
            TroubleKind::Unexpected => {
                (StatusCode::INTERNAL_SERVER_ERROR, "unexpected", "something went wrong")
            }
        };
        Self::new(status, kind, title, trouble.words)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Trouble::from(error).into()
    }
}

impl From<LockError> for Problem {
    fn from(error: LockError) -> Self {
        Trouble::from(error).into()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = self.to_json().to_string();
        let mut response = (self.status, [(CONTENT_TYPE, PROBLEM_JSON)], body).into_response();
        for (name, value) in &self.headers {
            response.headers_mut().insert(name.clone(), value.clone());
        }
        // For whoever shows it to a person.
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}
