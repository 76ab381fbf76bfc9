//! What is done to the world in a schedule: enough to do the same to another world.

use std::time::Duration;

use crate::choice::Verb;
use crate::op::Op;
use crate::sim::Given;

/// One thing that is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// A call goes on.
    Call {
        /// The actor's place in the setting.
        actor: usize,
        /// Which of its choice points it is, from 1.
        nth: u32,
        /// What it calls.
        op: Op,
        /// How it goes on.
        given: Given,
    },
    /// Something becomes of a request; [`Verb::Switch`] lets it land.
    Request {
        /// Its number, in the order in which requests were sent.
        n: usize,
        /// What.
        verb: Verb,
    },
    /// Something happens to an actor.
    Actor {
        /// The actor's place in the setting.
        actor: usize,
        /// What.
        verb: Verb,
    },
    /// A statement that was left behind takes effect.
    Zombie(usize),
    /// Something happens everywhere.
    World(Verb),
    /// Time passes. What it does to requests has been told before.
    Pass(Duration),
}
