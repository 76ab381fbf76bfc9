use std::time::Duration;

use jiff::Timestamp;

use super::{DoubtPolicy, Misses, QuietParts};

const PARTS: QuietParts = QuietParts {
    send_window: QuietParts::SEND_WINDOW,
    post_timeout: Duration::from_secs(150),
    longest_call: Duration::from_secs(120),
    visibility: QuietParts::VISIBILITY,
};

#[test]
fn the_default_quiet_period_is_five_minutes() {
    assert_eq!(PARTS.quiet(None, false), Ok(Duration::from_secs(300)));
}

#[test]
fn a_shorter_quiet_period_needs_permission() {
    let short = Duration::from_secs(299);
    assert!(PARTS.quiet(Some(short), false).is_err());
    assert_eq!(PARTS.quiet(Some(short), true), Ok(short));
    assert!(PARTS.quiet(Some(Duration::from_secs(301)), false).is_ok());
}

#[test]
fn polls_spread_out_to_a_day_and_never_stop() {
    let policy = DoubtPolicy {
        quiet: PARTS.least(),
        recheck: Duration::from_secs(300),
        repost_absent: false,
    };
    let waits: Vec<u64> = (1..=12).map(|n| policy.next_check(n).as_secs()).collect();
    assert_eq!(waits[..4], [300, 600, 1_200, 2_400]);
    assert_eq!(waits[11], 86_400);
    assert_eq!(policy.next_check(u32::MAX).as_secs(), 86_400);
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

#[test]
fn two_misses_prove_absence_only_if_they_are_quiet_and_apart() {
    let recheck = Duration::from_secs(100);
    let quiet_until = at(300);
    let and = |misses: Misses, begun, now| misses.and(at(begun), at(now), quiet_until, recheck);
    let noisy = and(Misses::default(), 299, 301);
    assert_eq!(noisy, Misses::default());
    let once = and(noisy, 300, 310);
    assert_eq!((once.first, once.proven), (Some(at(310)), None));
    assert_eq!(once.again_at(recheck), Some(at(410)));
    assert_eq!(and(once, 409, 500), once);
    let proven = and(once, 410, 420);
    assert_eq!(proven.proven, Some(at(420)));
    assert_eq!(proven.again_at(recheck), None);
    assert_eq!(and(proven, 900, 900).proven, Some(at(420)));
}

#[test]
fn the_shortest_safe_period_needs_no_permission() {
    assert_eq!(PARTS.quiet(Some(PARTS.least()), false), Ok(PARTS.least()));
}
