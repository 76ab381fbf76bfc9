//! What engine and adapters need of each other, in the engine's own words.
//!
//! **Invariant:** one method is one atomic step. A caller never sees a transaction, a connection or
//! a row; an implementation never decides what happens next: states move by
//! [`postonce_domain::Life`] alone.
//!
//! **Invariant:** no type of a driver, an HTTP client or a wire format appears here.
//!
//! **Invariant:** outcomes are values, errors are trouble. "We do not know" is an outcome.
//!
//! Each sentence of a method's doc is a test of the contract suite that every adapter passes.
//! A consumer takes the modules singly: [`clock`], [`store`], [`intake`], [`doubt`], [`reader`],
//! [`lock`], [`keyed`], [`history`], [`registry`], [`file_note`], [`flag`], [`checkup`], [`ledger`],
//! [`token`], [`access`], [`connection`], [`creation`], [`mapping`], [`books`], [`scan`], [`account`],
//! [`reply`], [`notice`], [`scrape`], [`cron`].

pub mod access;
pub mod account;
pub mod books;
pub mod checkup;
pub mod clock;
pub mod connection;
pub mod creation;
pub mod cron;
pub mod doubt;
pub mod error;
pub mod file_note;
pub mod flag;
pub mod history;
pub mod intake;
pub mod keyed;
pub mod ledger;
pub mod lock;
pub mod mapping;
pub mod notice;
pub mod reader;
pub mod registry;
pub mod reply;
pub mod scan;
pub mod scrape;
pub mod store;
pub mod token;
