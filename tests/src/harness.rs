//! Real processes in a folder of their own: the sandbox, and `postonce` against it.

mod database;
mod place;
mod process;
mod sandbox;
mod served;

pub use database::Database;
pub use place::{COLUMNS, Place, sample};
pub use process::{Finished, Guarded, binary, wait_for};
pub use sandbox::{Books, Sandbox};
pub use served::{Answer, Served, machine};
