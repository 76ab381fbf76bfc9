//! What a fault makes of an answer.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use http::{HeaderValue, StatusCode};
use hyper::body::{Frame, SizeHint};
use serde_json::{Map, Value as Json};
use tokio::time::Interval;
use uuid::Uuid;

use crate::answers::{ApiError, json_text, retry_after};
use crate::faults::{Action, Fault};
use crate::gate;
use crate::switches::Switches;

/// Marks an answer that is not to be given: the connection ends instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("ended on purpose")]
pub(crate) enum Disconnect {
    /// It is closed.
    Close,
    /// It is reset: the client sees an error where it would have seen an end.
    Reset,
}

/// An answer that ends the connection without a byte.
pub(crate) fn disconnect(how: Disconnect) -> Response {
    let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
    response.extensions_mut().insert(how);
    response
}

/// The body of an answer before it was packed, for the list of requests.
#[derive(Clone, Debug)]
pub(crate) struct Plain(pub(crate) Bytes);

/// Whether the request takes effect before its answer goes wrong.
pub(crate) fn takes_effect(action: Action) -> bool {
    match action {
        Action::Delay
        | Action::CommitThenDrop
        | Action::ResetCommitted
        | Action::Error500Committed
        | Action::Error502Committed
        | Action::GatewayTimeoutCommitted
        | Action::TruncateBody
        | Action::Trickle
        | Action::Empty201
        | Action::NoLocation201
        | Action::InvalidJson201
        | Action::WrongUid
        | Action::Ok200WithoutUid
        | Action::HideFromSearch => true,
        Action::Drop
        | Action::LateCommit
        | Action::Reset
        | Action::Error500
        | Action::Error502
        | Action::GatewayTimeout
        | Action::Unavailable503
        | Action::RateLimit
        | Action::TooMany429
        | Action::Unauthorised
        | Action::AccessDenied
        | Action::NotFound
        | Action::Conflict409
        | Action::Reject
        | Action::Redirect307
        | Action::HtmlError
        | Action::Accepted202
        | Action::SearchError => false,
    }
}

/// The answer to a request that is to go wrong without any effect; `target` is its address.
pub(crate) fn without_effect(action: Action, target: &str, switches: &Switches) -> Response {
    match action {
        Action::Error500 | Action::SearchError => internal_error(),
        Action::Error502 => bad_gateway(),
        Action::GatewayTimeout => gateway_timeout(),
        Action::Conflict409 => ApiError::row_version().into_response(),
        Action::Accepted202 => StatusCode::ACCEPTED.into_response(),
        Action::Reset => disconnect(Disconnect::Reset),
        Action::Unavailable503 => {
            let html = "<html><body><h1>503 Service Unavailable</h1></body></html>";
            let page = html_page(StatusCode::SERVICE_UNAVAILABLE, html);
            retry_after(page, switches.retry_after.0)
        }
        // The fault says its status, whatever the switch for the true limit says.
        Action::RateLimit => {
            let error = ApiError::rate_limit("per-second", &Switches::default());
            error.later(switches).into_response()
        }
        Action::TooMany429 => {
            let status = StatusCode::TOO_MANY_REQUESTS;
            let error = ApiError::new(status, "TooManyRequests", None, "Too many requests", "");
            error.later(switches).into_response()
        }
        Action::Unauthorised => gate::invalid_token().into_response(),
        Action::AccessDenied => ApiError::access_denied(switches).into_response(),
        Action::NotFound => ApiError::not_found().into_response(),
        Action::Reject => {
            let message = "The sandbox was told to reject this request";
            ApiError::validation(message, "Sandbox").into_response()
        }
        Action::Redirect307 => {
            let mut response = StatusCode::TEMPORARY_REDIRECT.into_response();
            if let Ok(target) = HeaderValue::from_str(target) {
                response.headers_mut().insert(LOCATION, target);
            }
            response
        }
        Action::HtmlError => {
            let html = "<html><body><h1>403 Forbidden</h1></body></html>";
            html_page(StatusCode::FORBIDDEN, html)
        }
        Action::Drop
        | Action::LateCommit
        | Action::Delay
        | Action::CommitThenDrop
        | Action::ResetCommitted
        | Action::Error500Committed
        | Action::Error502Committed
        | Action::GatewayTimeoutCommitted
        | Action::TruncateBody
        | Action::Trickle
        | Action::Empty201
        | Action::NoLocation201
        | Action::InvalidJson201
        | Action::WrongUid
        | Action::Ok200WithoutUid
        | Action::HideFromSearch => disconnect(Disconnect::Close),
    }
}

