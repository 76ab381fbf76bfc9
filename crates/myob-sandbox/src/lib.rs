//! An HTTP server that behaves like MYOB's cloud API, with faults on demand.
//!
//! It speaks what a client of MYOB's API for invoices needs: OAuth, company files, customers,
//! accounts, items, tax codes and sale invoices of the Item and Service layouts; and a control
//! API under `/sandbox` that shows what arrived and makes the next answers go wrong.
//!
//! It is not MYOB: where MYOB's pages are silent it does what its clients can live with, and the
//! module concerned says so. It has no notion of who may see what beyond the token check.
//!
//! **Invariant:** what was answered is in the state folder's log first, by `write(2)`. That
//! outlives the process (kill -9), not a loss of power.
//! **Invariant:** an effect happens at once, under one lock, or not at all; a request whose
//! client has gone away is carried through all the same, as a real server would.
//!
//! Read `server` (sockets), then `intake` (what every request goes through), `store` and `books`
//! (the state), `invoice_entry` and `totals` (what a POST does), `faults` and `misbehave`.

mod answers;
mod app;
mod arrival;
mod books;
mod bystanders;
mod call;
mod clock;
mod company_file;
mod control;
mod control_state;
mod events;
mod faults;
mod fill;
mod filter;
mod filter_tokens;
mod form;
mod gate;
mod intake;
mod invoice;
mod invoice_api;
mod invoice_entry;
mod invoice_view;
mod listing;
mod log;
mod misbehave;
mod money;
mod oauth;
mod record;
mod record_api;
mod request_detail;
mod request_pages;
mod requests;
mod routes;
mod schemas;
mod scopes;
mod server;
mod store;
mod switches;
mod table;
mod tokens;
mod totals;
mod wire;

#[cfg(test)]
mod tests;

pub use faults::{FaultAction, fault_actions};
pub use server::{Options, Sandbox, ServeError, StartError};
pub use switches::{Changes, Switch, SwitchError, switches};
