//! What every ledger promises, on MYOB's adapter in front of the sandbox, and what is MYOB's own.

mod answers;
mod fixture;
mod preparing;
mod searching;
mod world;

postonce_race_kit::ledger_contract! {
    by_service: super::fixture::Myob<false>;
    by_item: super::fixture::Myob<true>;
}
