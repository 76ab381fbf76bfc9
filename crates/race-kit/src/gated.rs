//! The ports of one actor, each call of which parks until the schedule lets it go on.

mod flags;
mod history;
mod ledger;
mod lock;
mod store;

use std::fmt::Debug;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use postonce_domain::{ClaimId, InstallationId};
use postonce_engine::Ports;
use postonce_ports::clock::{Clock, Ids, Stop};
use postonce_ports::error::StoreError;
use uuid::Uuid;

use self::flags::Unflagged;
use crate::call::Call;
use crate::op::Op;
use crate::record::{Lane, Weight};
use crate::sim::{Event, Given, Sim, Waits};
use crate::world::StorePorts;

/// All ports of one actor.
#[derive(Clone)]
pub(crate) struct Gated {
    pub(crate) sim: Sim,
    pub(crate) actor: usize,
    pub(crate) inner: StorePorts,
}

impl Gated {
    /// The ports that the actor's engine gets.
    pub(crate) fn ports(self) -> Ports {
        let own = Arc::new(self);
        Ports {
            store: own.clone(),
            doubts: own.clone(),
            lock: own.clone(),
            history: own.clone(),
            registry: own.clone(),
            flags: Arc::new(Unflagged),
            ledger: own.clone(),
            clock: own.clone(),
            ids: own,
        }
    }

    /// What a line of the record says of a call; nothing if nothing is written down.
    fn about(&self, text: impl FnOnce() -> String) -> String {
        if self.sim.state().modes.record { text() } else { String::new() }
    }

    /// A call, and what the actor is told by it.
    pub(crate) async fn call<T, F>(
        &self,
        op: Op,
        waits: Waits,
        effect: impl FnOnce(Given) -> F + Send + 'static,
    ) -> T
    where
        T: Debug + Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let answer = Call::new(&self.sim, (self.actor, op), waits, effect).await;
        let keys = self.sim.state().modes.keys;
        if keys {
            self.sim.tell(self.actor, crate::key::key_of_shown(&answer));
        }
        answer
    }

    /// A call of the database: it works, or fails before or after its effect.
    async fn ask<T, F>(
        &self,
        op: Op,
        about: String,
        call: impl FnOnce(StorePorts) -> F + Send + 'static,
    ) -> Result<T, StoreError>
    where
        T: Debug + Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        let (sim, actor, inner) = (self.sim.clone(), self.actor, self.inner.clone());
        let effect = move |given| async move {
            if given == Given::Unsent {
                note(&sim, actor, op, &about, "fails, and has no effect");
                return Err(connection_lost());
            }
            let answer = call(inner).await;
            let changed = op.kind() == crate::op::Kind::Write;
            if changed {
                sim.event(Event::Changed { actor: Some(actor), op });
            }
            if given == Given::Lost {
                note(&sim, actor, op, &about, "is done; its answer is lost");
                return answer.and(Err(connection_lost()));
            }
            let told = match &answer {
                Ok(answer) if changed && sim.state().modes.record => short(answer),
                Ok(_) => String::new(),
                Err(error) => error.to_string(),
            };
            note(&sim, actor, op, &about, &told);
            answer
        };
        self.call(op, Waits::ForItsTurn, effect).await
    }
}

/// Writes a line for a call that is done.
fn note(sim: &Sim, actor: usize, op: Op, about: &str, told: &str) {
    sim.state().write_as(Weight::of(op), Lane::Actor(actor), || {
        let about = if about.is_empty() { String::new() } else { format!(" {about}") };
        let told = if told.is_empty() { String::new() } else { format!(": {told}") };
        format!("{}{about}{told}", op.as_str())
    });
}

/// A value as a line of a timeline shows it: its first words.
fn short(value: &impl Debug) -> String {
    let text = format!("{value:?}");
    let end = text.find(['{', '(']).unwrap_or(text.len());
    text.get(..end).unwrap_or_default().trim().to_lowercase()
}

fn connection_lost() -> StoreError {
    StoreError::unavailable("the connection was lost, by plan")
}

#[async_trait]
impl Clock for Gated {
    fn boot(&self) -> Duration {
        let mut state = self.sim.state();
        let now = state.now;
        if state.modes.keys {
            state.mix(self.actor, now);
        }
        now
    }

    fn wall(&self) -> Timestamp {
        let mut state = self.sim.state();
        let off = state.actors.get(self.actor).map_or(0, |actor| actor.wall_off);
        let wall = state.wall(off);
        if state.modes.keys {
            state.mix(self.actor, wall.as_second());
        }
        wall
    }

    async fn sleep(&self, time: Duration) {
        let until = self.sim.state().now + time;
        self.call(Op::Sleep, Waits::Until(until), |_| std::future::ready(())).await;
    }
}

impl Ids for Gated {
    fn claim_id(&self) -> ClaimId {
        ClaimId(Uuid::from_u128(self.sim.next_id(self.actor)))
    }

    fn installation_id(&self) -> InstallationId {
        InstallationId(Uuid::from_u128(self.sim.next_id(self.actor)))
    }
}

impl Stop for Gated {
    fn requested(&self) -> bool {
        let mut state = self.sim.state();
        let wanted = state.actors.get(self.actor).is_some_and(|actor| actor.interrupted);
        if state.modes.keys {
            state.mix(self.actor, wanted);
        }
        wanted
    }
}
