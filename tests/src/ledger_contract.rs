//! Each sentence of the ledger port's docs, on MYOB's adapter in front of the sandbox.

mod answers;
mod preparing;
mod searching;
mod world;
