//! What posting promises, whatever the sandbox is told to do.

use std::time::Duration;

use postonce_domain::{NotSentCause, Outcome};
use postonce_ports::ledger::Ledger;
use serde_json::json;

use super::world::{World, invoice};

/// A name for what a POST came to, with the cause if it was not sent.
fn name(outcome: &Outcome) -> String {
    match outcome {
        Outcome::NotSent { cause, .. } => cause.as_str().to_owned(),
        Outcome::Posted { .. } | Outcome::Rejected { .. } | Outcome::InDoubt { .. } => {
            outcome.name().as_str().to_owned()
        }
    }
}

/// Every fault, what the ledger makes of it, and whether the invoice is in the books.
const FAULTS: [(&str, &str, usize); 19] = [
    ("delay", "posted", 1),
    ("drop", "in_doubt", 0),
    ("commit_then_drop", "in_doubt", 1),
    ("error_500", "in_doubt", 0),
    ("error_500_committed", "in_doubt", 1),
    ("gateway_timeout", "in_doubt", 0),
    ("gateway_timeout_committed", "in_doubt", 1),
    ("unavailable_503", "in_doubt", 0),
    ("rate_limit", "rate_limited", 0),
    ("too_many_429", "rate_limited", 0),
    ("unauthorised", "unauthorised", 0),
    ("access_denied", "access_denied", 0),
    ("not_found", "access_denied", 0),
    ("reject", "rejected", 0),
    ("redirect_307", "in_doubt", 0),
    ("truncate_body", "in_doubt", 1),
    ("empty_201", "posted", 1),
    ("no_location_201", "in_doubt", 1),
    ("html_error", "in_doubt", 0),
];

#[tokio::test]
async fn every_answer_is_told_for_what_it_is_after_one_request() {
    for (action, expected, booked) in FAULTS {
        let world = World::new().await;
        world.fault(json!({"action": action})).await;
        let outcome = world.post(&invoice("INV-1")).await;
        assert_eq!(name(&outcome), expected, "{action}: {outcome}");
        assert_eq!(world.control("ledger").await["posts_received"], 1, "{action}");
        assert_eq!(world.books().await.len(), booked, "{action}");
    }
}

#[tokio::test]
async fn a_rate_limit_may_be_configured_as_doubt() {
    let world = World::with(0, |options| options.rate_limit_is_not_sent = false).await;
    world.fault(json!({"action": "rate_limit"})).await;
    assert_eq!(name(&world.post(&invoice("INV-1")).await), "in_doubt");
}

#[tokio::test]
async fn an_answer_that_comes_too_late_is_in_doubt_though_it_took_effect() {
    let short = Duration::from_millis(200);
    let world = World::with(0, |options| options.post_timeout = short).await;
    world.fault(json!({"action": "commit_then_drop", "delay_ms": 60_000})).await;
    assert_eq!(name(&world.post(&invoice("INV-1")).await), "in_doubt");
    assert_eq!(world.control("ledger").await["posts_received"], 1);
}

#[tokio::test]
async fn a_token_whose_time_has_passed_sends_nothing() {
    let world = World::new().await;
    let token = world.claim(world.prepared(&invoice("INV-1")).await);
    world.clock.forward(Duration::from_secs(10));
    let outcome = world.ledger.post(token).await.outcome;
    assert_eq!(name(&outcome), NotSentCause::Expired.as_str());
    assert_eq!(world.books().await.len(), 0);
}

#[tokio::test]
async fn references_that_name_nothing_any_more_are_asked_for_again() {
    let world = World::new().await;
    assert_eq!(name(&world.post(&invoice("INV-1")).await), "posted");
    world.reset().await;
    // The customer, the account and the tax code have other UIDs now.
    assert_eq!(name(&world.post(&invoice("INV-1")).await), "rejected");
    assert_eq!(name(&world.post(&invoice("INV-1")).await), "posted");
}
