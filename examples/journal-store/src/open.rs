//! Opening a journal: once for each process, and by one process at a time.

use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, LazyLock, Mutex, PoisonError, Weak};

use postonce_ports::clock::{Clock, Ids};
use postonce_ports::error::StoreError;

use crate::journal::{Journal, Medium, OnDisk, unavailable};
use crate::rows::{ItselfRow, Put, State};
use crate::{Inner, JournalStore, locked};

/// The journals that this process has open. One that cannot be upgraded is about to be closed.
static OPEN: LazyLock<Mutex<HashMap<PathBuf, Weak<Inner>>>> = LazyLock::new(Mutex::default);

/// Tells those who wait for a journal to be closed.
static CLOSED: Condvar = Condvar::new();

impl JournalStore {
    /// Opens the journal at `path`, or makes an empty one.
    ///
    /// Where this process has it open already, the answer is another handle of the same store, with
    /// the clock and the ids that it was first opened with. Where another process has it open, the
    /// answer is [`StoreError::Unavailable`]. `clock` is what the store writes down and compares.
    pub fn open(path: &Path, clock: Arc<dyn Clock>, ids: Arc<dyn Ids>) -> Result<Self, StoreError> {
        let failed = |error| unavailable(&format!("cannot open {}", path.display()), error);
        let mut options = OpenOptions::new();
        // It holds tokens.
        let file = options.create(true).mode(0o600).read(true).append(true).open(path);
        let file = file.map_err(failed)?;
        let path = path.canonicalize().map_err(failed)?;
        let mut open = locked(&OPEN);
        while let Some(inner) = open.get(&path) {
            if let Some(inner) = inner.upgrade() {
                return Ok(Self(inner));
            }
            open = CLOSED.wait(open).unwrap_or_else(PoisonError::into_inner);
        }
        keep_others_out(&file, &path)?;
        make_the_name_last(&path).map_err(failed)?;
        let medium = OnDisk { file, path: path.clone() };
        let store = Self::start(Box::new(medium), Some(path.clone()), clock, ids)?;
        drop(open.insert(path, Arc::downgrade(&store.0)));
        Ok(store)
    }

    /// Rebuilds the state, and gives an empty journal its identity.
    pub(crate) fn start(
        medium: Box<dyn Medium>,
        path: Option<PathBuf>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
    ) -> Result<Self, StoreError> {
        let (journal, puts) = Journal::open(medium)?;
        let is_new = puts.is_empty();
        let mut state = State::default();
        for put in puts {
            state.put(put);
        }
        let installation = ids.installation_id().0;
        let store = Self::on(journal, state, path, clock, ids);
        if is_new {
            store.commit(|step| {
                step.put(Put::Itself(ItselfRow { installation, ..ItselfRow::default() }));
                Ok(())
            })?;
        }
        Ok(store)
    }
}

fn keep_others_out(file: &File, path: &Path) -> Result<(), StoreError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => {
            let path = path.display();
            Err(StoreError::unavailable(format!("another process has {path} open")))
        }
        Err(TryLockError::Error(error)) => Err(unavailable("cannot lock the journal", error)),
    }
}

/// A file is found after a power cut only once its folder was written too.
fn make_the_name_last(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

impl Drop for Inner {
    fn drop(&mut self) {
        let Some(path) = &self.path else { return };
        let mut open = locked(&OPEN);
        // The file's lock goes first, so that whoever waits finds it free.
        let data = self.data.get_mut().unwrap_or_else(PoisonError::into_inner);
        drop(data.journal.take());
        drop(open.remove(path));
        CLOSED.notify_all();
    }
}
