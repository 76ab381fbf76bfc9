//! The race kit over our own adapters.

pub mod memory;
pub mod mysql;
pub mod processes;
pub mod same;
pub mod sqlite;
pub mod unchecked;

mod patience;
mod tables;
mod work;

#[cfg(test)]
mod regressions;
