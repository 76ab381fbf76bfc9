//! The doors over a store in memory and a ledger that knows nothing.

mod buttons;
mod errors;
mod keys;
mod ledger;
mod matrix;
mod people;
mod stale;
mod world;
