//! The race kit over our own adapters.

pub mod command;
pub mod memory;
pub mod mutants;
pub mod mysql;
pub mod processes;
pub mod same;
pub mod sqlite;

mod patience;
mod stored;
mod tables;
mod work;

#[cfg(test)]
mod broken;
#[cfg(test)]
mod document;
#[cfg(test)]
mod exhaustive;
#[cfg(test)]
mod pictures;
#[cfg(test)]
mod regressions;
#[cfg(test)]
mod search;
#[cfg(test)]
mod strategy;
