//! What is wrong with a request is said as problem details, with the mend.

use axum::body::Body;
use http::{Request, StatusCode};
use postonce_domain::Role;
use serde_json::json;

use super::world::{Answered, As, World, request};

const ANN: As = As::Person(Role::Operator);

fn is_problem(answer: &Answered, status: StatusCode, kind: &str) {
    assert_eq!((answer.status, answer.kind()), (status, kind), "{answer:?}");
    assert_eq!(answer.header("content-type"), "application/problem+json", "{answer:?}");
    assert_eq!(answer.body["status"], status.as_u16());
    assert!(answer.body["title"].is_string() && answer.body["detail"].is_string(), "{answer:?}");
}

fn with_body(kind: Option<&str>, body: &str) -> Request<Body> {
    let mut request = request("POST", "/platform/myob/sync", ANN, None);
    if let Some(kind) = kind {
        request.headers_mut().insert("content-type", kind.parse().unwrap());
    }
    *request.body_mut() = Body::from(body.to_owned());
    request
}

#[tokio::test]
async fn what_is_not_there_and_what_is_asked_otherwise_is_said() {
    let world = World::new().await;
    is_problem(&world.get("/nothing", ANN).await, StatusCode::NOT_FOUND, "not_found");
    let get = world.get("/platform/myob/sync", ANN).await;
    is_problem(&get, StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed");
    assert_eq!(get.header("allow"), "POST");
    for path in ["/invoices/99", "/invoices/x", "/invoices/-1", "/runs/7", "/mapping/shpo"] {
        is_problem(&world.get(path, ANN).await, StatusCode::NOT_FOUND, "not_found");
    }
}

#[tokio::test]
async fn broken_bodies_are_told_apart() {
    let world = World::new().await;
    let json = Some("application/json; charset=utf-8");
    let cases = [
        (json, "{", StatusCode::BAD_REQUEST, "bad_request"),
        (json, "\u{0}", StatusCode::BAD_REQUEST, "bad_request"),
        (json, "[]", StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
        (json, "{\"limit\":\"many\"}", StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
        (json, "{\"limt\":1}", StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
        (Some("text/plain"), "x", StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported"),
        (None, "x", StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported"),
    ];
    for (kind, body, status, problem) in cases {
        is_problem(&world.send(with_body(kind, body)).await, status, problem);
    }
    let large = world.send(with_body(json, &" ".repeat(10_001))).await;
    is_problem(&large, StatusCode::PAYLOAD_TOO_LARGE, "too_large");
    let unsized_body = futures::stream::repeat_with(|| Ok::<_, std::io::Error>("x".repeat(1_000)));
    let mut endless = with_body(json, "");
    *endless.body_mut() = Body::from_stream(unsized_body);
    is_problem(&world.send(endless).await, StatusCode::PAYLOAD_TOO_LARGE, "too_large");
}

#[tokio::test]
async fn a_query_says_what_it_takes() {
    let world = World::new().await;
    for query in ["stat=ready", "state=ready2", "limit=0", "limit=501", "after=-1", "since=x"] {
        let answer = world.get(&format!("/invoices?{query}"), ANN).await;
        is_problem(&answer, StatusCode::BAD_REQUEST, "bad_request");
    }
    let twice = world.get("/invoices?limit=1&limit=2", ANN).await;
    is_problem(&twice, StatusCode::BAD_REQUEST, "bad_request");
}

#[tokio::test]
async fn a_page_names_the_next_with_the_same_filter() {
    let world = World::new().await;
    let ids = world.import(&["INV-1", "INV-2", "INV-3"]).await;
    let query = "/invoices?state=ready&state=blocked&code=&limit=2";
    let first = world.get(query, ANN).await;
    assert_eq!(first.body.as_array().unwrap().len(), 2, "{first:?}");
    let link = first.header("link");
    let next = link.strip_prefix('<').unwrap().split_once('>').unwrap().0;
    assert!(next.contains("state=ready&state=blocked"), "{link}");
    let second = world.get(next, ANN).await;
    assert_eq!(second.body[0]["id"], ids[2]);
    assert_eq!(second.header("link"), "");
}

#[tokio::test]
async fn every_answer_is_guarded_and_kept_by_nobody() {
    let world = World::with(|settings| settings.secure = true).await;
    for path in ["/status", "/nothing", "/livez"] {
        let answer = world.get(path, ANN).await;
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(answer.header("content-security-policy").starts_with("default-src 'none'"));
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"));
        assert_eq!(answer.header("referrer-policy"), "same-origin");
        assert!(answer.header("strict-transport-security").starts_with("max-age="));
    }
}

#[tokio::test]
async fn resolving_asks_for_all_that_it_needs() {
    let world = World::new().await;
    let id = world.import(&["INV-1"]).await[0];
    let path = format!("/invoices/{id}/resolve");
    for body in [
        json!({}),
        json!({ "version": 1, "as": "posted", "reason": "seen" }),
        json!({ "version": 1, "as": "absent", "uid": "x", "reason": "seen" }),
        json!({ "version": 1, "as": "gone", "reason": "seen" }),
        json!({ "version": 1, "as": "forgotten", "reason": "  " }),
        json!({ "as": "forgotten", "reason": "seen" }),
    ] {
        let answer = world.post(&path, ANN, body).await;
        is_problem(&answer, StatusCode::UNPROCESSABLE_ENTITY, "invalid");
    }
}
