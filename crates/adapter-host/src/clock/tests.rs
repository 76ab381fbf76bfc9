use super::*;

#[test]
fn boot_time_is_running_and_never_goes_back() {
    let first = HostClock.boot();
    assert!(first > Duration::ZERO);
    assert!(HostClock.boot() >= first);
}

#[test]
fn wall_time_is_cut_to_microseconds() {
    let now = HostClock.wall();
    assert_eq!(now.subsec_nanosecond() % 1_000, 0);
    assert!(now > Timestamp::UNIX_EPOCH);
}

#[test]
fn a_sleep_lasts_as_long_as_it_was_asked_to() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build().unwrap();
    let before = HostClock.boot();
    runtime.block_on(HostClock.sleep(Duration::from_millis(5)));
    assert!(HostClock.boot() >= before + Duration::from_millis(5));
}
