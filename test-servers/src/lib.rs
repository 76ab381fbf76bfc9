//! Private database servers for tests: MariaDB, MySQL, and a Galera cluster.
//!
//! Each server has a data folder of its own, listens on loopback only, and lets `root` in without
//! a password. It ends with its [`Server`], and also when the process that started it is killed.
//!
//! **Invariant:** this package depends on no other crate of ours and on no runtime, so that any
//! test and any tool can use it.

mod bootstrap;
mod galera;
mod guard;
mod installation;
mod launch;
mod options;
mod port;
mod server;
mod shared;
mod wire;

pub use galera::Galera;
pub use installation::{Installation, Kind};
pub use options::Options;
pub use server::{MariaDb, MySql, Server};
pub use shared::{URL_VARIABLE, fresh_name, shared};
pub use wire::{Row, query};
