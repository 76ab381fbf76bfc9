//! The race kit over our own adapters.

pub mod command;
pub mod memory;

#[cfg(test)]
mod document;
#[cfg(test)]
mod pictures;
#[cfg(test)]
mod search;
