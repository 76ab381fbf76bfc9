//! The last check before a request's body leaves, on the connection already made.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use postonce_domain::NotAfter;
use postonce_ports::clock::Clock;

const OPEN: u8 = 0;
const PASSED: u8 = 1;
const REFUSED: u8 = 2;
const SHUT: u8 = 3;

/// How far a body came. It leaves [`Passage::Unused`] once and for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passage {
    /// Nobody asked for it, and nobody can any more.
    Unused,
    /// It was handed over: any part of it may have arrived.
    Passed,
    /// It was asked for too late, and refused.
    Refused,
}

/// Where sender and body agree on whether anything was handed over.
#[derive(Debug, Default)]
pub(crate) struct Gate(AtomicU8);

impl Gate {
    /// Of all calls to this and to [`close`](Self::close), the first decides.
    fn enter(&self, too_late: bool) -> bool {
        let next = if too_late { REFUSED } else { PASSED };
        let first = self.0.compare_exchange(OPEN, next, Ordering::SeqCst, Ordering::SeqCst);
        first.is_ok() && !too_late
    }

    /// Lets nothing through from here on, and says what went before.
    pub(crate) fn close(&self) -> Passage {
        match self.0.compare_exchange(OPEN, SHUT, Ordering::SeqCst, Ordering::SeqCst) {
            Ok(_) | Err(SHUT) => Passage::Unused,
            Err(REFUSED) => Passage::Refused,
            Err(_) => Passage::Passed,
        }
    }
}

/// A body that is handed over in one piece, once, and only before its time has passed.
///
/// The HTTP client polls it when the connection stands (name looked up, TCP and TLS done) and it
/// is about to write. A check made any earlier would leave all of that between check and wire.
pub(crate) struct GatedBody {
    payload: Option<Bytes>,
    gate: Arc<Gate>,
    not_after: NotAfter,
    clock: Arc<dyn Clock>,
}

/// The body was asked for too late.
#[derive(Debug, thiserror::Error)]
#[error("the request's time has passed")]
pub(crate) struct TooLate;

impl GatedBody {
    pub(crate) fn new(
        payload: String,
        gate: Arc<Gate>,
        not_after: NotAfter,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { payload: Some(payload.into()), gate, not_after, clock }
    }
}

impl Body for GatedBody {
    type Data = Bytes;
    type Error = TooLate;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TooLate>>> {
        if self.payload.is_none() {
            return Poll::Ready(None);
        }
        let too_late = self.not_after.has_passed(self.clock.boot(), self.clock.wall());
        if !self.gate.enter(too_late) {
            return Poll::Ready(Some(Err(TooLate)));
        }
        Poll::Ready(self.payload.take().map(|payload| Ok(Frame::data(payload))))
    }

    fn is_end_stream(&self) -> bool {
        self.payload.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let length = self.payload.as_ref().map_or(0, Bytes::len);
        SizeHint::with_exact(u64::try_from(length).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests;
