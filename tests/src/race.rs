//! The race kit over our own adapters.

pub mod memory;
pub mod mutants;
