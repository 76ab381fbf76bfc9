//! Tests against small servers of our own, which do what a script says and keep what they saw.

mod creating;
pub(crate) mod host;
mod ledger;
mod limits;
mod mapped;
mod posting;
mod preparing;
mod searching;
pub(crate) mod server;
