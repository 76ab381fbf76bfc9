//! The run lock. The simulation keeps what is held, so that it can take it away as a server does.

use std::fmt;

use async_trait::async_trait;
use postonce_domain::{CompanyFile, Epoch};
use postonce_ports::lock::{HeldLock, LockAnswer, LockError, LockState, RunLock};

use super::{Gated, note};
use crate::coverage::Sometimes;
use crate::op::Op;
use crate::sim::{Event, Given, Hold, Sim, Status, Waits};

/// What a try to take the lock comes to.
enum Tried {
    /// Under this place of the simulation's list.
    Acquired(usize, String, Option<u64>),
    Busy(Option<postonce_ports::lock::Holder>),
    Failed(LockError),
}

impl fmt::Debug for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Acquired(_, owner, _) => write!(f, "acquired {owner}"),
            Self::Busy(holder) => write!(f, "busy {holder:?}"),
            Self::Failed(error) => write!(f, "failed {error:?}"),
        }
    }
}

fn unavailable() -> LockError {
    LockError::Unavailable { message: "the connection was lost, by plan".to_owned(), source: None }
}

#[async_trait]
impl RunLock for Gated {
    async fn try_acquire(&self) -> Result<LockAnswer, LockError> {
        let (own, actor) = (self.clone(), self.actor);
        let effect = move |given| async move {
            if matches!(given, Given::Unsent | Given::Panic) {
                note(&own.sim, actor, Op::Acquire, "", "fails, and has no effect");
                return Tried::Failed(unavailable());
            }
            if own.sim.state().modes.useless_lock {
                // The server has dropped the other's lock, and the other does not know.
                drop(own.sim.take_holds(|_| true));
            }
            let answer = own.inner.lock.try_acquire().await;
            let told = match (&answer, given) {
                (Ok(LockAnswer::Acquired(_)), Given::Lost) => "ok, and the answer is lost",
                (Ok(LockAnswer::Acquired(_)), _) => "ok",
                (Ok(LockAnswer::Busy(_)), _) => "busy",
                (Err(_), _) => "fails",
            };
            note(&own.sim, actor, Op::Acquire, "", told);
            match answer {
                // The connection that has it is lost, and so is the lock.
                Ok(LockAnswer::Acquired(_)) if given == Given::Lost => Tried::Failed(unavailable()),
                Ok(LockAnswer::Acquired(held)) => own.sim.keep(actor, held),
                Ok(LockAnswer::Busy(holder)) => {
                    own.sim.event(Event::Sometimes(Sometimes::LockRefused));
                    Tried::Busy(holder)
                }
                Err(error) => Tried::Failed(error),
            }
        };
        let tried = self.call(Op::Acquire, Waits::ForItsTurn, effect).await;
        match tried {
            Tried::Acquired(hold, owner, connection) => {
                let ports = self.clone();
                Ok(LockAnswer::Acquired(Box::new(GatedHold { ports, hold, owner, connection })))
            }
            Tried::Busy(holder) => Ok(LockAnswer::Busy(holder)),
            Tried::Failed(error) => Err(error),
        }
    }

    async fn state(&self) -> Result<LockState, LockError> {
        let inner = self.inner.clone();
        let effect = move |_| async move { inner.lock.state().await };
        self.call(Op::LockState, Waits::ForItsTurn, effect).await
    }
}

impl Sim {
    fn keep(&self, actor: usize, held: Box<dyn HeldLock>) -> Tried {
        let (owner, connection) = (held.owner(), held.connection_id());
        let mut state = self.state();
        state.holds.push(Hold { actor, inner: Some(held), told: false, orphaned: false });
        Tried::Acquired(state.holds.len() - 1, owner, connection)
    }

    /// Takes the locks of these holds, for the caller to drop: that frees them.
    pub(crate) fn take_holds(&self, which: impl Fn(&Hold) -> bool) -> Vec<Box<dyn HeldLock>> {
        let mut state = self.state();
        let lost = state.holds.iter_mut().filter(|hold| which(hold));
        lost.filter_map(|hold| hold.inner.take()).collect()
    }

