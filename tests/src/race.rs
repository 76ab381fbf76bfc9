//! The race kit over our own adapters.

pub mod command;
pub mod memory;

#[cfg(test)]
mod document;
#[cfg(test)]
mod exhaustive;
#[cfg(test)]
mod pictures;
#[cfg(test)]
mod search;
#[cfg(test)]
mod strategy;
