use std::time::Duration;

use postonce_domain::{OutcomeName, StopCause};

use super::Tally;

#[test]
fn the_gravest_cause_is_kept() {
    let tally = Tally::default();
    tally.halt(StopCause::LedgerUnavailable, "first");
    tally.halt(StopCause::LedgerUnavailable, "second");
    tally.halt(StopCause::Cancelled, "milder");
    assert_eq!(tally.stopped(), Some((StopCause::LedgerUnavailable, "first".to_owned())));
    tally.halt(StopCause::LockLost, "graver");
    assert_eq!(tally.stopped().map(|(cause, _)| cause), Some(StopCause::LockLost));
}

#[test]
fn a_limit_of_claims_is_kept_and_an_unmade_claim_does_not_count() {
    let tally = Tally::default();
    assert!(tally.take_claim(Some(1)));
    assert!(!tally.take_claim(Some(1)));
    tally.give_back_claim();
    assert!(tally.take_claim(Some(1)));
}

#[test]
fn claims_without_a_counted_end_are_in_doubt() {
    let tally = Tally::default();
    for _ in 0..3 {
        assert!(tally.take_claim(None));
    }
    tally.ended(OutcomeName::Posted);
    tally.count_the_rest(false);
    let counts = tally.counts();
    assert_eq!((counts.claimed, counts.posted, counts.in_doubt), (3, 1, 2));
}

#[test]
fn a_claim_that_the_database_does_not_have_is_none() {
    let tally = Tally::default();
    assert!(tally.take_claim(None) && tally.take_claim(None));
    tally.ended(OutcomeName::Posted);
    tally.count_the_rest(true);
    let counts = tally.counts();
    assert_eq!((counts.claimed, counts.posted, counts.in_doubt), (1, 1, 0));
}

#[test]
fn slowing_down_grows_once_per_pause_and_ends_with_an_answer() {
    let tally = Tally::default();
    let seconds = Duration::from_secs;
    tally.slow_down(seconds(10));
    tally.slow_down(seconds(10));
    assert_eq!(tally.resume_at(), seconds(11));
    tally.slow_down(seconds(11));
    assert_eq!(tally.resume_at(), seconds(13));
    tally.ledger_answered();
    tally.slow_down(seconds(20));
    assert_eq!(tally.resume_at(), seconds(21));
}

#[test]
fn progress_is_written_twice_a_second_at_most() {
    let tally = Tally::default();
    let due =
        [600, 601, 1_099, 1_100, 1_599, 2_000].map(|ms| tally.one_done(Duration::from_millis(ms)));
    assert_eq!(due, [true, false, false, true, false, true]);
    assert_eq!(tally.done(), 6);
}
