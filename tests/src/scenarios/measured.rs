//! What is measured of a story.

use std::sync::Arc;
use std::time::Duration;

use postonce_engine::{Engine, Ports};
use postonce_metrics::{Meter, Standing, StandingPorts};
use postonce_ports::clock::Clock as _;
use postonce_ports::scrape::Scrape as _;

use super::books::Answer;
use super::ports::GoOn;
use super::world::{World, request};

#[tokio::test]
async fn a_run_its_claims_and_what_it_leaves_are_measured() {
    let world = World::new();
    world.import(&["INV-1", "INV-2", "INV-3"]).await;
    world.ledger.books().answers.extend([Answer::Posted, Answer::Loses]);
    let meter = Meter::new(Arc::new(world.clock.clone()));
    let ports = world.ports();
    let measured = Ports {
        lock: meter.lock(Arc::clone(&ports.lock)),
        history: meter.history(Arc::clone(&ports.history)),
        ledger: meter.ledger(Arc::clone(&ports.ledger)),
        ..ports.clone()
    };
    let engine = Engine::new(measured, world.policy);
    engine.sync(&request(), &GoOn).await.unwrap();
    world.clock.pass(Duration::from_secs(90));
    let reader = Arc::new(world.database.store.clone());
    let Ports { lock, history, doubts, .. } = ports;
    let standing = StandingPorts { lock, history, reader, doubts };
    let text = Standing::new(standing, meter, "9.9.9").text().await.unwrap();
    let ended = world.clock.wall().as_second() - 90;
    for line in [
        "postonce_build_info{version=\"9.9.9\"} 1".to_owned(),
        "postonce_lock_held 0".to_owned(),
        "postonce_invoices{state=\"posted\"} 2".to_owned(),
        "postonce_invoices{state=\"in_doubt\"} 1".to_owned(),
        "postonce_invoices{state=\"needs_human\"} 0".to_owned(),
        "postonce_invoices_held 0".to_owned(),
        "postonce_in_doubt_oldest_age_seconds 90".to_owned(),
        "postonce_ready_oldest_age_seconds 0".to_owned(),
        "postonce_claims_unpaired{open=\"false\"} 0".to_owned(),
        "postonce_claims_unpaired{open=\"true\"} 0".to_owned(),
        format!("postonce_last_completed_run_timestamp_seconds {ended}"),
        "postonce_lock_acquire_total{result=\"acquired\"} 1".to_owned(),
        "postonce_runs_total{trigger=\"manual\",status=\"completed_with_errors\"} 1".to_owned(),
        "postonce_run_duration_seconds_count 1".to_owned(),
        "postonce_claims_total{outcome=\"posted\"} 2".to_owned(),
        "postonce_claims_total{outcome=\"in_doubt\"} 1".to_owned(),
        "postonce_claims_total{outcome=\"rejected\"} 0".to_owned(),
        "postonce_ledger_calls_total{operation=\"post\",result=\"posted\"} 2".to_owned(),
        "postonce_ledger_calls_total{operation=\"post\",result=\"in_doubt\"} 1".to_owned(),
        "postonce_ledger_call_duration_seconds_count{operation=\"post\"} 3".to_owned(),
    ] {
        assert!(text.lines().any(|shown| shown == line), "{line}\n{text}");
    }
}

#[tokio::test]
async fn a_lock_that_is_held_and_invoices_that_wait_are_measured() {
    let world = World::new();
    world.import(&["INV-1"]).await;
    world.clock.pass(Duration::from_secs(30));
    let Ports { lock, history, doubts, .. } = world.ports();
    let held = lock.try_acquire().await.unwrap();
    let reader = Arc::new(world.database.store.clone());
    let standing = StandingPorts { lock, history, reader, doubts };
    let meter = Meter::new(Arc::new(world.clock.clone()));
    let text = Standing::new(standing, meter, "9.9.9").text().await.unwrap();
    assert!(text.contains("\npostonce_lock_held 1\n"), "{text}");
    assert!(text.contains("\npostonce_ready_oldest_age_seconds 30\n"), "{text}");
    assert!(!text.contains("\npostonce_last_completed_run_timestamp_seconds "), "{text}");
    drop(held);
}
