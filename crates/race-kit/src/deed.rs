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

/// Where everybody stands before a choice is made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stand {
    /// How many deeds have been done by then.
    pub deeds: usize,
    /// The calls that could go on: whose, which choice point, what.
    pub waiting: Vec<(usize, u32, Op)>,
    /// Whose work is over.
    pub over: Vec<usize>,
}
