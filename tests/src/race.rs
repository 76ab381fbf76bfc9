//! The race kit over our own adapters.

pub mod memory;

#[cfg(test)]
mod search;
