//! Whether a lock on a file excludes here, tried on a file of its own.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use postonce_ports::checkup::Finding;

use super::{failure, fine};

/// Tries it in the folder of the database, on the same file system as the run lock.
pub(super) fn excludes(database: &Path) -> Finding {
    const NAME: &str = "lock_excludes";
    let mend = "keep the file on a local disk, or use MySQL or MariaDB";
    match try_it(&probe(database)) {
        Ok(Verdict::Excludes) => {
            fine(NAME, "yes", "a second handle is turned away, and let in once the first is closed")
        }
        Ok(Verdict::LetsTwoIn) => {
            let meaning = "two handles have the lock at once, so two runs could";
            failure(NAME, "no", meaning, mend)
        }
        Ok(Verdict::NotFreed) => {
            let meaning = "the lock outlives the handle that had it, so no second run would begin";
            failure(NAME, "not freed", meaning, mend)
        }
        Err(error) => {
            let meaning = format!("a file cannot be locked: {error}");
            failure(NAME, "cannot be tried", &meaning, mend)
        }
    }
}

enum Verdict {
    Excludes,
    LetsTwoIn,
    NotFreed,
}

/// A file beside the database that nobody else uses.
fn probe(database: &Path) -> PathBuf {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let mut name = database.to_path_buf().into_os_string();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    name.push(format!(".probe-{}-{count}", std::process::id()));
    PathBuf::from(name)
}

fn try_it(path: &Path) -> std::io::Result<Verdict> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    let first = options.clone().create_new(true).open(path)?;
    let tried = options.open(path).and_then(|second| with_two(first, &second));
    // Whatever was found, the file goes.
    std::fs::remove_file(path)?;
    tried
}

fn with_two(first: File, second: &File) -> std::io::Result<Verdict> {
    if !takes(&first)? {
        return Ok(Verdict::NotFreed);
    }
    if takes(second)? {
        return Ok(Verdict::LetsTwoIn);
    }
    drop(first);
    Ok(if takes(second)? { Verdict::Excludes } else { Verdict::NotFreed })
}

fn takes(file: &File) -> std::io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}
