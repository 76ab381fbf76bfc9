use std::time::Duration;

use jiff::Timestamp;

use super::NotAfter;

#[test]
fn either_clock_ends_a_token() {
    let wall = Timestamp::from_second(1_000).unwrap();
    let later = Timestamp::from_second(2_000).unwrap();
    let not_after = NotAfter { boot: Duration::from_secs(10), wall: later };
    assert!(!not_after.has_passed(Duration::from_secs(9), wall));
    assert!(not_after.has_passed(Duration::from_secs(10), wall));
    assert!(not_after.has_passed(Duration::from_secs(9), later));
}