/// What becomes of `answer`, the true one, of a request that took its effect.
///
/// A refusal is given as it is where the fault would make a success of it.
pub(crate) async fn after_effect(fault: &Fault, answer: Response) -> Response {
    let done = answer.status().is_success();
    match fault.action {
        Action::CommitThenDrop => disconnect(Disconnect::Close),
        Action::ResetCommitted => disconnect(Disconnect::Reset),
        Action::Error500Committed => internal_error(),
        Action::Error502Committed => bad_gateway(),
        Action::GatewayTimeoutCommitted => gateway_timeout(),
        Action::TruncateBody if done => truncated(answer).await,
        Action::Trickle if done => trickled(answer, fault.delay_ms).await,
        Action::Empty201 if done => emptied(answer, true),
        Action::NoLocation201 if done => emptied(answer, false),
        Action::InvalidJson201 if done => {
            let (parts, _) = emptied(answer, true).into_parts();
            let html = [(CONTENT_TYPE, "application/json; charset=utf-8")];
            (StatusCode::CREATED, parts.headers, html, "{\"UID\": \"not a").into_response()
        }
        Action::Delay
        | Action::Drop
        | Action::LateCommit
        | Action::Reset
        | Action::Error500
        | Action::Error502
        | Action::GatewayTimeout
        | Action::Unavailable503
        | Action::RateLimit
        | Action::TooMany429
        | Action::Unauthorised
        | Action::AccessDenied
        | Action::NotFound
        | Action::Conflict409
        | Action::Reject
        | Action::Redirect307
        | Action::TruncateBody
        | Action::Trickle
        | Action::Empty201
        | Action::NoLocation201
        | Action::InvalidJson201
        | Action::WrongUid
        | Action::Ok200WithoutUid
        | Action::Accepted202
        | Action::HtmlError
        | Action::HideFromSearch
        | Action::SearchError => answer,
    }
}

/// The answer to a request that took its effect with a lie about its UID: that of `other`, or
/// none. It is not packed yet.
pub(crate) async fn without_truth(action: Action, answer: Response, other: Uuid) -> Response {
    if !answer.status().is_success() {
        return answer;
    }
    let (mut parts, body) = answer.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&body).into_owned();
    if action == Action::Ok200WithoutUid {
        let mut record: Map<String, Json> = serde_json::from_str(&text).unwrap_or_default();
        record.remove("UID");
        record.remove("URI");
        return json_text(StatusCode::OK, Json::Object(record).to_string());
    }
    let location = parts.headers.get(LOCATION).and_then(|location| location.to_str().ok());
    let location = location.map(str::to_owned).unwrap_or_default();
    let Some((before, own)) = location.rsplit_once('/') else {
        return Response::from_parts(parts, Body::from(text));
    };
    if let Ok(location) = HeaderValue::from_str(&format!("{before}/{other}")) {
        parts.headers.insert(LOCATION, location);
    }
    Response::from_parts(parts, Body::from(text.replace(own, &other.to_string())))
}

fn internal_error() -> Response {
    ApiError::internal("An internal error has occurred").into_response()
}

fn bad_gateway() -> Response {
    html_page(StatusCode::BAD_GATEWAY, "<html><body><h1>502 Bad Gateway</h1></body></html>")
}

fn gateway_timeout() -> Response {
    let message = "Connection to the API has timed out";
    ApiError::new(StatusCode::GATEWAY_TIMEOUT, "GatewayTimeout", None, message, "").into_response()
}

fn html_page(status: StatusCode, page: &'static str) -> Response {
    (status, [(CONTENT_TYPE, "text/html")], page).into_response()
}

fn emptied(answer: Response, with_location: bool) -> Response {
    let (mut parts, _) = answer.into_parts();
    parts.headers.remove(CONTENT_TYPE);
    parts.headers.remove(CONTENT_ENCODING);
    parts.headers.remove(CONTENT_LENGTH);
    parts.extensions.clear();
    if !with_location {
        parts.headers.remove(LOCATION);
    }
    Response::from_parts(parts, Body::empty())
}

async fn truncated(answer: Response) -> Response {
    let (mut parts, body) = answer.into_parts();
    let whole = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let half = whole.len().div_euclid(2);
    // An answer without a body has to promise one to be able to break off.
    let promised = whole.len().max(64);
    parts.headers.remove(CONTENT_LENGTH);
    let body = BreaksOff { first: Some(whole.slice(..half)), flushed: false, promised };
    Response::from_parts(parts, Body::new(body))
}

async fn trickled(answer: Response, every_ms: u64) -> Response {
    let (mut parts, body) = answer.into_parts();
    let whole = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    parts.headers.remove(CONTENT_LENGTH);
    let every = Duration::from_millis(if every_ms == 0 { 1000 } else { every_ms });
    let body = Trickles { rest: whole, pace: tokio::time::interval(every) };
    Response::from_parts(parts, Body::new(body))
}

/// A body that comes byte by byte.
#[derive(Debug)]
struct Trickles {
    rest: Bytes,
    pace: Interval,
}

impl hyper::body::Body for Trickles {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        std::task::ready!(self.pace.poll_tick(context));
        let byte = self.rest.split_to(1);
        Poll::Ready(Some(Ok(Frame::data(byte))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(u64::try_from(self.rest.len()).unwrap_or(u64::MAX))
    }
}

/// A body that promises more than it has, then fails, which closes the connection.
#[derive(Debug)]
struct BreaksOff {
    first: Option<Bytes>,
    flushed: bool,
    promised: usize,
}

impl hyper::body::Body for BreaksOff {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        if !self.flushed {
            // Nothing is ready now, so the connection sends what it has before it asks again.
            self.flushed = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(BrokenOff)))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(u64::try_from(self.promised).unwrap_or(u64::MAX))
    }
}

/// The connection is closed on purpose.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("closed on purpose")]
pub(crate) struct BrokenOff;
