//! A port call: it parks, is let go on, has its effect, and tells its answer.
//!
//! The effect belongs to the simulation from the moment the call is parked, so that a crash can
//! leave it behind.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use futures::future::BoxFuture;

use crate::op::Op;
use crate::sim::{Effect, Given, Sim, Waits};

/// What a panic by plan is thrown with, so that any other is told from it.
pub(crate) struct PlannedPanic;

/// Where the effect leaves its answer.
type Slot<T> = Arc<Mutex<Option<T>>>;

/// A call that parks until it is let go on. Dropping it takes it back.
pub(crate) struct Call<T> {
    sim: Sim,
    actor: usize,
    op: Op,
    waits: Waits,
    /// Until it is parked.
    effect: Option<Effect>,
    /// Once it is.
    id: Option<u64>,
    answer: Slot<T>,
}

impl<T: Send + 'static> Call<T> {
    /// A call of `actor` whose effect makes the answer.
    pub(crate) fn new<F>(
        sim: &Sim,
        (actor, op): (usize, Op),
        waits: Waits,
        effect: impl FnOnce(Given) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = T> + Send + 'static,
    {
        let answer: Slot<T> = Slot::default();
        let slot = Arc::clone(&answer);
        let effect = Box::new(move |given| -> BoxFuture<'static, ()> {
            let work = effect(given);
            Box::pin(async move {
                let made = work.await;
                *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(made);
            })
        });
        Self { sim: sim.clone(), actor, op, waits, effect: Some(effect), id: None, answer }
    }
}

impl<T> Call<T> {
    /// Once it is parked.
    pub(crate) fn id(&self) -> Option<u64> {
        self.id
    }
}

impl<T> Future for Call<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let Some(id) = self.id else {
            let effect = self.effect.take();
            let id = self.sim.park((self.actor, self.op), self.waits, effect, context.waker());
            self.id = Some(id);
            return Poll::Pending;
        };
        let taken = self.answer.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(answer) = taken else {
            // Somebody else's wake reached this task.
            let mut state = self.sim.state();
            if let Some(call) = state.parked.iter_mut().find(|call| call.id == id) {
                call.waker = Some(context.waker().clone());
            }
            return Poll::Pending;
        };
        self.id = None;
        let given = self.sim.unpark(id);
        if given == Some(Given::Panic) {
            // Without the panic hook: thousands of these are on purpose.
            std::panic::resume_unwind(Box::new(PlannedPanic));
        }
        Poll::Ready(answer)
    }
}

impl<T> Drop for Call<T> {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            self.sim.unpark(id);
        }
    }
}
