//! The doors that people and programs come in by over HTTP.
//!
//! **Invariant:** a route is a line of [`route::TABLE`], and the router is built from it: who may
//! come in, what is read and what is written down about it happen in one place for all of them.
//!
//! **Invariant:** nothing that works on the database is owned by a connection. What answers a
//! request is a task of its own, and so is a run; a client that goes away cuts neither.
//!
//! **Invariant:** no route decides anything about an invoice. It asks the engine, in the name of
//! whoever came in, and with the version that they saw.
//!
//! Reading order: `route` (every door), `guard` (who gets through), `program` (what is needed of the
//! rest of the program), `start` (runs), `api` (one file per thing that is asked for), `problem`
//! (every error), `document` (`OpenAPI`), `server` (connections).

mod api;
mod app;
mod caller;
mod document;
mod guard;
mod input;
mod keyed;
mod login;
mod problem;
mod program;
mod request;
pub mod route;
mod router;
mod server;
mod start;
#[cfg(test)]
mod tests;

pub use app::{App, Parts, Settings};
pub use document::document;
pub use problem::Problem;
pub use program::{MappingWish, Program, Trouble, TroubleKind};
pub use router::router;
pub use server::{ListenError, Listening, Tls, listen};
