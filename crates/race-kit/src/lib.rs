//! The race-testing kit: it plays sync runs against each other, call by call, and says what went
//! wrong in a few lines.
//!
//! **Invariant:** it knows no adapter and no runtime; both come from the caller.

pub mod contract;
