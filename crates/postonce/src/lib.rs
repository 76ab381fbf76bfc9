//! Moves invoices into an accounting system **at most once each, with nothing lost**.
//!
//! This is the door for programs: one dependency for what a program wires together. Whoever wants
//! to run it as it is takes the command line instead, which is built of the same parts.
//!
//! # The parts
//!
//! | module | what is in it | when |
//! |---|---|---|
//! | [`domain`] | invoices, money, states and the moves between them | always |
//! | [`ports`] | what the engine needs of a store, a lock, a ledger, a clock | always |
//! | [`engine`] | the use cases: a sync run, looking into doubt, a person's verbs | always |
//! | [`host`] | this host's clocks, ids, and who this process is | always |
//! | `sqlite` | the store and the run lock on one file | feature `sqlite` |
//! | `mysql` | the same on MySQL and MariaDB | feature `mysql` |
//! | `myob` | the ledger over MYOB's API | feature `myob` |
//! | `notify` | ways of telling people: webhook, mail, command | feature `notify` |
//! | `metrics` | what is measured, as Prometheus reads it | feature `metrics` |
//!
//! No feature is on by itself. The types of [`jiff`] stand in many signatures and are here in the
//! version that fits; so is [`async_trait`](macro@async_trait), by which a port is implemented, and
//! `secrecy` with the features `myob` and `notify`.
//!
//! # Wiring your own
//!
//! Your invoices come in by [`ports::intake::Intake::import`], and a run is one future of
//! [`engine::Engine::sync`]. With a ledger of your own and the store on SQLite that is:
//!
//! ```ignore
//! fn engine(store: Arc<SqliteStore>, ledger: Arc<dyn Ledger>) -> Engine {
//!     let ports = Ports {
//!         doubts: store.clone(),
//!         lock: store.clone(),
//!         history: store.clone(),
//!         registry: store.clone(),
//!         flags: store.clone(),
//!         store,
//!         ledger,
//!         clock: Arc::new(HostClock),
//!         ids: Arc::new(RandomIds),
//!     };
//!     Engine::new(ports, policy())
//! }
//! ```
//!
//! A [`domain::RunResult::Skipped`] is the busy answer: another run has the lock, and it says which.
//! Share one store among all doors of a program; the run lock, not your code, makes runs exclude
//! each other, across processes too.
//!
//! Two programs in the repository's `examples` folder are whole: `one-sync` posts an invoice to MYOB
//! from a database of SQLite, and `own-ledger` brings an accounting system of its own and shows the
//! busy answer. A store or a lock of your own is a matter of `docs/adapters.md`, which has the
//! suites that say whether it keeps what the engine relies on.
//!
//! # What you must keep
//!
//! - A ledger sends a token's request once, and never after [`domain::ClaimToken::not_after`]. What
//!   it cannot tell is [`domain::Outcome::InDoubt`], not "rejected".
//! - [`engine::Policy`] has no default. Its quiet period comes from [`domain::QuietParts`]: shorter
//!   than that, and an invoice may be looked for before it can be found.
//! - Dropping the future of a run is a crash: nothing is sent twice, and what was on its way is in
//!   doubt. To stop a run give it a [`host::StopFlag`], and wait.

pub use async_trait::async_trait;
pub use jiff;
#[cfg(any(feature = "myob", feature = "notify"))]
pub use secrecy;

pub use postonce_adapter_host as host;
#[cfg(feature = "myob")]
pub use postonce_adapter_myob as myob;
#[cfg(feature = "mysql")]
pub use postonce_adapter_mysql as mysql;
#[cfg(feature = "notify")]
pub use postonce_adapter_notify as notify;
#[cfg(feature = "sqlite")]
pub use postonce_adapter_sqlite as sqlite;
pub use postonce_domain as domain;
pub use postonce_engine as engine;
#[cfg(feature = "metrics")]
pub use postonce_metrics as metrics;
pub use postonce_ports as ports;
