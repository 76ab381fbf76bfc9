//! What somebody decided on an older version.

use http::StatusCode;
use postonce_domain::Role;
use serde_json::{Value, json};

use super::world::{As, World};

const ANN: As = As::Person(Role::Operator);

async fn version(world: &World, id: i64) -> Value {
    world.get(&format!("/invoices/{id}"), ANN).await.body["version"].clone()
}

#[tokio::test]
async fn an_action_on_what_has_moved_on_is_refused_with_what_it_is_now() {
    let world = World::new().await;
    let id = world.import(&["INV-1"]).await[0];
    let seen = version(&world, id).await;
    let held = world.post(&format!("/invoices/{id}/hold"), ANN, json!({ "version": seen })).await;
    assert_eq!((held.status, &held.body["held"]), (StatusCode::OK, &json!(true)), "{held:?}");

    let actions = [
        ("unhold", json!({ "version": seen })),
        ("reprocess", json!({ "version": seen, "reason": "again" })),
        ("resolve", json!({ "version": seen, "as": "forgotten", "reason": "old" })),
    ];
    for (action, body) in actions {
        let answer = world.post(&format!("/invoices/{id}/{action}"), ANN, body).await;
        let stale = (StatusCode::CONFLICT, "stale");
        assert_eq!((answer.status, answer.kind()), stale, "{action}: {answer:?}");
        assert_eq!(answer.body["seen"], seen);
        assert_eq!(answer.body["invoice"]["held"], true);
        assert_eq!(answer.body["invoice"]["version"], version(&world, id).await);
    }
    let trail = world.get(&format!("/invoices/{id}"), ANN).await;
    let acts = trail.body["notes"].as_array().unwrap().len();
    assert_eq!(acts, 1, "{trail:?}");
    assert_eq!(trail.body["notes"][0]["actor"], "operator");
    assert_eq!(trail.body["held"], true);
}

#[tokio::test]
async fn of_two_who_hold_at_once_from_one_version_one_does() {
    let world = World::new().await;
    let id = world.import(&["INV-1"]).await[0];
    let path = format!("/invoices/{id}/hold");
    let body = json!({ "version": version(&world, id).await });
    let (one, other) =
        tokio::join!(world.post(&path, ANN, body.clone()), world.post(&path, ANN, body));
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{one:?} {other:?}");
}

#[tokio::test]
async fn what_is_not_rejected_is_not_sent_again_and_each_is_told_why() {
    let world = World::new().await;
    let ids = world.import(&["INV-1", "INV-2"]).await;
    let seen = version(&world, ids[0]).await;
    let one = world
        .post(&format!("/invoices/{}/reprocess", ids[0]), ANN, json!({ "version": seen }))
        .await;
    assert_eq!((one.status, one.kind()), (StatusCode::CONFLICT, "refused"), "{one:?}");
    let body = json!({ "invoices": [
        { "id": ids[0], "version": seen }, { "id": ids[1], "version": 99 }, { "id": 77, "version": 1 },
    ] });
    let all = world.post("/invoices/reprocess", ANN, body).await;
    assert_eq!((all.status, all.kind()), (StatusCode::CONFLICT, "refused"), "{all:?}");
    let reasons: Vec<&str> = all.body["refused"]
        .as_array()
        .unwrap()
        .iter()
        .map(|refused| refused["reason"].as_str().unwrap())
        .collect();
    assert!(reasons[0].contains("only rejected"), "{reasons:?}");
    assert!(reasons[1].contains("moved on"), "{reasons:?}");
    assert!(reasons[2].contains("no such invoice"), "{reasons:?}");
    let empty = world.post("/invoices/reprocess", ANN, json!({ "invoices": [] })).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_row_of_the_mapping_is_neither_written_from_an_older_one_nor_wiped_by_nothing() {
    let world = World::new().await;
    let set = |body| world.post("/mapping/shop", ANN, body);
    let row = json!({ "kind": "customer", "code": "CUS1", "version": 3, "target": "ADA" });
    let stale = set(row).await;
    assert_eq!((stale.status, stale.kind()), (StatusCode::CONFLICT, "stale"), "{stale:?}");
    for body in [
        json!({}),
        json!({ "kind": "customer", "code": "CUS1", "version": 0 }),
        json!({ "kind": "customer", "code": "CUS1", "version": 0, "target": " " }),
        json!({ "kind": "customer", "code": "CUS1", "version": 0, "target": "A", "none": true }),
        json!({ "kind": "person", "code": "CUS1", "version": 0, "none": true }),
        json!({ "kind": "customer", "code": "", "version": 0, "none": true }),
    ] {
        let answer = set(body.clone()).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}: {answer:?}");
    }
}
