//! Requests that carry a key of their sender's: done once, however often they are sent.

use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use http::header::{CONTENT_TYPE, HeaderName, LOCATION, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use http_body_util::BodyExt as _;
use postonce_adapter_host::hash_of;
use postonce_ports::reply::{Asked, KeyedRequest, Reply};

use crate::problem::Problem;
use crate::request::{Answer, Call};
use crate::route::Handler;

/// The header.
pub(crate) const KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// How long an answer is kept.
const KEPT: Duration = Duration::from_secs(24 * 3_600);

/// The headers that an answer is kept with.
const HEADERS: [HeaderName; 3] = [CONTENT_TYPE, LOCATION, RETRY_AFTER];

/// The answer of `run`, or what was answered under the same key before.
pub(crate) async fn once(call: Call, target: &str, run: Handler) -> Answer {
    let Some(key) = call.headers.get(KEY) else { return run(call).await };
    let is_key = |key: &&str| (1..=255).contains(&key.len()) && key.trim() == *key;
    let key = key.to_str().ok().filter(is_key);
    let key = key.ok_or_else(|| {
        Problem::bad_request("the Idempotency-Key is no text of 1 to 255 ASCII characters")
    })?;
    let mut asked_for = target.as_bytes().to_vec();
    asked_for.push(b'\n');
    asked_for.extend_from_slice(&call.body);
    let request = KeyedRequest {
        sender: call.caller.name(),
        key: key.to_owned(),
        digest: hash_of(&asked_for),
    };
    let replies = call.app.parts.replies.clone();
    match replies.ask(request.clone(), KEPT).await? {
        Asked::New => {}
        Asked::Doing => return Err(doing(key)),
        Asked::Done(reply) => return Ok(again(reply)),
        Asked::Another => return Err(another(key)),
    }
    let answer = run(call).await;
    if answer.as_ref().err().is_some_and(Problem::nothing_done) {
        replies.give_up(&request).await?;
        return answer;
    }
    let response = answer.unwrap_or_else(Problem::into_response);
    let (head, body) = response.into_parts();
    let body = body.collect().await.map_err(|_| Problem::unexpected())?.to_bytes();
    let headers = HEADERS.iter().filter_map(|name| {
        let value = head.headers.get(name)?.to_str().ok()?;
        Some((name.to_string(), value.to_owned()))
    });
    let reply = Reply {
        status: head.status.as_u16(),
        headers: headers.collect(),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    // It is done, whether it can be remembered or not.
    if let Err(error) = replies.answer(&request, reply).await {
        tracing::error!("an answer is not kept for its Idempotency-Key: {error}");
    }
    Ok(Response::from_parts(head, Body::from(body)))
}

fn again(reply: Reply) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK);
    let mut response = (status, reply.body).into_response();
    for (name, value) in reply.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn doing(key: &str) -> Problem {
    let detail = format!(
        "a request with the Idempotency-Key `{key}` is being done, or whoever did it died over it. \
         Look how things stand before you send it under another key"
    );
    let title = "the same request is being done";
    Problem::new(StatusCode::CONFLICT, "doing", title, detail).retry_after(2)
}

fn another(key: &str) -> Problem {
    let detail = format!(
        "the Idempotency-Key `{key}` came with another request before; take a new key for a new \
         request"
    );
    let title = "the key is taken";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "key_taken", title, detail)
}
