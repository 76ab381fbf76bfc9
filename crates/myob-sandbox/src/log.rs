//! The append-only log in the state folder: one event per line of JSON.
//!
//! **Invariant:** a line is written whole or not at all. A torn last line, which only a killed
//! process leaves, was never answered and is cut off on load.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::events::{Event, FORMAT};

/// The log's name in the state folder.
const LOG: &str = "sandbox.ndjson";

/// The name of the file whose lock says that the folder is in use.
const LOCK: &str = "sandbox.lock";

/// Why the state could not be loaded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    /// The folder or a file in it cannot be made, read or written.
    #[error("{path} cannot be used")]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another sandbox has the folder.
    #[error("{path} is in use by another sandbox")]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// A line is not an event.
    #[error("{path}:{line}: {why}")]
    Corrupt {
        /// The log.
        path: PathBuf,
        /// Counts from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
}

/// The open log; the folder stays locked while it lives.
#[derive(Debug)]
pub(crate) struct Log {
    file: File,
    length: u64,
    broken: bool,
    _lock: File,
}

impl Log {
    /// Opens the log in `folder`, making both if need be, and gives every event in it to `apply`.
    pub(crate) fn open(folder: &Path, mut apply: impl FnMut(Event)) -> Result<Self, LoadError> {
        let unusable = |path: &Path| {
            let path = path.to_owned();
            move |source| LoadError::Folder { path, source }
        };
        std::fs::create_dir_all(folder).map_err(unusable(folder))?;
        let lock = lock(folder)?;
        let path = folder.join(LOG);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(unusable(&path))?;
        let length = replay(&file, &path, &mut apply)?;
        let mut log = Self { file, length, broken: false, _lock: lock };
        log.cut().map_err(unusable(&path))?;
        if log.length == 0 {
            log.append(&Event::Format(FORMAT)).map_err(unusable(&path))?;
        }
        Ok(log)
    }

    /// Writes `event` behind the others. When it returns, the event outlives the process.
    pub(crate) fn append(&mut self, event: &Event) -> io::Result<()> {
        if self.broken {
            return Err(io::Error::other("an earlier write to the log failed"));
        }
        let mut line = serde_json::to_vec(event)?;
        line.push(b'\n');
        if let Err(error) = self.file.write_all(&line) {
            // Half a line would spoil the next one.
            self.broken = self.cut().is_err();
            return Err(error);
        }
        self.length += u64::try_from(line.len()).map_err(io::Error::other)?;
        Ok(())
    }

    /// Cuts off what stands behind the last whole line.
    fn cut(&mut self) -> io::Result<()> {
        self.file.set_len(self.length)?;
        self.file.seek(SeekFrom::Start(self.length))?;
        Ok(())
    }
}

/// Takes the folder for this process; the lock goes with the process, however it ends.
fn lock(folder: &Path) -> Result<File, LoadError> {
    let path = folder.join(LOCK);
    let options = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
    let file = options.map_err(|source| LoadError::Folder { path: path.clone(), source })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LoadError::InUse { path: folder.to_owned() }),
        Err(TryLockError::Error(source)) => Err(LoadError::Folder { path, source }),
    }
}

/// Applies all whole lines and gives their length in bytes.
fn replay(file: &File, path: &Path, apply: &mut impl FnMut(Event)) -> Result<u64, LoadError> {
    let corrupt = |line, why: String| LoadError::Corrupt { path: path.to_owned(), line, why };
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let mut length = 0_u64;
    let mut bytes = Vec::new();
    for line in 1_usize.. {
        bytes.clear();
        let read = reader
            .read_until(b'\n', &mut bytes)
            .map_err(|source| LoadError::Folder { path: path.to_owned(), source })?;
        if bytes.last() != Some(&b'\n') {
            break;
        }
        let event = serde_json::from_slice(&bytes).map_err(|why| corrupt(line, why.to_string()))?;
        if line == 1 && !matches!(event, Event::Format(FORMAT)) {
            return Err(corrupt(line, format!("not a log of format {FORMAT}")));
        }
        apply(event);
        length += u64::try_from(read).map_err(|why| corrupt(line, why.to_string()))?;
    }
    Ok(length)
}
