//! What all requests share: the books, the list of requests, the rate limit, the stop signal.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::gate::{Bucket, Day};
use crate::requests::Requests;
use crate::store::{Session, Store};

/// One running sandbox. Locks are taken in the order of the fields.
#[derive(Debug)]
pub(crate) struct App {
    store: Store,
    requests: Mutex<Requests>,
    /// Which request each late effect came from, as long as it is not there yet.
    late_requests: Mutex<HashMap<u64, u64>>,
    /// Requests that may still pass in this second.
    pub(crate) bucket: Mutex<Bucket>,
    /// Requests that passed today.
    pub(crate) day: Mutex<Day>,
    /// How long every request takes at least.
    pub(crate) latency: Duration,
    /// The address that answers name when the request has no `Host`.
    pub(crate) url: String,
    stopped: watch::Sender<bool>,
}

impl App {
    /// Puts the parts together.
    pub(crate) fn new(store: Store, bucket: Bucket, latency: Duration, url: String) -> Self {
        Self {
            store,
            requests: Mutex::default(),
            late_requests: Mutex::default(),
            bucket: Mutex::new(bucket),
            day: Mutex::default(),
            latency,
            url,
            stopped: watch::Sender::new(false),
        }
    }

    /// The books, up to date.
    pub(crate) fn session(&self) -> Session<'_> {
        let mut session = self.store.session();
        self.note_late(&mut session);
        session
    }

    /// Notes in the list of requests which late effects `session` has seen happen.
    pub(crate) fn note_late(&self, session: &mut Session<'_>) {
        for id in session.late_done() {
            let seq = self.late_requests().remove(&id);
            if let Some(seq) = seq {
                self.requests().committed(seq);
            }
        }
    }

    /// The list of requests.
    pub(crate) fn requests(&self) -> MutexGuard<'_, Requests> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Late effects with the request they came from.
    pub(crate) fn late_requests(&self) -> MutexGuard<'_, HashMap<u64, u64>> {
        self.late_requests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends all effects and wakes whoever waits for [`stopped`](Self::stopped).
    pub(crate) fn stop(&self) {
        self.store.close();
        self.stopped.send_replace(true);
    }

    /// Resolves when the server stops.
    pub(crate) async fn stopped(&self) {
        let mut stopped = self.stopped.subscribe();
        // The sender lives in `self`, so the wait ends with `true`.
        drop(stopped.wait_for(|stopped| *stopped).await);
    }
}
