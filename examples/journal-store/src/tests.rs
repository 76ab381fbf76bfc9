//! What every store promises, on this one, and what the suites do not try.

mod contract;
mod host;
