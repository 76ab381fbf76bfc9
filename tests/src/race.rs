//! The race kit over our own adapters.

pub mod memory;
pub mod mutants;

#[cfg(test)]
mod exhaustive;
#[cfg(test)]
mod search;
#[cfg(test)]
mod strategy;
