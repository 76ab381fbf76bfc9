//! Tests of what happens when the ledger wants fewer requests.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use postonce_domain::{NotSentCause, Outcome};
use postonce_ports::clock::Clock;
use postonce_ports::ledger::Ledger;

use crate::refusal::RateLimit;
use crate::tests::ledger::{World, file, invoice, marker};
use crate::tests::server::{Reply, Seen, answer, answer_with, page};

const SECOND: &str =
    "{\"Errors\":[{\"Name\":\"RateLimitError\",\"Message\":\"the per-second rate limit\"}]}";
const DAY: &str =
    "{\"Errors\":[{\"Name\":\"RateLimitError\",\"Message\":\"the daily rate limit\"}]}";

fn is_list(seen: &Seen) -> bool {
    seen.method == "GET" && seen.target.contains("/Sale/Invoice?")
}

/// A world whose list of invoices is refused `times` times.
fn refusing(times: usize, refusal: impl Fn() -> Reply + Send + Sync + 'static) -> World {
    let refused = AtomicUsize::new(0);
    World::new(move |seen| {
        let early = is_list(seen) && refused.fetch_add(1, Ordering::SeqCst) < times;
        early.then(&refusal).or_else(|| is_list(seen).then(|| page("")))
    })
}

async fn search(world: &World) -> Result<Duration, String> {
    let key = postonce_domain::SearchKey::Number(invoice().parts().number.clone());
    let begun = world.clock.boot();
    let found = world.ledger.search(&file(), &key).await;
    found.map(|_| world.clock.boot().saturating_sub(begun)).map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_read_outlasts_more_refusals_than_failures() {
    let world = refusing(7, || answer(403, SECOND));
    // 1 + 2 + 4 + 8 + 8 + 8 + 8
    assert_eq!(search(&world).await.unwrap(), Duration::from_secs(39));
    assert_eq!(world.server.count("GET", "/Sale/Invoice?"), 8);
}

#[tokio::test]
async fn a_read_that_is_refused_for_a_minute_names_the_mend() {
    let world = refusing(usize::MAX, || answer(429, ""));
    let error = search(&world).await.unwrap_err();
    assert!(error.contains("429") && error.contains("`ledger.rate_share_percent`"), "{error}");
}

#[tokio::test]
async fn an_answer_in_between_makes_the_next_wait_short_again() {
    let world = refusing(3, || answer(403, SECOND));
    search(&world).await.unwrap();
    world.ledger.api.rate.refused(&RateLimit {
        daily: false,
        retry_after: None,
        why: String::new(),
    });
    assert_eq!(search(&world).await.unwrap(), Duration::from_secs(1));
}

#[tokio::test]
async fn the_wait_that_the_answer_asks_for_is_kept_within_bounds() {
    for (asked, waited) in [("5", 5), ("3600", 8), ("soon", 1)] {
        let header = format!("Retry-After: {asked}\r\n");
        let world = refusing(1, move || answer_with(429, &header, ""));
        assert_eq!(search(&world).await.unwrap(), Duration::from_secs(waited), "{asked}");
    }
}

#[tokio::test]
async fn when_the_day_is_used_up_nothing_more_is_asked() {
    let world = refusing(1, || answer(403, DAY));
    let asked = || world.server.count("GET", "/Sale/Invoice?");
    for _ in 0..3 {
        let error = search(&world).await.unwrap_err();
        assert!(error.contains("limit of the day"), "{error}");
        assert!(error.contains("the daily rate limit"), "{error}");
    }
    assert_eq!(asked(), 1);
    world.clock.advance(Duration::from_secs(600));
    search(&world).await.unwrap();
    assert_eq!(asked(), 2);
}

#[tokio::test]
async fn a_refused_post_keeps_reads_waiting() {
    let world = World::new(|seen| {
        (seen.method == "POST" && seen.target.contains("/Sale/Invoice"))
            .then(|| answer(403, SECOND))
    });
    let claim = world.claim().await;
    let outcome = world.ledger.post(claim).await.outcome;
    let limited = matches!(outcome, Outcome::NotSent { cause: NotSentCause::RateLimited, .. });
    assert!(limited, "{outcome:?}");
    assert_eq!(search(&world).await.unwrap(), Duration::from_secs(1));
}

#[tokio::test]
async fn a_share_of_the_rate_is_that_much_slower() {
    let world = World::with(
        |_| None,
        |options| {
            options.rate_per_second = 8;
            options.rate_share_percent = 25;
        },
    );
    world.ledger.prepare(&invoice(), marker()).await.unwrap();
    let begun = world.clock.boot();
    for _ in 0..4 {
        world.ledger.prepare(&invoice(), marker()).await.unwrap();
    }
    assert_eq!(world.clock.boot().saturating_sub(begun), Duration::from_secs(2));
}

#[tokio::test]
async fn what_was_under_way_together_is_refused_once_and_taken_without_a_word() {
    let world = World::new(|seen| is_list(seen).then(|| page("")));
    let limit = |seconds: Option<u64>| RateLimit {
        daily: false,
        retry_after: seconds.map(Duration::from_secs),
        why: String::new(),
    };
    let rate = &world.ledger.api.rate;
    rate.refused(&limit(None));
    rate.refused(&limit(None));
    rate.taken();
    assert_eq!(search(&world).await.unwrap(), Duration::from_secs(1));
    rate.refused(&limit(None));
    rate.refused(&limit(Some(5)));
    assert_eq!(search(&world).await.unwrap(), Duration::from_secs(5), "the longer wait counts");
}

#[tokio::test]
async fn ledgers_that_share_a_rate_wait_for_each_others_places() {
    let by_two = |options: &mut crate::Options| options.rate_per_second = 2;
    let one = World::with(|_| None, by_two);
    let other = World::with(|_| None, by_two);
    let sharing = other.ledger.sharing(one.ledger.rate());
    one.ledger.prepare(&invoice(), marker()).await.unwrap();
    sharing.prepare(&invoice(), marker()).await.unwrap();
    let begun = one.clock.boot();
    for _ in 0..2 {
        one.ledger.prepare(&invoice(), marker()).await.unwrap();
        sharing.prepare(&invoice(), marker()).await.unwrap();
    }
    assert_eq!(one.clock.boot().saturating_sub(begun), Duration::from_secs(2));
}
