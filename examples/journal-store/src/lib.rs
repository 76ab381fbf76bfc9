//! A store for PostOnce that is one file: every committed transaction is a line of it.
//!
//! It is here to be read beside `docs/adapters.md`. What the journal's lines add up to is kept in
//! memory; [`JournalStore::open`] rebuilds it from them.
//!
//! **What it promises.** A method that has returned is on the disk. A process that dies at any
//! moment leaves each step done or not done. Handles of one journal within a process, made by `clone` or by
//! [`JournalStore::open`], are one store. No other process can open the journal while one of them
//! lives, so the run lock and the locks per key are the process's own: they die with it.
//!
//! **What it does not.** It is for one process: whoever lists or resolves invoices does so through
//! the process that syncs. Methods wait for the disk on the caller's thread. The journal grows
//! for ever, and all of it is read at every start. File systems without working `flock` and `fsync`
//! (some network file systems) break the promises above.
//!
//! **Invariant:** a step looks at the state, lists the rows that it changes, and changes nothing
//! itself. The line comes first, the state after it.
//!
//! **Invariant:** no method awaits anything but a lock per key, so a dropped future cannot cut a step.
//!
//! Reading order: `journal` (the file), `rows` and `invoice` (what is kept), `step` (a transaction),
//! `store` (the heart), then the other ports.

mod checkup;
mod creation;
mod doubt;
mod history;
mod intake;
mod invoice;
mod journal;
mod keyed;
mod lock;
mod open;
mod reader;
mod registry;
mod rows;
mod step;
mod store;
mod text;
mod token;

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use postonce_ports::clock::{Clock, Ids};
use postonce_ports::error::StoreError;

use crate::journal::{Failure, Journal};
use crate::keyed::Keys;
use crate::rows::State;
use crate::step::Step;

/// A store on one journal. Clones share everything.
#[derive(Clone)]
pub struct JournalStore(Arc<Inner>);

struct Inner {
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    data: Mutex<Data>,
    /// The owner of the run lock, if somebody has it.
    hold: Mutex<Option<String>>,
    keys: Mutex<Keys>,
    /// Where the journal is, if it is a file.
    path: Option<PathBuf>,
}

struct Data {
    state: State,
    /// None once the store is being closed.
    journal: Option<Journal>,
}

impl JournalStore {
    /// A store on what the journal holds.
    fn on(
        journal: Journal,
        state: State,
        path: Option<PathBuf>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
    ) -> Self {
        let data = Mutex::new(Data { state, journal: Some(journal) });
        let (hold, keys) = (Mutex::default(), Mutex::default());
        Self(Arc::new(Inner { clock, ids, data, hold, keys, path }))
    }

    /// Looks at what is there.
    fn read<T>(
        &self,
        look: impl FnOnce(&Step<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut data = locked(&self.0.data);
        data.journal()?.check()?;
        look(&Step::new(&data.state, self.0.clock.wall()))
    }

    /// One transaction: all that `make` lists, or nothing.
    fn commit<T>(
        &self,
        make: impl FnOnce(&mut Step<'_>) -> Result<T, StoreError>,
    ) -> Result<T, Failure> {
        let mut data = locked(&self.0.data);
        data.journal()?.check()?;
        let mut step = Step::new(&data.state, self.0.clock.wall());
        let answer = make(&mut step)?;
        let puts = step.puts;
        if !puts.is_empty() {
            data.journal()?.append(&puts)?;
            for put in puts {
                data.state.put(put);
            }
        }
        Ok(answer)
    }
}

impl fmt::Debug for JournalStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JournalStore").field("path", &self.0.path).finish_non_exhaustive()
    }
}

impl Data {
    fn journal(&mut self) -> Result<&mut Journal, StoreError> {
        self.journal.as_mut().ok_or_else(|| StoreError::unavailable("the journal is closed"))
    }
}

/// A panic while it was locked changed nothing: rows change only after all that can fail.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
