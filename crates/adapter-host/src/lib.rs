//! This host: its clocks, sleep, random ids and keys, passwords, a wish to stop, and who this process
//! is.
//!
//! **Invariant:** nothing here knows of invoices. Whoever takes time or chance as a port can be
//! tested without this crate.

mod clock;
mod ids;
mod key;
pub mod password;
mod process;
mod stop;

pub use clock::HostClock;
pub use ids::RandomIds;
pub use key::{Key, KeyKind, hash_of};
pub use process::Process;
pub use stop::StopFlag;