    fn is_gone(&self, actor: usize) -> bool {
        self.state().actors.get(actor).is_none_or(|actor| actor.status == Status::Gone)
    }

    fn take_hold(&self, hold: usize) -> Option<Box<dyn HeldLock>> {
        self.state().holds.get_mut(hold).and_then(|hold| hold.inner.take())
    }

    fn put_back(&self, hold: usize, inner: Box<dyn HeldLock>) {
        if let Some(hold) = self.state().holds.get_mut(hold) {
            hold.inner = Some(inner);
        }
    }
}

struct GatedHold {
    ports: Gated,
    hold: usize,
    owner: String,
    connection: Option<u64>,
}

impl Drop for GatedHold {
    fn drop(&mut self) {
        // The dead do nothing: it is the server that notices.
        if !self.ports.sim.is_gone(self.ports.actor) {
            drop(self.ports.sim.take_hold(self.hold));
        }
    }
}

#[async_trait]
impl HeldLock for GatedHold {
    fn owner(&self) -> String {
        self.owner.clone()
    }

    fn connection_id(&self) -> Option<u64> {
        self.connection
    }

    async fn raise_epoch(&self, file: &CompanyFile) -> Result<Epoch, LockError> {
        let (sim, actor) = (self.ports.sim.clone(), self.ports.actor);
        let (hold, file) = (self.hold, file.clone());
        let effect = move |given| async move {
            let lock = match (given, sim.take_hold(hold)) {
                (Given::Unsent, lock) => {
                    drop(lock);
                    note(&sim, actor, Op::RaiseEpoch, "", "fails, and has no effect");
                    return Err(unavailable());
                }
                (_, None) => {
                    note(&sim, actor, Op::RaiseEpoch, "", "the lock is lost");
                    return Err(LockError::Lost);
                }
                (_, Some(lock)) => lock,
            };
            let epoch = lock.raise_epoch(&file).await;
            sim.event(Event::Touched { actor, file });
            sim.event(Event::Changed { actor: Some(actor), op: Op::RaiseEpoch });
            let lost = given == Given::Lost;
            note(
                &sim,
                actor,
                Op::RaiseEpoch,
                "",
                if lost { "is done; its answer is lost" } else { "" },
            );
            if lost {
                return Err(unavailable());
            }
            sim.put_back(hold, lock);
            epoch
        };
        self.ports.call(Op::RaiseEpoch, Waits::ForItsTurn, effect).await
    }

    fn is_lost(&self) -> bool {
        let mut state = self.ports.sim.state();
        // A lock that is lost is not known to be, until its holder is told.
        let lost = state.holds.get(self.hold).is_some_and(|hold| match &hold.inner {
            Some(inner) => inner.is_lost(),
            None => hold.told,
        });
        if state.modes.keys {
            state.mix(self.ports.actor, lost);
        }
        lost
    }

    async fn prove(&self) -> Result<(), LockError> {
        let (sim, hold) = (self.ports.sim.clone(), self.hold);
        let effect = move |given| async move {
            if given != Given::Normally {
                return Err(unavailable());
            }
            let Some(lock) = sim.take_hold(hold) else { return Err(LockError::Lost) };
            let proven = lock.prove().await;
            sim.put_back(hold, lock);
            proven
        };
        self.ports.call(Op::Prove, Waits::ForItsTurn, effect).await
    }

    async fn release(self: Box<Self>) -> Result<(), LockError> {
        let (sim, actor, hold) = (self.ports.sim.clone(), self.ports.actor, self.hold);
        let effect = move |given| async move {
            let Some(lock) = sim.take_hold(hold) else {
                note(&sim, actor, Op::Release, "", "the lock is lost");
                return Err(LockError::Lost);
            };
            if given != Given::Normally {
                // Its connection is closed, which frees it.
                drop(lock);
                note(&sim, actor, Op::Release, "", "unanswered; the connection is closed");
                return Err(unavailable());
            }
            let released = lock.release().await;
            note(&sim, actor, Op::Release, "", "");
            released
        };
        self.ports.call(Op::Release, Waits::ForItsTurn, effect).await
    }
}
