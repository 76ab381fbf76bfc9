//! The race-testing kit: it plays sync runs against each other, call by call, and says what went
//! wrong in a few lines.
//!
//! **Invariant:** it knows no adapter and no runtime; both come from the caller.
//!
//! **Invariant:** whoever acts in a schedule learns of the world only by port calls, and each of
//! them is a step of the schedule; so the same choices lead to the same end.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "most verbs, calls and states are looked at for one or two of them"
)]

mod books;
mod call;
mod cast;
mod choice;
pub mod contract;
mod coverage;
mod decider;
mod deed;
mod gate;
mod gated;
mod hunt;
mod invariant;
mod key;
mod minimise;
mod monitor;
mod no_return;
mod op;
mod plan;
mod player;
mod record;
mod scenario;
mod setting;
mod sim;
mod stage;
mod strategy;
mod timeline;
mod world;

pub use cast::{Known, policy, prepare};
pub use choice::{Choice, LONG_TIME, Object, Verb, Verbs};
pub use coverage::{Coverage, Sometimes};
pub use decider::{Chance, Decider, Exhausted, Exhaustive, Menu, Pct, Pick, Replay, Walk};
pub use deed::{Deed, Stand};
pub use gate::{At, Gate};
pub use hunt::{
    Bound, Budget, Exhaustion, Found, Hunt, Replayed, Strategy, exhaust, exhaust_while, hunt,
    hunt_while, replay,
};
pub use invariant::{Invariant, Violation};
pub use minimise::{Minimised, minimise};
pub use no_return::{NoReturn, no_return};
pub use op::Op;
pub use plan::{Item, Plan, PlanError};
pub use player::Played;
pub use record::{Lane, Line, Marks, Record, Weight, Wire};
pub use scenario::Scenario;
pub use setting::{Filter, LockKind, Role, Setting};
pub use sim::Given;
pub use stage::{Options, Stage};
pub use strategy::{PlanTree, Plans, plans};
pub use timeline::Timeline;
pub use world::{Factory, StorePorts, World};
