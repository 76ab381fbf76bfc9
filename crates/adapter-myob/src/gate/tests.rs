//! Tests of `gate`.

use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::tests::host::TestClock;

fn body(clock: &Arc<TestClock>, gate: &Arc<Gate>) -> GatedBody {
    let not_after = NotAfter { boot: Duration::from_secs(10), wall: Timestamp::MAX };
    let clock: Arc<dyn Clock> = clock.clone();
    GatedBody::new("payload".to_owned(), Arc::clone(gate), not_after, clock)
}

fn poll(body: &mut GatedBody) -> Option<Result<Frame<Bytes>, TooLate>> {
    let mut context = Context::from_waker(std::task::Waker::noop());
    match Pin::new(body).poll_frame(&mut context) {
        Poll::Ready(frame) => frame,
        Poll::Pending => panic!("the body is never pending"),
    }
}

#[test]
fn a_body_in_time_passes_once() {
    let (clock, gate) = (Arc::new(TestClock::default()), Arc::new(Gate::default()));
    let mut body = body(&clock, &gate);
    assert_eq!(body.size_hint().exact(), Some(7));
    assert!(matches!(poll(&mut body), Some(Ok(_))));
    assert!(poll(&mut body).is_none());
    assert_eq!(gate.close(), Passage::Passed);
}

#[test]
fn the_clock_is_read_when_the_body_is_polled() {
    let (clock, gate) = (Arc::new(TestClock::default()), Arc::new(Gate::default()));
    let mut body = body(&clock, &gate);
    clock.advance(Duration::from_secs(10));
    assert!(matches!(poll(&mut body), Some(Err(TooLate))));
    assert_eq!(gate.close(), Passage::Refused);
}

#[test]
fn a_closed_gate_lets_nothing_through() {
    let (clock, gate) = (Arc::new(TestClock::default()), Arc::new(Gate::default()));
    let mut body = body(&clock, &gate);
    assert_eq!(gate.close(), Passage::Unused);
    assert!(matches!(poll(&mut body), Some(Err(TooLate))));
    assert_eq!(gate.close(), Passage::Unused);
}

#[test]
fn two_bodies_on_one_gate_pass_once() {
    let (clock, gate) = (Arc::new(TestClock::default()), Arc::new(Gate::default()));
    let (mut one, mut two) = (body(&clock, &gate), body(&clock, &gate));
    assert!(matches!(poll(&mut one), Some(Ok(_))));
    assert!(matches!(poll(&mut two), Some(Err(TooLate))));
}
