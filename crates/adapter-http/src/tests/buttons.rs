//! Starting runs.

use http::StatusCode;
use postonce_domain::{Role, Side};
use postonce_ports::history::RunHistory as _;
use serde_json::json;

use super::world::{As, PERMITS, World};

const PLATFORM: &str = "/platform/myob/sync";
const ORDERING: &str = "/ordering/myob/sync";
const ANN: As = As::Person(Role::Operator);

#[tokio::test]
async fn a_button_starts_a_run_and_says_where_it_is() {
    let world = World::with(|settings| settings.base_path = "/books".to_owned()).await;
    let answer = world.post("/books/platform/myob/sync", ANN, json!({})).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
    assert_eq!(answer.body["status"], "started");
    let link = answer.body["link"].as_str().unwrap();
    assert_eq!(answer.header("location"), link);
    assert_eq!(link, format!("/books/runs/{}", answer.body["run_id"]));
    world.app.stop().await;
    let run = world.get(link, As::Machine(Role::Viewer)).await;
    assert_eq!((run.status, &run.body["status"]), (StatusCode::OK, &json!("completed")), "{run:?}");
    assert_eq!(run.body["trigger"], "manual");
    assert_eq!(run.body["actor"], "operator (platform)");
}

#[tokio::test]
async fn the_second_button_names_who_runs_since_when_and_how_far() {
    let world = World::new().await;
    world.import(&["INV-1"]).await;
    world.answers.forget_permits(PERMITS);
    let first = world.post(PLATFORM, As::OneSided(Side::Platform), json!({})).await;
    assert_eq!(first.status, StatusCode::ACCEPTED, "{first:?}");
    let second = world.post(ORDERING, ANN, json!({})).await;
    assert_eq!((second.status, second.kind()), (StatusCode::CONFLICT, "busy"), "{second:?}");
    assert_eq!(second.body["title"], "another sync run is currently in progress");
    assert_eq!(second.body["run_id"], first.body["run_id"]);
    assert_eq!(second.body["link"], first.body["link"]);
    assert_eq!(second.body["holder"]["actor"], "machine:platform (platform)");
    assert_eq!(second.body["holder"]["total"], 1);
    assert!(second.body["holder"]["since"].is_string());
    assert_eq!(second.header("retry-after"), "10");
    assert_eq!(second.header("content-type"), "application/problem+json");
    world.answers.add_permits(1_000);
    world.app.stop().await;
    assert_eq!(world.store.runs(10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn of_a_crowd_one_starts_a_run_and_all_others_hear_of_it() {
    const CROWD: usize = 200;
    let world = World::new().await;
    world.import(&["INV-1"]).await;
    world.answers.forget_permits(PERMITS);
    let all = (0..CROWD).map(|_| world.post(PLATFORM, ANN, json!({})));
    let answers = futures::future::join_all(all).await;
    let started = answers.iter().filter(|answer| answer.status == StatusCode::ACCEPTED);
    assert_eq!(started.count(), 1);
    let busy = answers.iter().filter(|answer| answer.kind() == "busy");
    let named = busy.filter(|answer| answer.body["holder"]["run_id"].is_i64());
    assert_eq!(named.count(), CROWD - 1);
    world.answers.add_permits(1_000);
    world.app.stop().await;
    assert_eq!(world.store.runs(10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_client_that_goes_away_cuts_no_run() {
    let world = World::new().await;
    world.import(&["INV-1"]).await;
    {
        let post = world.post(PLATFORM, ANN, json!({}));
        let mut post = std::pin::pin!(post);
        // It is asked for, and nobody waits for the answer.
        assert!(futures::poll!(&mut post).is_pending());
    }
    // Nothing new is taken once it is to stop, so what was asked for goes first.
    while world.store.runs(1).await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    world.app.stop().await;
    let run = world.store.runs(1).await.unwrap().pop().unwrap();
    assert!(run.ended_at.is_some(), "{run:?}");
}

#[tokio::test]
async fn a_run_is_limited_as_it_is_asked_for() {
    let world = World::new().await;
    world.import(&["INV-1"]).await;
    let unknown = world.post(PLATFORM, ANN, json!({ "company_file": "shpo" })).await;
    assert_eq!((unknown.status, unknown.kind()), (StatusCode::UNPROCESSABLE_ENTITY, "invalid"));
    let none = world.post(PLATFORM, ANN, json!({ "limit": 0 })).await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(world.store.runs(1).await.unwrap().is_empty());
    let known = world.post(PLATFORM, ANN, json!({ "company_file": "shop", "limit": 1 })).await;
    assert_eq!(known.status, StatusCode::ACCEPTED, "{known:?}");
}

#[tokio::test]
async fn what_is_being_stopped_starts_nothing_and_is_not_ready() {
    let world = World::new().await;
    assert_eq!(world.get("/readyz", As::Nobody).await.status, StatusCode::OK);
    world.app.stop().await;
    let answer = world.post(PLATFORM, ANN, json!({})).await;
    assert_eq!((answer.status, answer.kind()), (StatusCode::SERVICE_UNAVAILABLE, "stopping"));
    assert_eq!(world.get("/readyz", As::Nobody).await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(world.get("/livez", As::Nobody).await.status, StatusCode::OK);
}
