//! Tables, rows, and the one way in which rows become values, for every SQL store.
//!
//! **Invariant:** it knows no server: no backend of diesel is named here.
//!
//! Reading order: `schema` (the tables), `rows` (invoices and lines), `life` (where one stands).

pub mod access;
pub mod account;
pub mod claim;
pub mod connection;
pub mod creation;
pub mod cron;
pub mod declared;
pub mod file_note;
pub mod flag;
pub mod intake;
pub mod life;
pub mod mapping;
pub mod note;
pub mod notice;
pub mod page;
pub mod reply;
pub mod rows;
pub mod run;
pub mod scan;
pub mod scan_query;
pub mod schema;
pub mod summary;
pub mod time;
