//! The place where every port call of every actor parks until the script lets it go on.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use postonce_domain::{ClaimId, InstallationId, LedgerUid, PreparedRequest};
use postonce_ports::clock::{Clock, Ids, Stop};
use uuid::Uuid;

/// What goes wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Nothing.
    None,
    /// It fails before it has an effect.
    Before,
    /// It has its effect, and the answer is lost.
    After,
    /// A request stays in the air after its sender has given up.
    Late,
    /// The other side says no.
    No,
}

/// A document in the ledger, or a request on its way there.
#[derive(Clone, Debug)]
pub(super) struct Document {
    pub(super) uid: LedgerUid,
    pub(super) request: PreparedRequest,
    pub(super) sent_at: Duration,
}

#[derive(Debug)]
struct Parked {
    actor: usize,
    op: &'static str,
    granted: Option<Fault>,
    waker: Option<Waker>,
}

/// The world outside the database, which all actors share.
#[derive(Debug, Default)]
pub(super) struct Outside {
    parked: BTreeMap<u64, Parked>,
    calls: u64,
    ids: u128,
    pub(super) now: Duration,
    pub(super) documents: Vec<Document>,
    pub(super) in_the_air: Vec<Document>,
}

/// A handle to it.
#[derive(Clone, Debug, Default)]
pub(super) struct Gate(Arc<Mutex<Outside>>);

impl Gate {
    pub(super) fn outside(&self) -> MutexGuard<'_, Outside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Parks `actor` before `op` until the script goes on with it; says what goes wrong.
    pub(super) fn pass(&self, actor: usize, op: &'static str) -> Pass {
        Pass { gate: self.clone(), actor, op, id: None }
    }

    /// The parked calls, oldest first.
    pub(super) fn parked(&self) -> Vec<(u64, usize, &'static str)> {
        let outside = self.outside();
        let waiting = outside.parked.iter().filter(|(_, call)| call.granted.is_none());
        waiting.map(|(id, call)| (*id, call.actor, call.op)).collect()
    }

    /// Lets a call go on. A sleeper wakes when its time has come.
    pub(super) fn grant(&self, id: u64, fault: Fault) {
        let waker = {
            let mut outside = self.outside();
            outside.now += Duration::from_millis(1);
            outside.parked.get_mut(&id).and_then(|call| {
                call.granted = Some(fault);
                call.waker.take()
            })
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(super) fn next_id(&self) -> u128 {
        let mut outside = self.outside();
        outside.ids += 1;
        outside.ids
    }

    /// A request reaches the ledger.
    pub(super) fn arrive(&self, document: Document) {
        self.outside().documents.push(document);
    }

    pub(super) fn document(&self, request: PreparedRequest) -> Document {
        let uid = LedgerUid::parse(&format!("doc-{}", self.next_id())).unwrap();
        Document { uid, request, sent_at: self.outside().now }
    }
}

/// See [`Gate::pass`]. Dropping it takes the call back.
pub(super) struct Pass {
    gate: Gate,
    actor: usize,
    op: &'static str,
    id: Option<u64>,
}

impl Future for Pass {
    type Output = Fault;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Fault> {
        let gate = self.gate.clone();
        let mut outside = gate.outside();
        let id = if let Some(id) = self.id {
            id
        } else {
            outside.calls += 1;
            let (id, actor, op) = (outside.calls, self.actor, self.op);
            outside.parked.insert(id, Parked { actor, op, granted: None, waker: None });
            self.id = Some(id);
            id
        };
        let call = outside.parked.get_mut(&id).expect("a call is parked until it is answered");
        let Some(fault) = call.granted else {
            call.waker = Some(context.waker().clone());
            return Poll::Pending;
        };
        outside.parked.remove(&id);
        self.id = None;
        Poll::Ready(fault)
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            self.gate.outside().parked.remove(&id);
        }
    }
}

/// One actor's view of time and chance.
#[derive(Clone, Debug)]
pub(super) struct ActorClock {
    pub(super) gate: Gate,
    pub(super) actor: usize,
}

#[async_trait]
impl Clock for ActorClock {
    fn boot(&self) -> Duration {
        self.gate.outside().now
    }

    fn wall(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + self.gate.outside().now
    }

    async fn sleep(&self, time: Duration) {
        let until = self.boot() + time;
        self.gate.pass(self.actor, "sleep").await;
        // Whoever lets a sleeper go on lets its time pass.
        let mut outside = self.gate.outside();
        outside.now = outside.now.max(until);
    }
}

impl Ids for Gate {
    fn claim_id(&self) -> ClaimId {
        ClaimId(Uuid::from_u128(self.next_id()))
    }

    fn installation_id(&self) -> InstallationId {
        InstallationId(Uuid::from_u128(self.next_id()))
    }
}

/// Nobody wants to stop.
pub(super) struct GoOn;

impl Stop for GoOn {
    fn requested(&self) -> bool {
        false
    }
}
