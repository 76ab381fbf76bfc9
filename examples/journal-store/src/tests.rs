//! What every store promises, on this one, and what the suites do not try.

mod contract;
mod death;
mod disk;
mod document;
mod faults;
mod host;
mod mistakes;
mod races;
mod sample;
