//! Stories of the engine over a store in memory, a manual clock and a ledger that does as it is
//! told. Nothing waits and nothing is left to chance: each story is one course of events.

mod books;
mod ports;
mod world;

mod adoption;
mod doubt;
mod elsewhere;
mod flagged;
mod gone;
mod look_back;
mod measured;
mod oldest;
mod outcome;
mod past;
mod person;
mod reprocess;
mod restored;
mod selection;
mod told;
mod trouble;
mod waiting;
