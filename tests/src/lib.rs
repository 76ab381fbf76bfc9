//! Every test that needs more than one crate.
#![cfg(test)]

mod interleaving;
mod ledger_contract;
mod lock_contract;
mod store_contract;
