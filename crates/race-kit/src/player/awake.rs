//! Who can go on by himself does, until nobody can.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures::future::BoxFuture;
use postonce_domain::{RunResult, StopCause};

use super::Player;
use crate::call::PlannedPanic;
use crate::cast::Ended;
use crate::deed::Deed;
use crate::invariant::{Invariant, Verdict, broken};
use crate::op::Kind;
use crate::sim::{Given, Status};

/// Says that a task can go on.
#[derive(Debug, Default)]
pub(super) struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// An actor's work.
pub(super) struct Task {
    pub(super) work: Option<BoxFuture<'static, Ended>>,
    flag: Arc<Flag>,
    waker: Waker,
}

impl Task {
    /// One that has not begun, and is woken to begin.
    pub(super) fn new(work: BoxFuture<'static, Ended>) -> Self {
        let flag = Arc::new(Flag(AtomicBool::new(true)));
        let waker = Waker::from(Arc::clone(&flag));
        Self { work: Some(work), flag, waker }
    }
}

impl Player<'_> {
    /// Lets everybody who was woken run, and does what is no choice point, until nobody can go on
    /// by himself. Then looks at what has changed.
    pub(super) fn settle(&mut self) -> Verdict {
        loop {
            self.poll_woken()?;
            self.note_holder();
            let auto = {
                let state = self.sim.state();
                let mut parked = state.parked.iter();
                parked.find(|call| call.nth == 0 && state.is_enabled(call)).map(|call| call.id)
            };
            let Some(id) = auto else { break };
            self.let_go(id, Given::Normally)?;
        }
        self.monitor.after_step(&*self.world, &self.sim)?;
        if self.options.coverage {
            self.played.states.push(self.monitor.state_key(&self.sim));
        }
        Ok(())
    }

    pub(super) fn poll_woken(&mut self) -> Verdict {
        let mut again = true;
        while again {
            again = false;
            for actor in 0..self.tasks.len() {
                let Some(task) = self.tasks.get_mut(actor) else { continue };
                if !task.flag.0.swap(false, Ordering::Relaxed) {
                    continue;
                }
                let Some(work) = task.work.as_mut() else { continue };
                again = true;
                let mut context = Context::from_waker(&task.waker);
                let poll = || work.as_mut().poll(&mut context);
                match std::panic::catch_unwind(AssertUnwindSafe(poll)) {
                    Ok(Poll::Pending) => {}
                    Ok(Poll::Ready(ended)) => {
                        task.work = None;
                        self.ended(actor, &ended)?;
                    }
                    Err(panic) => {
                        self.end(actor);
                        check_panic(&*panic)?;
                    }
                }
            }
        }
        Ok(())
    }

    pub(super) fn ended(&mut self, actor: usize, ended: &Ended) -> Verdict {
        self.end(actor);
        match ended {
            Ended::Run(Ok(RunResult::Ran(end))) => {
                self.monitor.run_ended(&self.sim, actor, end)?;
                match &end.stopped {
                    Some((cause, words)) if self.is_calm && *cause != StopCause::Alarm => {
                        broken(Invariant::L1, format!("a calm run is stopped: {words}"))
                    }
                    _ => Ok(()),
                }
            }
            Ended::Run(Ok(RunResult::Skipped(_))) => {
                self.turned_away = true;
                Ok(())
            }
            Ended::Run(Err(error)) if self.is_calm => {
                broken(Invariant::L1, format!("a calm run fails: {error}"))
            }
            Ended::Run(Err(_)) | Ended::Other => Ok(()),
        }
    }

    /// An actor's work is over: nothing of it is left.
    pub(super) fn end(&mut self, actor: usize) {
        if let Some(task) = self.tasks.get_mut(actor) {
            drop(task.work.take());
        }
        if let Some(actor) = self.sim.state().actors.get_mut(actor) {
            actor.status = Status::Gone;
        }
    }

    /// Lets a parked call go on: it has its effect, and its caller is woken.
    pub(super) fn let_go(&mut self, id: u64, given: Given) -> Verdict {
        let (effect, given) = {
            let mut state = self.sim.state();
            let Some(call) = state.parked.iter_mut().find(|call| call.id == id) else {
                return Ok(());
            };
            let given = if call.doomed { Given::Unsent } else { given };
            let (actor, nth, op) = (call.actor, call.nth, call.op);
            let effect = call.effect.take();
            if let Some(own) = state.actors.get_mut(actor) {
                let of_database = matches!(op.kind(), Kind::Read | Kind::Write | Kind::Lock);
                own.failed |= of_database && given != Given::Normally;
                own.panicked |= given == Given::Panic;
            }
            if nth > 0 {
                state.done(Deed::Call { actor, nth, op, given });
            }
            (effect, given)
        };
        if let Some(effect) = effect
            && !self.world.drive(effect(given))
        {
            return broken(Invariant::L2, "a call does not come to its end");
        }
        // Before anybody goes on: what this call has changed is this call's doing.
        self.monitor.after_step(&*self.world, &self.sim)?;
        let waker = {
            let mut state = self.sim.state();
            let call = state.parked.iter_mut().find(|call| call.id == id);
            call.and_then(|call| {
                call.given = Some(given);
                call.waker.take()
            })
        };
        if let Some(waker) = waker {
            waker.wake();
        }
        Ok(())
    }
}

/// A panic that no plan wanted is a bug of the code under test.
fn check_panic(panic: &(dyn Any + Send)) -> Verdict {
    if panic.is::<PlannedPanic>() {
        return Ok(());
    }
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    broken(Invariant::S15, format!("a panic: {}", text.unwrap_or("it does not say of what")))
}
