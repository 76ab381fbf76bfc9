//! The ports of a real process, each call of which stops where the simulation's stops.
//!
//! The calls are counted, named and broken as those of a schedule are, since they are the same
//! code. What lets them go on is the caller's: another process, by a pipe.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use postonce_domain::{
    ClaimToken, CompanyFile, Invoice, LedgerDocument, LedgerUid, Marker, NotSentCause, Outcome,
    PreparedRequest, SearchKey,
};
use postonce_engine::Ports;
use postonce_ports::clock::Clock;
use postonce_ports::ledger::{Ledger, LedgerError, PrepareError, Receipt};

use crate::StorePorts;
use crate::call::Call;
use crate::gated::Gated;
use crate::op::Op;
use crate::sim::{Actor, Given, Modes, Sim, Waits};

/// Told of each call that waits.
pub(crate) type Told = Arc<dyn Fn(&Sim, At) + Send + Sync>;

/// A call that waits to be let go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    pub(crate) id: u64,
    /// Which choice point of the process it is, from 1; 0 if it is none and need not wait.
    pub nth: u32,
    /// What it calls.
    pub op: Op,
}

/// What stands between a process's engine and its ports.
#[derive(Clone)]
pub struct Gate(Sim);

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").finish_non_exhaustive()
    }
}

impl Gate {
    /// One that tells `told` of each call, which then waits for [`Self::let_go`].
    pub fn new(told: impl Fn(&Self, At) + Send + Sync + 'static) -> Self {
        let sim = Sim::default();
        sim.reset(Modes::default());
        let mut state = sim.state();
        state.actors.push(Actor::new(None));
        state.told = Some(Arc::new(move |sim, at| told(&Self(sim.clone()), at)));
        drop(state);
        Self(sim)
    }

    /// The ports that the engine gets. `outer` are those that the process has, with the store
    /// ports once more as the kit wants them.
    pub fn ports(&self, stores: StorePorts, outer: Ports) -> Ports {
        let gated = Gated { sim: self.0.clone(), actor: 0, inner: stores };
        let outside =
            Arc::new(Outside { gated: gated.clone(), ledger: outer.ledger, clock: outer.clock });
        Ports {
            ledger: outside.clone(),
            clock: outside,
            ids: outer.ids,
            flags: outer.flags,
            ..gated.ports()
        }
    }

    /// Lets a call go on: does what it does, and wakes its caller.
    pub async fn let_go(self, at: At, given: Given) {
        let effect = {
            let mut state = self.0.state();
            // Nobody looks at them here.
            state.events.clear();
            let call = state.parked.iter_mut().find(|call| call.id == at.id);
            call.and_then(|call| call.effect.take())
        };
        if let Some(effect) = effect {
            effect(given).await;
        }
        let waker = {
            let mut state = self.0.state();
            let call = state.parked.iter_mut().find(|call| call.id == at.id);
            call.and_then(|call| {
                call.given = Some(given);
                call.waker.take()
            })
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// A real ledger and real clocks behind the same gates.
struct Outside {
    gated: Gated,
    ledger: Arc<dyn Ledger>,
    clock: Arc<dyn Clock>,
}

fn unavailable() -> LedgerError {
    LedgerError::Unavailable { message: "no answer, by plan".to_owned(), source: None }
}

fn locked<T>(slot: &Mutex<T>) -> MutexGuard<'_, T> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Sim {
    /// Tells of a call that was parked silently.
    fn tell_of<T>(&self, call: &Call<T>) {
        let state = self.state();
        let parked = state.parked.iter().find(|it| Some(it.id) == call.id());
        let at = parked.map(|it| At { id: it.id, nth: it.nth, op: it.op });
        let told = state.told.clone();
        drop(state);
        if let (Some(at), Some(told)) = (at, told) {
            told(self, at);
        }
    }

    /// The number of a call that comes to nothing is the next one's, if there was none since.
    fn give_number_back<T>(&self, call: &Call<T>) {
        let mut state = self.state();
        let nth = state.parked.iter().find(|it| Some(it.id) == call.id()).map(|it| it.nth);
        if let Some(actor) = state.actors.first_mut()
            && nth == Some(actor.steps)
        {
            actor.steps -= 1;
        }
    }
}

impl Outside {
    /// A question to the ledger.
    async fn ask<T, E, F>(
        &self,
        op: Op,
        question: impl FnOnce(Arc<dyn Ledger>) -> F + Send + 'static,
    ) -> Result<T, E>
    where
        T: fmt::Debug + Send + 'static,
        E: From<LedgerError> + fmt::Debug + Send + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let ledger = Arc::clone(&self.ledger);
        let effect = move |given| async move {
            if given == Given::Normally {
                question(ledger).await
            } else {
                Err(unavailable().into())
            }
        };
        self.gated.call(op, Waits::ForItsTurn, effect).await
    }
}

#[async_trait]
impl Ledger for Outside {
    async fn prepare(
        &self,
        invoice: &Invoice,
        marker: Marker,
    ) -> Result<PreparedRequest, PrepareError> {
        let invoice = invoice.clone();
        let question =
            move |ledger: Arc<dyn Ledger>| async move { ledger.prepare(&invoice, marker).await };
        self.ask(Op::Prepare, question).await
    }

