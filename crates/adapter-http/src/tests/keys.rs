//! Requests that carry a key.

use axum::body::Body;
use http::{Request, StatusCode};
use postonce_domain::Role;
use postonce_ports::history::RunHistory as _;
use serde_json::{Value, json};

use super::world::{As, World, request};

const ANN: As = As::Person(Role::Operator);
const ERP: As = As::Machine(Role::Operator);

fn keyed(who: As, key: &str, body: Value) -> Request<Body> {
    let mut request = request("POST", "/platform/myob/sync", who, Some(body));
    request.headers_mut().insert("idempotency-key", key.parse().unwrap());
    request
}

async fn settled(world: &World) {
    while world.store.runs(1).await.unwrap().iter().any(|run| run.ended_at.is_none()) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_same_key_and_request_gets_the_same_answer_and_does_nothing_again() {
    let world = World::new().await;
    let first = world.send(keyed(ERP, "k1", json!({}))).await;
    assert_eq!(first.status, StatusCode::ACCEPTED, "{first:?}");
    settled(&world).await;
    let again = world.send(keyed(ERP, "k1", json!({}))).await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(again.header("location"), first.header("location"));
    assert_eq!(again.header("content-type"), "application/json");
    assert_eq!(world.store.runs(10).await.unwrap().len(), 1);

    let another = world.send(keyed(ERP, "k1", json!({ "limit": 1 }))).await;
    let taken = (StatusCode::UNPROCESSABLE_ENTITY, "key_taken");
    assert_eq!((another.status, another.kind()), taken);
    // Somebody else's key is another key.
    let other = world.send(keyed(ANN, "k1", json!({}))).await;
    assert_eq!(other.status, StatusCode::ACCEPTED, "{other:?}");
}

#[tokio::test]
async fn what_another_run_kept_from_starting_may_be_sent_again_under_its_key() {
    let world = World::new().await;
    let lock = world.held().await;
    let busy = world.send(keyed(ERP, "k1", json!({}))).await;
    assert_eq!(busy.kind(), "busy", "{busy:?}");
    lock.release().await.unwrap();
    let started = world.send(keyed(ERP, "k1", json!({}))).await;
    assert_eq!(started.status, StatusCode::ACCEPTED, "{started:?}");
}

#[tokio::test]
async fn a_request_that_is_being_done_is_not_done_by_two() {
    let world = World::new().await;
    let all = (0..20).map(|_| world.send(keyed(ERP, "k1", json!({}))));
    let answers = futures::future::join_all(all).await;
    let is_fine = |kind: &str| matches!(kind, "" | "doing");
    assert!(answers.iter().all(|answer| is_fine(answer.kind())), "{answers:?}");
    settled(&world).await;
    assert_eq!(world.store.runs(10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_key_is_a_text_that_can_be_kept() {
    let world = World::new().await;
    for key in ["", "k\u{e9}", &"k".repeat(256)] {
        let mut request = keyed(ERP, "k", json!({}));
        let value = http::HeaderValue::from_bytes(key.as_bytes()).unwrap();
        request.headers_mut().insert("idempotency-key", value);
        let answer = world.send(request).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{key}: {answer:?}");
    }
}

#[tokio::test]
async fn the_answer_to_a_client_that_went_away_is_kept_for_it() {
    let world = World::new().await;
    {
        let mut sent = std::pin::pin!(world.send(keyed(ERP, "k1", json!({}))));
        assert!(futures::poll!(&mut sent).is_pending());
    }
    while world.store.runs(1).await.unwrap().iter().all(|run| run.ended_at.is_none()) {
        tokio::task::yield_now().await;
    }
    // Whatever still runs has its turn.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    let again = world.send(keyed(ERP, "k1", json!({}))).await;
    assert_eq!(
        (again.status, &again.body["run_id"]),
        (StatusCode::ACCEPTED, &json!(1)),
        "{again:?}"
    );
}
