//! What is measured: what passes through ports is counted by wrappers around them, and what stands
//! in the database is read when somebody asks.
//!
//! **Invariant:** a wrapper changes no call and no answer.
//!
//! **Invariant:** whole numbers only. A time is kept in microseconds and shown in seconds.
//!
//! **Invariant:** labels come from short lists: no invoice, no name, no message.
//!
//! Reading order: `family` (every metric that there is), `meter` (what is counted), `observed` (the
//! wrappers), `standing` (what the database says), `page` (the text).

mod family;
mod meter;
mod observed;
mod page;
mod standing;

#[cfg(test)]
mod tests;

pub use family::{Family, Type};
pub use meter::Meter;
pub use standing::{Standing, StandingPorts};
