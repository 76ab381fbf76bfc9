use super::*;

#[test]
fn a_request_is_seen_by_every_clone() {
    let flag = StopFlag::default();
    let clone = flag.clone();
    assert!(!clone.requested());
    flag.request();
    assert!(clone.requested() && flag.requested());
}
