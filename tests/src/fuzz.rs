//! Input that nobody has thought of, for everything that reads what comes from outside.
//!
//! A target reads bytes, says in a few words what it made of them, and fails if a promise is
//! broken. Inputs are made from a corpus by chance that a seed repeats; one that is answered in
//! words that were not heard yet joins the corpus.

pub mod command;
pub mod corpus;
pub mod hunt;
mod mutate;
pub mod targets;

#[cfg(test)]
mod tests;
