//! Every test that needs more than one crate.
#![cfg(test)]

mod interleaving;
mod ledger_contract;
