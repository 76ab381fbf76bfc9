//! How many invoices are in flight, and that they go on whatever a run waits for.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use futures::stream::{FuturesUnordered, StreamExt as _};

/// Places for so many invoices on their way to the ledger's answer, and for as many whose answer
/// is being written down.
pub(crate) struct Room {
    most: usize,
    taken: AtomicUsize,
}

/// The place of one invoice, until this is dropped.
pub(crate) struct Place<'a>(&'a Room);

impl Room {
    pub(crate) fn new(most: usize) -> Self {
        Self { most, taken: AtomicUsize::new(0) }
    }

    /// Waits until one more invoice may be in flight.
    pub(crate) async fn place(
        &self,
        in_flight: &mut FuturesUnordered<impl Future<Output = ()>>,
    ) -> Place<'_> {
        poll_fn(|context| {
            go_on(in_flight, context);
            let is_free = self.taken.load(Ordering::Relaxed) < self.most;
            if is_free && in_flight.len() < self.most.saturating_mul(2) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
        self.taken.fetch_add(1, Ordering::Relaxed);
        Place(self)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Does `work` while what is in flight goes on: that may have what `work` waits for, such as a
/// connection.
pub(crate) async fn meanwhile<T>(
    in_flight: &mut FuturesUnordered<impl Future<Output = ()>>,
    work: impl Future<Output = T>,
) -> T {
    let mut work = pin!(work);
    poll_fn(|context| {
        go_on(in_flight, context);
        work.as_mut().poll(context)
    })
    .await
}

fn go_on(in_flight: &mut FuturesUnordered<impl Future<Output = ()>>, context: &mut Context<'_>) {
    while let Poll::Ready(Some(())) = in_flight.poll_next_unpin(context) {}
}
