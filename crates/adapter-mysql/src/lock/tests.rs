//! What the locks do on a real server when something dies, stalls or goes away.

mod abandoned;
mod frozen;
mod keyed;
mod lease;
mod lost;
mod named;
mod probe;
pub(crate) mod proxy;
pub(crate) mod scene;