    async fn check(&self, invoice: &Invoice) -> Result<(), PrepareError> {
        let invoice = invoice.clone();
        let question = move |ledger: Arc<dyn Ledger>| async move { ledger.check(&invoice).await };
        self.ask(Op::Check, question).await
    }

    async fn post(&self, token: ClaimToken) -> Receipt {
        let not = |cause, reason: &str| {
            Receipt::from(Outcome::NotSent { cause, reason: reason.to_owned() })
        };
        let given = |given| async move { given };
        match self.gated.call(Op::Post, Waits::ForItsTurn, given).await {
            Given::Unsent => return not(NotSentCause::NoConnection, "no connection"),
            Given::Limited => return not(NotSentCause::RateLimited, "too many requests"),
            Given::Normally | Given::Lost | Given::Panic => {}
        }
        // As in a schedule: the answer has its number as soon as the request is on its way, and is
        // told of when it is there.
        let told = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&told);
        let bring = move |_| async move { locked(&slot).take() };
        let sim = &self.gated.sim;
        let mut answer = Call::new(sim, (0, Op::Answer), Waits::ForRequest(0), bring);
        let unanswered = futures::poll!(&mut answer).is_pending();
        let receipt = self.ledger.post(token).await;
        // What has not left has no answer to wait for.
        let has_left = !matches!(
            receipt.outcome,
            Outcome::NotSent { cause: NotSentCause::Expired | NotSentCause::NoConnection, .. }
        );
        if !has_left || !unanswered {
            sim.give_number_back(&answer);
            return receipt;
        }
        *locked(&told) = Some(receipt);
        sim.tell_of(&answer);
        answer.await.unwrap_or_else(|| not(NotSentCause::NoConnection, "no connection"))
    }

    async fn search(
        &self,
        file: &CompanyFile,
        key: &SearchKey,
    ) -> Result<Vec<LedgerDocument>, LedgerError> {
        let (file, key) = (file.clone(), key.clone());
        let question =
            move |ledger: Arc<dyn Ledger>| async move { ledger.search(&file, &key).await };
        self.ask(Op::Search, question).await
    }

    async fn document(
        &self,
        file: &CompanyFile,
        uid: &LedgerUid,
    ) -> Result<Option<LedgerDocument>, LedgerError> {
        let (file, uid) = (file.clone(), uid.clone());
        let question =
            move |ledger: Arc<dyn Ledger>| async move { ledger.document(&file, &uid).await };
        self.ask(Op::Document, question).await
    }

    async fn reach(&self, file: &CompanyFile) -> Result<(), LedgerError> {
        let file = file.clone();
        let question = move |ledger: Arc<dyn Ledger>| async move { ledger.reach(&file).await };
        self.ask(Op::Reach, question).await
    }
}

#[async_trait]
impl Clock for Outside {
    fn boot(&self) -> Duration {
        self.clock.boot()
    }

    fn wall(&self) -> Timestamp {
        self.clock.wall()
    }

    /// It ends when it is let go on: whoever lets it go has let the time pass.
    async fn sleep(&self, time: Duration) {
        self.gated.sleep(time).await;
    }
}
