//! What a fault makes of an answer.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use http::{HeaderValue, StatusCode};
use hyper::body::{Frame, SizeHint};

use crate::answers::{ApiError, retry_after};
use crate::faults::Action;
use crate::gate;
use crate::switches::Switches;

/// Marks an answer that is not to be given: the connection is closed instead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Disconnect;

/// An answer that closes the connection without a byte.
pub(crate) fn disconnect() -> Response {
    let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
    response.extensions_mut().insert(Disconnect);
    response
}

/// Whether the request takes effect before its answer goes wrong.
pub(crate) fn takes_effect(action: Action) -> bool {
    match action {
        Action::Delay
        | Action::CommitThenDrop
        | Action::Error500Committed
        | Action::GatewayTimeoutCommitted
        | Action::TruncateBody
        | Action::Empty201
        | Action::NoLocation201
        | Action::HideFromSearch => true,
        Action::Drop
        | Action::LateCommit
        | Action::Error500
        | Action::GatewayTimeout
        | Action::Unavailable503
        | Action::RateLimit
        | Action::TooMany429
        | Action::Unauthorised
        | Action::AccessDenied
        | Action::NotFound
        | Action::Reject
        | Action::Redirect307
        | Action::HtmlError
        | Action::SearchError => false,
    }
}

/// The answer to a request that is to go wrong without any effect; `target` is its address.
pub(crate) fn without_effect(action: Action, target: &str, switches: &Switches) -> Response {
    match action {
        Action::Error500 | Action::SearchError => internal_error(),
        Action::GatewayTimeout => gateway_timeout(),
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
        | Action::Error500Committed
        | Action::GatewayTimeoutCommitted
        | Action::TruncateBody
        | Action::Empty201
        | Action::NoLocation201
        | Action::HideFromSearch => disconnect(),
    }
}

/// What becomes of `answer`, the true one, of a request that took its effect.
///
/// A refusal is given as it is where the fault would make a success of it.
pub(crate) async fn after_effect(action: Action, answer: Response) -> Response {
    let done = answer.status().is_success();
    match action {
        Action::CommitThenDrop => disconnect(),
        Action::Error500Committed => internal_error(),
        Action::GatewayTimeoutCommitted => gateway_timeout(),
        Action::TruncateBody if done => truncated(answer).await,
        Action::Empty201 if done => emptied(answer, true),
        Action::NoLocation201 if done => emptied(answer, false),
        Action::Delay
        | Action::Drop
        | Action::LateCommit
        | Action::Error500
        | Action::GatewayTimeout
        | Action::Unavailable503
        | Action::RateLimit
        | Action::TooMany429
        | Action::Unauthorised
        | Action::AccessDenied
        | Action::NotFound
        | Action::Reject
        | Action::Redirect307
        | Action::TruncateBody
        | Action::Empty201
        | Action::NoLocation201
        | Action::HtmlError
        | Action::HideFromSearch
        | Action::SearchError => answer,
    }
}

fn internal_error() -> Response {
    ApiError::internal("An internal error has occurred").into_response()
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
